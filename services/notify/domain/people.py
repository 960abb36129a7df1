"""Whom we write to: the customer of a case, the supervisor on duty for a region."""

import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The customer of a case, as intake said. `order_version`: the newest fact about its order.

    transformer: where they live, if intake knew it. confidential: nobody sees whose phone it is.
    """

    case_id: UUID
    number: str
    phone: str | None
    region: str
    locale: str
    order_version: int = 0
    transformer: str | None = None
    confidential: bool = False

    @property
    def customer(self) -> str:
        """The same for all cases of one person: of the phone, a digest; without one, the case."""
        if self.phone is None:
            return str(self.case_id)
        return sha256(self.phone.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class DutyContact:
    """Who is on duty where the division code begins with `region`."""

    region: str
    name: str
    phone: str


def why_no_sms(phone: str | None) -> str | None:
    """The reason not to send an SMS there, or None."""
    if not phone:
        return "no phone number"
    return None if _MOBILE.fullmatch(phone) else "not a mobile number"
