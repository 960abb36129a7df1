"""What workorders says of outages, and of what a customer is owed."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.envelope import Event

OutageKind = Literal["planned", "temporary", "fault"]
OutageStatus = Literal[
    "predicted", "confirmed", "announced", "active", "restored", "closed", "cancelled", "merged",
]  # fmt: skip
# What the customers of an outage are told, each once.
OutageStage = Literal[
    "announced", "reminder", "changed", "cancelled", "started", "etr_set", "etr_changed",
    "restored", "check_ok",
]  # fmt: skip


class _AboutOutage(Event):
    """Every fact about an outage says what went out, and what is known of it by now.

    `root_outage_id`: the outage that it is a part of, itself unless it was merged into another.
    """

    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "outage_id"

    outage_id: UUID
    root_outage_id: UUID
    kind: OutageKind
    status: OutageStatus
    region: str
    transformers: tuple[str, ...] = ()
    feeders: tuple[str, ...] = ()
    customers: int = 0  # as far as the network is known; 0 when it is not
    began_at: AwareDatetime | None = None
    begins_at: AwareDatetime | None = None  # as announced
    ends_at: AwareDatetime | None = None
    etr_at: AwareDatetime | None = None
    reason: str = ""
    cause: str | None = None
    master_id: UUID | None = None  # the order that is worked on
    nested_in: UUID | None = None  # still off after this one was restored
    version: int
    stage: OutageStage | None = None  # what customers are told by it; null when nothing


class OutageOpened(_AboutOutage):
    """Power is off somewhere, or will be."""

    type: ClassVar[str] = "workorders.outage-opened.v1"
    opened_at: AwareDatetime


class OutageUpdated(_AboutOutage):
    """Something about an outage is different now."""

    type: ClassVar[str] = "workorders.outage-updated.v1"
    updated_at: AwareDatetime
    change: Literal[
        "confirmed", "described", "planned_anew", "reminded", "started", "etr_set", "cancelled",
        "widened", "narrowed", "merged", "revived", "led", "closed",
    ]  # fmt: skip


class OutageRestored(_AboutOutage):
    """Power is back; whether with everybody is being asked."""

    type: ClassVar[str] = "workorders.outage-restored.v1"
    restored_at: AwareDatetime


class _AboutCompensation(Event):
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "work_order_id"

    compensation_id: UUID
    work_order_id: UUID
    case_id: UUID
    case_number: str
    region: str
    outage_id: UUID | None = None
    account_no: str | None = None  # null: the customer is not known by an account
    amount_minor: int  # in the currency's smallest unit: pence, fen
    currency: str  # ISO 4217
    pack: str
    pack_version: str
    rule: str
    step: int  # 1 for the first sum, then one more for each further one
    began_at: AwareDatetime
    promised_at: AwareDatetime  # until when it was to be done
    actual_at: AwareDatetime | None = None  # when it was done; null: not yet


class CompensationDue(_AboutCompensation):
    """A promise with money behind it was broken: once for each order, rule and step."""

    type: ClassVar[str] = "workorders.compensation-due.v1"


class CompensationWaived(_AboutCompensation):
    """What was owed is not, for a reason that counts and with proof."""

    type: ClassVar[str] = "workorders.compensation-waived.v1"
    waived_at: AwareDatetime
    reason: str  # its code


SPOKEN: tuple[type[Event], ...] = (
    OutageOpened,
    OutageUpdated,
    OutageRestored,
    CompensationDue,
    CompensationWaived,
)
