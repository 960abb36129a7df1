"""Masking: what a screen shows by default. Source: GB/T 35273 practice, handbook domain 13."""

import re
from typing import Any


def mask_phone(phone: str | None) -> str | None:
    """`13800138000` is `138****8000`; a short number keeps its last two digits."""
    if not phone:
        return phone
    if len(phone) < 8:
        return "*" * (len(phone) - 2) + phone[-2:]
    return f"{phone[:3]}****{phone[-4:]}"


def mask_email(email: str) -> str:
    """`wang@example.com` is `w***@example.com`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def mask_name(name: str | None) -> str | None:
    """The surname only: `王小明` is `王**`, `O'Neill` is `O******`."""
    return name[0] + "*" * (len(name) - 1) if name else name


_STREET_ENDS = "路街道巷弄村镇乡里"


def mask_address(address: str | None) -> str | None:
    """Down to the street or community: `虎丘区学府路12号3室` is `虎丘区学府路****`."""
    if not address:
        return address
    street = re.split(r"\d", address, maxsplit=1)[0]
    last = max((street.find(c, 2) for c in _STREET_ENDS), default=-1)
    keep = last + 1 if last > 0 else min(6, max(1, len(address) // 2))
    return address[:keep] + "****" if keep < len(address) else address


def mask_account(number: str | None) -> str | None:
    """The last four digits."""
    return "*" * max(0, len(number) - 4) + number[-4:] if number else number


_MASKS = {
    "phone": mask_phone,
    "email": mask_email,
    "name": mask_name,
    "address": mask_address,
    "account_no": mask_account,
}


def masked(value: Any) -> Any:
    """JSON with whatever is personal by its name masked, at any depth."""
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _MASKS[key](inner) if key in _MASKS and isinstance(inner, str) else masked(inner)
        for key, inner in value.items()
    }
