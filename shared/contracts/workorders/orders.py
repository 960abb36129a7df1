"""What workorders says about an order."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.envelope import Event


class AboutOrder(Event):
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


class OrderOpened(AboutOrder):
    """A case has become an order."""

    type: ClassVar[str] = "workorders.order-opened.v1"
    opened_at: AwareDatetime


class OrderDispatched(AboutOrder):
    """A team was chosen."""

    type: ClassVar[str] = "workorders.order-dispatched.v1"
    dispatched_at: AwareDatetime
    team_name: str


class OrderClaimed(AboutOrder):
    """Somebody took it on."""

    type: ClassVar[str] = "workorders.order-claimed.v1"
    claimed_at: AwareDatetime


class OrderDeparted(AboutOrder):
    """The crew is on its way."""

    type: ClassVar[str] = "workorders.order-departed.v1"
    departed_at: AwareDatetime


class OrderArrived(AboutOrder):
    """The crew is on site."""

    type: ClassVar[str] = "workorders.order-arrived.v1"
    arrived_at: AwareDatetime


class EtrSet(AboutOrder):
    """When power is expected back; said again whenever it changes."""

    type: ClassVar[str] = "workorders.etr-set.v1"
    etr_at: AwareDatetime
    set_at: AwareDatetime
    outage_etr: int | None = None  # the how-manieth of its outage, when that said it


class OrderReplied(AboutOrder):
    """The work is done and what was found is written down."""

    type: ClassVar[str] = "workorders.order-replied.v1"
    replied_at: AwareDatetime
    cause: str


class OrderArchived(AboutOrder):
    """The customer was asked and the loop is closed."""

    type: ClassVar[str] = "workorders.order-archived.v1"
    archived_at: AwareDatetime
    satisfaction: Literal["satisfied"]


class OrderArchivedUnasked(AboutOrder):
    """The loop is closed without the customer's word, and that is on record."""

    type: ClassVar[str] = "workorders.order-archived-unasked.v1"
    archived_at: AwareDatetime
    because: Literal["resolved_on_contact", "unreached", "exempted"]


class OrderReopened(AboutOrder):
    """The customer is not satisfied: again, one level higher."""

    type: ClassVar[str] = "workorders.order-reopened.v1"
    reopened_at: AwareDatetime
    reason: str
    still_without_power: bool = False  # the customer said so when asked


class OrderReturned(AboutOrder):
    """The team says that it is not theirs."""

    type: ClassVar[str] = "workorders.order-returned.v1"
    returned_at: AwareDatetime
    reason: str
    target: str
    hops: int


class OrderReassigned(AboutOrder):
    """Another team has it now."""

    type: ClassVar[str] = "workorders.order-reassigned.v1"
    reassigned_at: AwareDatetime
    before: str | None
    reason: str


class OrderRepaired(AboutOrder):
    """Power is back."""

    type: ClassVar[str] = "workorders.order-repaired.v1"
    repaired_at: AwareDatetime


class OrderSuspended(AboutOrder):
    """The work rests, for a reason, at most until then."""

    type: ClassVar[str] = "workorders.order-suspended.v1"
    suspended_at: AwareDatetime
    reason: str
    until: AwareDatetime
    tell_customer: bool


class OrderResumed(AboutOrder):
    """The work goes on."""

    type: ClassVar[str] = "workorders.order-resumed.v1"
    resumed_at: AwareDatetime


class OrderMerged(AboutOrder):
    """It follows another order, its master; notices and the callback stay its own."""

    type: ClassVar[str] = "workorders.order-merged.v1"
    merged_at: AwareDatetime
    master_id: UUID


class OrderLinked(AboutOrder):
    """It belongs to an outage that was announced: nobody is sent for it."""

    type: ClassVar[str] = "workorders.order-linked.v1"
    linked_at: AwareDatetime


class OrderUnmerged(AboutOrder):
    """It stands for itself again."""

    type: ClassVar[str] = "workorders.order-unmerged.v1"
    unmerged_at: AwareDatetime


class OrderUrged(AboutOrder):
    """The customer asked where we are."""

    type: ClassVar[str] = "workorders.order-urged.v1"
    urged_at: AwareDatetime
    urges: int


class CallbackMissed(AboutOrder):
    """The customer could not be reached; `failed`: that was the last attempt."""

    type: ClassVar[str] = "workorders.callback-missed.v1"
    missed_at: AwareDatetime
    attempts: int
    failed: bool


class OrderCancelled(AboutOrder):
    """It will not be worked on."""

    type: ClassVar[str] = "workorders.order-cancelled.v1"
    cancelled_at: AwareDatetime
    reason: str


class OrderSupervised(AboutOrder):
    """Somebody senior watches it from now on, or at a higher level than before."""

    type: ClassVar[str] = "workorders.order-supervised.v1"
    supervised_at: AwareDatetime
    supervision_level: int  # 1 county, 2 city, 3 province
    owner: str
    because: str


class OrderRelabelled(AboutOrder):
    """It is another kind of case than it was taken for."""

    type: ClassVar[str] = "workorders.order-relabelled.v1"
    relabelled_at: AwareDatetime
    before: str
    case_type: str
    subtype: str | None = None


class ProtectedCustomerAffected(AboutOrder):
    """A customer who must not be hit unnoticed is without power.

    `classes` may say something about health: it is for those who act on it.
    """

    type: ClassVar[str] = "workorders.protected-customer-affected.v1"
    affected_at: AwareDatetime
    classes: tuple[str, ...]
    call_by_phone: bool = False  # somebody calls the customer: words on a screen may not be enough
    danger: bool = False
