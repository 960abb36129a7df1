"""Time-ordered ids (UUIDv7), made by the caller so that a row and its events share one."""

import os
from datetime import datetime
from uuid import UUID

_VERSION_7, _VARIANT = 0x7 << 76, 0x2 << 62
_KEEP = ~((0xF << 76) | (0x3 << 62))


def new_id(at: datetime) -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    millis = int(at.timestamp() * 1000)
    bits = millis << 80 | int.from_bytes(os.urandom(10), "big")
    return UUID(int=bits & _KEEP | _VERSION_7 | _VARIANT)


def new_token(size: int = 8) -> str:
    """`size` random bytes in hex: for trace and span ids."""
    return os.urandom(size).hex()
