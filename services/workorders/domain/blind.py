"""Finding by a phone number that is not kept: the same number gives the same index, none back."""

import hmac
from hashlib import sha256

from shared.errors import Invalid
from shared.phone import phone_of


class BlindIndex:
    """A keyed index. Without the key nobody can try numbers; another key finds nothing older."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, phone: str) -> bytes:
        """However the number is written. Raises NotAPhoneNumber."""
        return hmac.digest(self._key, b"phone:" + phone_of(phone).encode(), sha256)

    def of_any(self, phone: str | None) -> bytes | None:
        """None when there is no number, or what stands there is none."""
        try:
            return self.of(phone) if phone else None
        except Invalid:
            return None
