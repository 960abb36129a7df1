"""A pause is asked for by one, approved by another, limited by its reason."""

from datetime import datetime

from services.workorders.domain.moves import Move
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Suspension, SuspensionRequest
from services.workorders.domain.reasons import Pause
from services.workorders.domain.refusals import (
    AlreadyAsked,
    NothingAsked,
    NotYoursToApprove,
    OwnRequest,
    PausedTooOften,
)


def ask(order: WorkOrder, asked: SuspensionRequest, pause: Pause, at: datetime) -> WorkOrder:
    """Wait for an approval; begin at once where the reason needs none.

    Raises WrongMove, AlreadyAsked, PausedTooOften, and what the reason's own rules do.
    """
    order.check(Move.SUSPEND)
    if order.suspension_request is not None:
        raise AlreadyAsked(reason=order.suspension_request.reason)
    _check(order, asked, pause, at)
    requested = order.changed(suspension_request=asked)
    return requested if pause.approved_by else suspend(requested, _rest(asked, None, at))


def approve(order: WorkOrder, by: str, role: str, pause: Pause, at: datetime) -> WorkOrder:
    """The work rests from now on, never from before.

    Raises NothingAsked, OwnRequest, NotYoursToApprove, and what asking does: time has passed.
    """
    order.check(Move.SUSPEND)
    asked = requested(order)
    if asked.by == by:
        raise OwnRequest
    if role not in pause.approved_by:
        raise NotYoursToApprove(roles_that_may=sorted(pause.approved_by))
    _check(order, asked, pause, at)
    return suspend(order, _rest(asked, by, at))


def refuse(order: WorkOrder) -> WorkOrder:
    """The work goes on. Raises NothingAsked."""
    requested(order)
    return order.changed(suspension_request=None)


def suspend(order: WorkOrder, suspension: Suspension) -> WorkOrder:
    rested = (*order.rested, suspension.reason)
    return order.move(Move.SUSPEND, suspension=suspension, rested=rested)


def resume(order: WorkOrder) -> WorkOrder:
    return order.move(Move.RESUME, suspension=None)


def requested(order: WorkOrder) -> SuspensionRequest:
    """Raises NothingAsked."""
    if order.suspension_request is None:
        raise NothingAsked
    return order.suspension_request


def _check(order: WorkOrder, asked: SuspensionRequest, pause: Pause, at: datetime) -> None:
    pause.check(asked, at)
    if order.rested.count(asked.reason) >= pause.times:
        raise PausedTooOften(reason=asked.reason, times=pause.times)


def _rest(asked: SuspensionRequest, approved_by: str | None, at: datetime) -> Suspension:
    return Suspension(asked.reason, asked.until, asked.by, approved_by, asked.customer_told, at)
