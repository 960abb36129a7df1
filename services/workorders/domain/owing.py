"""Money behind a promise: what runs, and what is owed for each step of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.outage import Exemption


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One rule on one order. step: the next one to be owed, at `due_at`."""

    order_id: WorkOrderId
    rule: str
    pack: str
    version: str
    began_at: datetime
    step: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed for one step of one rule on one order. working: how the sum came about."""

    id: UUID
    order_id: WorkOrderId
    rule: str
    step: int
    case_id: UUID
    case_number: str
    outage_id: UUID | None
    region: str
    account_no: str | None
    pack: str
    pack_version: str
    amount_minor: int
    currency: str
    began_at: datetime
    promised_at: datetime
    due_at: datetime
    working: tuple[str, ...]
    actual_at: datetime | None = None
    exemption: Exemption | None = None
    version: int = 1

    @property
    def state(self) -> str:
        return "exempt" if self.exemption else "owed"
