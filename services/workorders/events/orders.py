"""What is said about orders."""

from datetime import datetime
from typing import Any

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from shared.contracts import workorders as said


def about(order: WorkOrder) -> dict[str, Any]:
    return {
        "work_order_id": order.id,
        "case_id": order.case_id,
        "case_number": order.case_number,
        "region": order.site.region,
        "team": order.team,
        "level": order.level,
        "version": order.version,
        "outage_id": order.outage_id,
    }


def opened(order: WorkOrder) -> said.OrderOpened:
    return said.OrderOpened(**about(order), opened_at=order.opened_at)


def dispatched(order: WorkOrder, at: datetime) -> said.OrderDispatched:
    assert order.routing is not None
    return said.OrderDispatched(**about(order), dispatched_at=at, team_name=order.routing.team_name)


def claimed(order: WorkOrder, at: datetime) -> said.OrderClaimed:
    return said.OrderClaimed(**about(order), claimed_at=at)


def departed(order: WorkOrder, at: datetime) -> said.OrderDeparted:
    return said.OrderDeparted(**about(order), departed_at=at)


def arrived(order: WorkOrder, at: datetime) -> said.OrderArrived:
    return said.OrderArrived(**about(order), arrived_at=at)


def etr_set(order: WorkOrder, at: datetime, outage_etr: int | None = None) -> said.EtrSet:
    assert order.etr_at is not None
    return said.EtrSet(**about(order), etr_at=order.etr_at, set_at=at, outage_etr=outage_etr)


def replied(order: WorkOrder, at: datetime) -> said.OrderReplied:
    assert order.reply is not None
    return said.OrderReplied(**about(order), replied_at=at, cause=order.reply.cause)


def archived(order: WorkOrder, at: datetime) -> said.OrderArchived | said.OrderArchivedUnasked:
    if order.article is not None:
        return said.OrderArchivedUnasked(
            **about(order), archived_at=at, because="resolved_on_contact"
        )
    if order.exemption is not None:
        return said.OrderArchivedUnasked(**about(order), archived_at=at, because="exempted")
    if order.unreached:
        return said.OrderArchivedUnasked(**about(order), archived_at=at, because="unreached")
    return said.OrderArchived(**about(order), archived_at=at, satisfaction="satisfied")


def reopened(
    order: WorkOrder, at: datetime, reason: str, *, still_off: bool = False
) -> said.OrderReopened:
    return said.OrderReopened(
        **about(order), reopened_at=at, reason=reason, still_without_power=still_off
    )


def returned(order: WorkOrder, at: datetime) -> said.OrderReturned:
    assert order.handback is not None
    return said.OrderReturned(
        **about(order),
        returned_at=at,
        reason=order.handback.reason,
        target=order.handback.target,
        hops=order.hops,
    )


def reassigned(
    order: WorkOrder, at: datetime, before: str | None, reason: str
) -> said.OrderReassigned:
    return said.OrderReassigned(**about(order), reassigned_at=at, before=before, reason=reason)


def repaired(order: WorkOrder, at: datetime) -> said.OrderRepaired:
    return said.OrderRepaired(**about(order), repaired_at=at)


def suspended(order: WorkOrder, at: datetime) -> said.OrderSuspended:
    assert order.suspension is not None
    return said.OrderSuspended(
        **about(order),
        suspended_at=at,
        reason=order.suspension.reason,
        until=order.suspension.until,
        tell_customer=not order.suspension.customer_told,
    )


def resumed(order: WorkOrder, at: datetime) -> said.OrderResumed:
    return said.OrderResumed(**about(order), resumed_at=at)


def merged(order: WorkOrder, at: datetime) -> said.OrderMerged:
    assert order.master_id is not None
    return said.OrderMerged(**about(order), merged_at=at, master_id=order.master_id)


def linked(order: WorkOrder, at: datetime) -> said.OrderLinked:
    return said.OrderLinked(**about(order), linked_at=at)


def unmerged(order: WorkOrder, at: datetime) -> said.OrderUnmerged:
    return said.OrderUnmerged(**about(order), unmerged_at=at)


def urged(order: WorkOrder, at: datetime) -> said.OrderUrged:
    return said.OrderUrged(**about(order), urged_at=at, urges=order.urges)


def callback_missed(order: WorkOrder, at: datetime) -> said.CallbackMissed:
    failed = order.status is Status.CALLBACK_FAILED
    return said.CallbackMissed(
        **about(order), missed_at=at, attempts=order.callback_attempts, failed=failed
    )


def cancelled(order: WorkOrder, at: datetime) -> said.OrderCancelled:
    return said.OrderCancelled(**about(order), cancelled_at=at, reason=order.ended_because or "")


def supervised(order: WorkOrder, at: datetime) -> said.OrderSupervised:
    assert order.supervision is not None
    return said.OrderSupervised(
        **about(order),
        supervised_at=at,
        supervision_level=order.supervision.level,
        owner=order.supervision.owner,
        because=order.supervision.because,
    )


def relabelled(order: WorkOrder, at: datetime, before: str) -> said.OrderRelabelled:
    return said.OrderRelabelled(
        **about(order),
        relabelled_at=at,
        before=before,
        case_type=order.case_type,
        subtype=order.asked.subtype,
    )


def protected_affected(
    order: WorkOrder, at: datetime, classes: tuple[str, ...], *, by_phone: bool
) -> said.ProtectedCustomerAffected:
    return said.ProtectedCustomerAffected(
        **about(order),
        affected_at=at,
        classes=classes,
        call_by_phone=by_phone,
        danger=order.asked.danger,
    )
