"""What the desk does: answer on the call, send elsewhere, suspend, cancel, urge, watch."""

from datetime import datetime

from services.workorders.domain.moves import Status
from services.workorders.domain.order import Handback, Suspension, WorkOrder
from services.workorders.domain.policy import Fact, handlings
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import clocks, routing
from services.workorders.use_cases.moved import note, say, settle
from shared.db import Tx
from shared.errors import Conflict
from shared.stamp import Stamp


class UrgedEnough(Conflict):
    """The customer has urged as often as the rules allow; it is with a supervisor."""


async def resolve(tx: Tx, stamp: Stamp, aim: Aim, article: str) -> WorkOrder:
    """Answered on the call, from a knowledge article: archived at once."""
    order = (await orders.lock(tx, aim)).resolve(article)
    note(tx, stamp, order, "resolved", article=article)
    order = order.archive(f"policy:{stamp.by}", at=stamp.at)
    say(tx, stamp, order, "archived", events.archived(order, stamp.at))
    return await settle(tx, stamp, order, Fact.ARCHIVED)


async def pass_on(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """It can't be answered on the call: a team shall see to it."""
    order = (await orders.lock(tx, aim)).triage()
    note(tx, stamp, order, "triaged")
    order = await routing.dispatch(tx, stamp, order, cause=Cause.TRIAGED)
    return await settle(tx, stamp, order, *([Fact.DISPATCHED] if order.team else []))


async def hand_back(tx: Tx, stamp: Stamp, aim: Aim, reason: str, target: str) -> WorkOrder:
    """Not this team's: routed to the one it names, or left to a supervisor when that goes on."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = (await orders.lock(tx, aim)).hand_back(Handback(reason, target, stamp.by))
    say(tx, stamp, order, "returned", events.returned(order, stamp.at), reason=reason)
    if order.hops > handlings(packs).of(order.case_type).returns:
        return await settle(tx, stamp, order, Fact.RETURNED)
    await settle(tx, stamp, order, Fact.RETURNED)
    order = order.route_again(handlings(packs).of(order.case_type), stamp.role)
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


async def suspend(tx: Tx, stamp: Stamp, aim: Aim, suspension: Suspension) -> WorkOrder:
    order = (await orders.lock(tx, aim)).suspend(suspension)
    why = {"reason": suspension.reason, "until": suspension.until.isoformat()}
    say(tx, stamp, order, "suspended", events.suspended(order, stamp.at), **why)
    await clocks.pause(tx, stamp, order, suspension.reason)
    return await settle(tx, stamp, order)


async def resume(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    suspended = await orders.lock(tx, aim)
    order = suspended.resume()
    say(tx, stamp, order, "resumed", events.resumed(order, stamp.at))
    assert suspended.suspension is not None
    await clocks.resume(tx, stamp, order, at=min(stamp.at, suspended.suspension.until))
    return await settle(tx, stamp, order)


async def cancel(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    order = (await orders.lock(tx, aim)).cancel(reason)
    say(tx, stamp, order, "cancelled", events.cancelled(order, stamp.at), reason=reason)
    return await settle(tx, stamp, order, Fact.CANCELLED)


async def urge(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The customer asks where we are. Raises UrgedEnough."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = (await orders.lock(tx, aim)).urge()
    allowed = handlings(packs).of(order.case_type).urges
    if order.urges > allowed:
        raise UrgedEnough(urges=allowed)
    say(tx, stamp, order, "urged", events.urged(order, stamp.at))
    return await settle(tx, stamp, order, Fact.URGED)


async def supervise(tx: Tx, stamp: Stamp, aim: Aim, on: bool, reason: str) -> WorkOrder:
    """Set or lift the flag 督办."""
    order = (await orders.lock(tx, aim)).supervise(on)
    note(tx, stamp, order, "supervised" if on else "released", reason=reason)
    return await settle(tx, stamp, order)


async def end_suspensions(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Every suspension that has reached its end. Returns when each had."""
    due = []
    for order in await orders.lock_suspended_until(tx, stamp.at, limit):
        assert order.suspension is not None
        until = order.suspension.until
        due.append(until)
        order = order.resume()
        say(tx, stamp, order, "resumed", events.resumed(order, stamp.at), by_itself=True)
        await clocks.resume(tx, stamp, order, at=until)
        await settle(tx, stamp, order)
    return due
