"""What customers are owed because a promise with money behind it was broken."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from services.billing.domain.account import AccountId
from shared.errors import Conflict

CompensationId = NewType("CompensationId", UUID)


class AssignedAlready(Conflict):
    """That sum belongs to an account already."""


@dataclass(frozen=True, slots=True)
class Compensation:
    """A sum as workorders reckoned it; billing changes none of it.

    account_id: None while nobody knows whose it is. amount_minor: in the currency's smallest unit.
    pack, pack_version, rule, step: where the sum comes from. waived_at: it is not owed after all.
    """

    id: CompensationId
    account_id: AccountId | None
    region: str
    work_order_id: UUID
    case_number: str
    amount_minor: int
    currency: str
    pack: str
    pack_version: str
    rule: str
    step: int
    promised_at: datetime
    booked_at: datetime
    waived_at: datetime | None = None
    waived_because: str | None = None

    def assign(self, account_id: AccountId) -> "Compensation":
        """Raises AssignedAlready."""
        if self.account_id is not None:
            raise AssignedAlready
        return replace(self, account_id=account_id)
