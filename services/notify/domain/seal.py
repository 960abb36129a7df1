"""Proof that a receipt is for a message that we handed over: gateways sign nothing themselves."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from services.notify.domain.message import MessageId


class Seal:
    """Makes and checks the token in a message's receipt address."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()

    def of(self, id: MessageId) -> str:
        digest = hmac.new(self._key, id.bytes, sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

    def fits(self, id: MessageId, token: str) -> bool:
        return hmac.compare_digest(self.of(id).encode(), token.encode())
