"""Values that a database may hold and its readers may not: sealed, with a blind index beside them.

Sealed is AES-256-GCM under the newest key of a ring; what an older key of the ring sealed can still
be opened, so a key is changed by putting a new one in front. The index is HMAC-SHA256 under a key
of its own that never changes: the same value has the same index, and without the key nobody can try
out values (there are few enough phone numbers for that). Both are bound to a purpose: what was
sealed as one thing does not open as another.

Layout: a version byte (1), four bytes that name the key, a nonce of twelve, the ciphertext with its
tag. Nonces are random: good for 2^32 values a key. Source: NIST SP 800-38D, 8.3.
"""

import hmac
import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NAME, _NONCE, _TAG = 4, 12, 16
_HEAD = len(_VERSION) + _NAME
SHORTEST_SECRET = 32


class Unreadable(ValueError):
    """No key of the ring opens it, or it is not what was sealed for this purpose."""


class Sealer:
    """`secrets`: the ring, newest first. `index_secret`: another one finds nothing older."""

    def __init__(self, secrets: Sequence[str], index_secret: str) -> None:
        """Raises ValueError for no secret, or one that is too short."""
        if not secrets or any(len(secret) < SHORTEST_SECRET for secret in secrets):
            raise ValueError(f"one key or more, of {SHORTEST_SECRET} characters or more each")
        ring = [(_derived(s, "name", _NAME), AESGCM(_derived(s, "key", 32))) for s in secrets]
        self._ring = dict(reversed(ring))
        self._name, self._newest = ring[0]
        if len(index_secret) < SHORTEST_SECRET:
            raise ValueError(f"an index key of {SHORTEST_SECRET} characters or more")
        self._index_key = _derived(index_secret, "index", 32)

    def seal(self, value: str, purpose: str) -> bytes:
        nonce = os.urandom(_NONCE)
        sealed = self._newest.encrypt(nonce, value.encode(), purpose.encode())
        return _VERSION + self._name + nonce + sealed

    def open(self, sealed: bytes, purpose: str) -> str:
        """Raises Unreadable."""
        key = self._ring.get(sealed[len(_VERSION) : _HEAD])
        if key is None or sealed[:1] != _VERSION or len(sealed) < _HEAD + _NONCE + _TAG:
            raise Unreadable
        nonce, rest = sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        try:
            return key.decrypt(nonce, rest, purpose.encode()).decode()
        except InvalidTag as error:
            raise Unreadable from error

    def index(self, value: str, purpose: str) -> str:
        """32 hexadecimal digits, the same for the same value and purpose."""
        about = purpose.encode() + b"\x00" + value.encode()
        return hmac.digest(self._index_key, about, sha256)[:16].hex()


def ring_of(text: str) -> list[str]:
    """The secrets of a setting: separated by commas, newest first."""
    return [secret.strip() for secret in text.split(",") if secret.strip()]


def _derived(secret: str, about: str, length: int) -> bytes:
    info = b"wattline sealed " + about.encode()
    return HKDF(SHA256(), length, None, info).derive(secret.encode())
