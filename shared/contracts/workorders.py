"""What workorders says to the others."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts import outages
from shared.contracts.envelope import Event


class _AboutOrder(Event):
    """Every fact about an order says which case it serves and who works on it."""

    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "work_order_id"

    work_order_id: UUID
    case_id: UUID
    case_number: str
    region: str
    team: str | None = None  # the team's code
    level: int = 1  # rises with every reopening
    version: int  # of the order; a hearer drops what is older than what it knows
    outage_id: UUID | None = None  # the outage that the order belongs to, if it is known


class OrderOpened(_AboutOrder):
    """A case has become an order."""

    type: ClassVar[str] = "workorders.order-opened.v1"
    opened_at: AwareDatetime


class OrderDispatched(_AboutOrder):
    """A team was chosen."""

    type: ClassVar[str] = "workorders.order-dispatched.v1"
    dispatched_at: AwareDatetime
    team_name: str


class OrderClaimed(_AboutOrder):
    """Somebody took it on."""

    type: ClassVar[str] = "workorders.order-claimed.v1"
    claimed_at: AwareDatetime


class OrderDeparted(_AboutOrder):
    """The crew is on its way."""

    type: ClassVar[str] = "workorders.order-departed.v1"
    departed_at: AwareDatetime


class OrderArrived(_AboutOrder):
    """The crew is on site."""

    type: ClassVar[str] = "workorders.order-arrived.v1"
    arrived_at: AwareDatetime


class EtrSet(_AboutOrder):
    """When power is expected back; said again whenever it changes."""

    type: ClassVar[str] = "workorders.etr-set.v1"
    etr_at: AwareDatetime
    set_at: AwareDatetime
    outage_etr: int | None = None  # the how-manieth of its outage, when that said it


class OrderReplied(_AboutOrder):
    """The work is done and what was found is written down."""

    type: ClassVar[str] = "workorders.order-replied.v1"
    replied_at: AwareDatetime
    cause: str


class OrderArchived(_AboutOrder):
    """The customer was asked and the loop is closed."""

    type: ClassVar[str] = "workorders.order-archived.v1"
    archived_at: AwareDatetime
    satisfaction: Literal["satisfied"]


class OrderArchivedUnasked(_AboutOrder):
    """The loop is closed without the customer's word, and that is on record."""

    type: ClassVar[str] = "workorders.order-archived-unasked.v1"
    archived_at: AwareDatetime
    because: Literal["resolved_on_contact", "unreached", "exempted"]


class OrderReopened(_AboutOrder):
    """The customer is not satisfied: again, one level higher."""

    type: ClassVar[str] = "workorders.order-reopened.v1"
    reopened_at: AwareDatetime
    reason: str
    still_without_power: bool = False  # the customer said so when asked


class OrderReturned(_AboutOrder):
    """The team says that it is not theirs."""

    type: ClassVar[str] = "workorders.order-returned.v1"
    returned_at: AwareDatetime
    reason: str
    target: str
    hops: int


class OrderReassigned(_AboutOrder):
    """Another team has it now."""

    type: ClassVar[str] = "workorders.order-reassigned.v1"
    reassigned_at: AwareDatetime
    before: str | None
    reason: str


class OrderRepaired(_AboutOrder):
    """Power is back."""

    type: ClassVar[str] = "workorders.order-repaired.v1"
    repaired_at: AwareDatetime


class OrderSuspended(_AboutOrder):
    """The work rests, for a reason, at most until then."""

    type: ClassVar[str] = "workorders.order-suspended.v1"
    suspended_at: AwareDatetime
    reason: str
    until: AwareDatetime
    tell_customer: bool


class OrderResumed(_AboutOrder):
    """The work goes on."""

    type: ClassVar[str] = "workorders.order-resumed.v1"
    resumed_at: AwareDatetime


class OrderMerged(_AboutOrder):
    """It follows another order, its master; notices and the callback stay its own."""

    type: ClassVar[str] = "workorders.order-merged.v1"
    merged_at: AwareDatetime
    master_id: UUID


class OrderLinked(_AboutOrder):
    """It belongs to an outage that was announced: nobody is sent for it."""

    type: ClassVar[str] = "workorders.order-linked.v1"
    linked_at: AwareDatetime


class OrderUnmerged(_AboutOrder):
    """It stands for itself again."""

    type: ClassVar[str] = "workorders.order-unmerged.v1"
    unmerged_at: AwareDatetime


class OrderUrged(_AboutOrder):
    """The customer asked where we are."""

    type: ClassVar[str] = "workorders.order-urged.v1"
    urged_at: AwareDatetime
    urges: int


class CallbackMissed(_AboutOrder):
    """The customer could not be reached; `failed`: that was the last attempt."""

    type: ClassVar[str] = "workorders.callback-missed.v1"
    missed_at: AwareDatetime
    attempts: int
    failed: bool


class OrderCancelled(_AboutOrder):
    """It will not be worked on."""

    type: ClassVar[str] = "workorders.order-cancelled.v1"
    cancelled_at: AwareDatetime
    reason: str


class OrderSupervised(_AboutOrder):
    """Somebody senior watches it from now on, or at a higher level than before."""

    type: ClassVar[str] = "workorders.order-supervised.v1"
    supervised_at: AwareDatetime
    supervision_level: int  # 1 county, 2 city, 3 province
    owner: str
    because: str


class OrderRelabelled(_AboutOrder):
    """It is another kind of case than it was taken for."""

    type: ClassVar[str] = "workorders.order-relabelled.v1"
    relabelled_at: AwareDatetime
    before: str
    case_type: str
    subtype: str | None = None


class ProtectedCustomerAffected(_AboutOrder):
    """A customer who must not be hit unnoticed is without power.

    `classes` may say something about health: it is for those who act on it.
    """

    type: ClassVar[str] = "workorders.protected-customer-affected.v1"
    affected_at: AwareDatetime
    classes: tuple[str, ...]
    call_by_phone: bool = False  # somebody calls the customer: words on a screen may not be enough
    danger: bool = False


class ClockBreached(_AboutOrder):
    """A promise ran out. Once per clock and generation.

    certainty: how sure its limit is, as its pack grades it (`A` to `D`, `own`, `seed`); None where
    the limit is not known any more. unverified: its source could not be seen; who shows it says so.
    """

    type: ClassVar[str] = "workorders.clock-breached.v1"
    clock_id: UUID
    kind: str
    generation: int
    due_at: AwareDatetime
    fired_at: AwareDatetime
    late_ms: int
    policy: str
    policy_version: str
    late: bool = False  # fired long after it was due: the timers did not run then
    certainty: str | None = None
    unverified: bool = False


class ClockWarned(_AboutOrder):
    """A promise will run out soon. Once per clock, generation and warning.

    certainty, unverified: of its limit, as a breach says it.
    """

    type: ClassVar[str] = "workorders.clock-warned.v1"
    clock_id: UUID
    kind: str
    generation: int
    warning: int  # 1 is the first
    due_at: AwareDatetime  # when the promise runs out
    fired_at: AwareDatetime
    late_ms: int  # how long after the warning was due
    policy: str
    policy_version: str
    late: bool = False
    certainty: str | None = None
    unverified: bool = False


class ClockCorrected(_AboutOrder):
    """A clock was wrong, and two people have agreed on how it was: perhaps no breach, or one."""

    type: ClassVar[str] = "workorders.clock-corrected.v1"
    clock_id: UUID
    kind: str
    generation: int  # one more than before when a breach was taken back
    promised: bool
    corrected_at: AwareDatetime
    reason: str
    state: str
    due_at: AwareDatetime | None
    stopped_at: AwareDatetime | None
    state_before: str
    due_at_before: AwareDatetime | None
    generation_before: int


class EscalatedClock(BaseModel):
    """One clock that somebody must see to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clock_id: UUID
    work_order_id: UUID
    case_id: UUID
    case_number: str
    kind: str
    because: Literal["warned", "breached"]
    repetition: int  # how many times it has been told, this one counted
    due_at: AwareDatetime


class EscalationRaised(Event):
    """Somebody on duty is to be told of clocks: what was raised for them in one window.

    Everything is counted, the first due are listed.
    """

    type: ClassVar[str] = "workorders.escalation-raised.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "recipient"

    recipient: str  # role and region: messages to the same one stay in order
    digest_id: UUID
    role: str
    by: str  # by what they are reached
    region: str
    team: str | None = None  # when all are of one team
    raised_at: AwareDatetime
    window_ends_at: AwareDatetime  # until then what is raised waits for the next message
    total: int
    warned: int
    breached: int
    kinds: dict[str, int]
    items: tuple[EscalatedClock, ...]


class PublicPromise(BaseModel):
    """One thing that a customer may be told when a case of this type and area is accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    case_type: str
    area: str
    minutes: int


class PromisesPublished(Event):
    """The promises in force from a day on, as a whole; replaces what was published before."""

    type: ClassVar[str] = "workorders.promises-published.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "policy"

    policy: str
    policy_version: str
    in_force_from: AwareDatetime
    promises: tuple[PublicPromise, ...]


class CalendarEnding(Event):
    """A calendar's last published year will soon be over. Once per calendar and missing year."""

    type: ClassVar[str] = "workorders.calendar-ending.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "calendar"

    calendar: str
    calendar_version: int
    first_missing_year: int
    last_covered_on: date
    days_left: int  # at the moment of telling; never below zero


SPOKEN: tuple[type[Event], ...] = (
    OrderOpened,
    OrderDispatched,
    OrderClaimed,
    OrderDeparted,
    OrderArrived,
    EtrSet,
    OrderReplied,
    OrderArchived,
    OrderArchivedUnasked,
    OrderReopened,
    OrderReturned,
    OrderReassigned,
    OrderRepaired,
    OrderSuspended,
    OrderResumed,
    OrderMerged,
    OrderLinked,
    OrderUnmerged,
    OrderUrged,
    CallbackMissed,
    OrderCancelled,
    OrderSupervised,
    OrderRelabelled,
    ProtectedCustomerAffected,
    ClockBreached,
    ClockWarned,
    ClockCorrected,
    EscalationRaised,
    PromisesPublished,
    CalendarEnding,
    *outages.SPOKEN,
)
