"""What the desk does: answer on the call, send elsewhere, let rest, cancel."""

from datetime import datetime

from services.workorders.domain import judging, pausing
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Handback, SuspensionRequest
from services.workorders.domain.policy import Fact, handlings, rules
from services.workorders.domain.reasons import Pauses, Returns
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import clocks, routing
from services.workorders.use_cases.moved import note, say, settle
from shared.db import Tx
from shared.stamp import Stamp


async def resolve(tx: Tx, stamp: Stamp, aim: Aim, article: str) -> WorkOrder:
    """Answered on the call, from a knowledge article: archived at once."""
    order = (await orders.lock(tx, aim)).resolve(article)
    note(tx, stamp, order, "resolved", article=article)
    order = judging.archive_unasked(order, at=stamp.at)
    order = say(tx, stamp, order, "archived", events.archived(order, stamp.at))
    return await settle(tx, stamp, order, Fact.ARCHIVED)


async def pass_on(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """It can't be answered on the call: a team shall see to it."""
    order = (await orders.lock(tx, aim)).triage()
    note(tx, stamp, order, "triaged")
    order = await routing.dispatch(tx, stamp, order, cause=Cause.TRIAGED)
    return await settle(tx, stamp, order, *([Fact.DISPATCHED] if order.team else []))


async def hand_back(tx: Tx, stamp: Stamp, aim: Aim, reason: str, target: str) -> WorkOrder:
    """Not this team's: routed to the one it names, or left to a supervisor when that goes on.

    Raises UnknownCode, SameTeam, NoSuchTeam.
    """
    packs = await references.packs_in_force(tx, stamp.at)
    order = (await orders.lock(tx, aim)).hand_back(Handback(reason, target, stamp.by))
    rules(packs, Returns).check(reason)
    await routing.check_serves(tx, stamp, order, target)
    event = events.returned(order, stamp.at)
    order = say(tx, stamp, order, "returned", event, reason=reason, target=target)
    await settle(tx, stamp, order, Fact.RETURNED)
    handling = handlings(packs).of(order.case_type)
    if order.hops > handling.returns:
        return order
    order = order.route_again(handling, stamp.role)
    order = await routing.follow_named(tx, stamp, order, target)
    return await settle(tx, stamp, order, *([Fact.DISPATCHED] if order.team else []))


async def send_again(tx: Tx, stamp: Stamp, aim: Aim, team: str) -> WorkOrder:
    """Where a returned order goes, or one that no team was found for.

    Raises HandedBackTooOften when only a supervisor decides.
    """
    order = await orders.lock(tx, aim)
    if order.status is Status.RETURNED:
        packs = await references.packs_in_force(tx, stamp.at)
        order = order.route_again(handlings(packs).of(order.case_type), stamp.role)
    order = await routing.send(tx, stamp, order, team, f"decided by {stamp.by}")
    return await settle(tx, stamp, order, Fact.DISPATCHED)


async def reassign(tx: Tx, stamp: Stamp, aim: Aim, team: str, reason: str) -> WorkOrder:
    order = await orders.lock(tx, aim)
    order = await routing.reassign(tx, stamp, order, team, reason)
    return await settle(tx, stamp, order, Fact.DISPATCHED)


async def ask_to_suspend(
    tx: Tx, stamp: Stamp, aim: Aim, reason: str, until: datetime, customer_told: bool
) -> WorkOrder:
    """The work should rest, for a typed reason: begun at once where that needs no approval."""
    asked = SuspensionRequest(reason, until, customer_told, stamp.by, stamp.at)
    pause = rules(await references.packs_in_force(tx, stamp.at), Pauses).of(reason)
    order = pausing.ask(await orders.lock(tx, aim), asked, pause, stamp.at)
    note(tx, stamp, order, "suspension_asked", reason=reason, until=until.isoformat())
    return await (_rests(tx, stamp, order) if order.suspension else settle(tx, stamp, order))


async def suspend(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """What somebody else asked for is approved: the work rests from now on."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    pause = rules(packs, Pauses).of(pausing.requested(order).reason)
    order = pausing.approve(order, stamp.by, stamp.role, pause, stamp.at)
    return await _rests(tx, stamp, order)


async def refuse_to_suspend(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """The work goes on, whatever was asked."""
    order = pausing.refuse(await orders.lock(tx, aim))
    note(tx, stamp, order, "suspension_refused", reason=reason)
    return await settle(tx, stamp, order)


async def _rests(tx: Tx, stamp: Stamp, order: WorkOrder) -> WorkOrder:
    rest = order.suspension
    assert rest is not None
    why = {"reason": rest.reason, "until": rest.until.isoformat(), "asked_by": rest.asked_by}
    order = say(tx, stamp, order, "suspended", events.suspended(order, stamp.at), **why)
    await clocks.pause(tx, stamp, order, rest.reason)
    return await settle(tx, stamp, order)


async def resume(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    suspended = await orders.lock(tx, aim)
    order = pausing.resume(suspended)
    order = say(tx, stamp, order, "resumed", events.resumed(order, stamp.at))
    assert suspended.suspension is not None
    await clocks.resume(tx, stamp, order, at=min(stamp.at, suspended.suspension.until))
    return await settle(tx, stamp, order)


async def cancel(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    order = (await orders.lock(tx, aim)).cancel(reason)
    order = say(tx, stamp, order, "cancelled", events.cancelled(order, stamp.at), reason=reason)
    return await settle(tx, stamp, order, Fact.CANCELLED)


async def end_suspensions(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Every suspension that has reached its end. Returns when each had."""
    due = []
    for order in await orders.lock_suspended_until(tx, stamp.at, limit):
        assert order.suspension is not None
        until = order.suspension.until
        due.append(until)
        order = pausing.resume(order)
        order = say(tx, stamp, order, "resumed", events.resumed(order, stamp.at), by_itself=True)
        await clocks.resume(tx, stamp, order, at=until)
        await settle(tx, stamp, order)
    return due
