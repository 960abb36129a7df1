"""What billing says to the others."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.envelope import Event
from shared.contracts.intake import Area


class AccountChanged(Event):
    """An account as it is now, as a whole: the newest version replaces what a hearer knew."""

    type: ClassVar[str] = "billing.account-changed.v1"
    topic: ClassVar[str] = "billing"
    about: ClassVar[str] = "account_id"

    account_id: UUID
    account_no: str
    version: int
    changed_at: AwareDatetime
    name: str
    phone: str | None = None
    address: str
    region: str
    area: Area
    transformer: str | None = None
    feeder: str | None = None
    customer_class: str = "residential"
    life_support: bool = False
    open: bool = True


SPOKEN: tuple[type[Event], ...] = (AccountChanged,)
