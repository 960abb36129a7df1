"""Who the customers are and how they are reached."""

from dataclasses import dataclass, replace
from datetime import date
from typing import NewType
from uuid import UUID

from shared.phone import phone_of

AccountId = NewType("AccountId", UUID)


@dataclass(frozen=True, slots=True)
class Account:
    """`region` is the six-digit division code; `area` is urban, rural or remote."""

    id: AccountId
    account_no: str
    name: str
    phone: str | None
    address: str
    region: str
    area: str
    transformer: str | None
    feeder: str | None
    customer_class: str
    life_support: bool
    tariff: str
    opened_on: date
    version: int = 1

    def reach_at(self, phone: str, name: str | None) -> "Account":
        """The account with this contact; itself when that is what it says already."""
        phone, name = phone_of(phone), name or self.name
        if (phone, name) == (self.phone, self.name):
            return self
        return replace(self, phone=phone, name=name, version=self.version + 1)
