"""What is urgent about an order, and who watches it; where the work stands is not changed."""

from dataclasses import replace
from datetime import datetime

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Point, Protection, Supervision
from services.workorders.domain.refusals import NothingChanges, NoUrgeToAnswer, WrongMove


def urge(order: WorkOrder) -> WorkOrder:
    """The customer asks where we are."""
    if not order.is_open and order.status is not Status.MERGED:
        raise WrongMove("it is not open any more", status_now=order.status, allowed=[])
    return order.changed(urges=order.urges + 1)


def answer_urge(order: WorkOrder) -> WorkOrder:
    """The customer has been told where we are. Raises NoUrgeToAnswer."""
    if order.urges_answered == order.urges:
        raise NoUrgeToAnswer(urges=order.urges)
    return order.changed(urges_answered=order.urges)


def supervise(order: WorkOrder, supervision: Supervision | None) -> WorkOrder:
    """Somebody senior watches it; None: does so no longer."""
    return order.changed(supervision=supervision)


def endanger(order: WorkOrder, danger: bool) -> WorkOrder:
    """Somebody or something is in danger, or is no longer. Raises NothingChanges."""
    if danger == order.asked.danger:
        raise NothingChanges(field="danger")
    return order.changed(asked=replace(order.asked, danger=danger))


def tag(order: WorkOrder, tags: tuple[str, ...]) -> WorkOrder:
    return order.changed(asked=replace(order.asked, tags=tags))


def protect(order: WorkOrder, protected: tuple[Protection, ...]) -> WorkOrder:
    """What protects the customer has begun or ended."""
    return order.changed(protected=protected)


def scored(order: WorkOrder, because: tuple[Point, ...], rank_at: datetime) -> WorkOrder:
    """The same order with its priority: it follows from a change, so it is no new version."""
    priority = sum(point.points for point in because)
    return order.also(priority=priority, priority_because=because, rank_at=rank_at)
