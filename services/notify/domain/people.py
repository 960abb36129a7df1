"""Whom we write to: the customer of a case, the supervisor on duty for a region."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.notify.domain.addresses import Address


class Audience(StrEnum):
    CUSTOMER = "customer"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The customer of a case, as intake said. `order_version`: the newest fact about its order.

    transformer: where they live, if intake knew it. confidential: nobody sees whose phone it is.
    """

    case_id: UUID
    number: str
    phone: Address | None
    region: str
    locale: str
    order_version: int = 0
    transformer: str | None = None
    confidential: bool = False

    @property
    def customer(self) -> str:
        """The same for all cases of one person: the phone's index; without a phone, the case."""
        return str(self.case_id) if self.phone is None else self.phone.index


@dataclass(frozen=True, slots=True)
class DutyContact:
    """Who is on duty where the division code begins with `region`."""

    region: str
    name: str
    phone: Address
