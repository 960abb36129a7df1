"""What one can do here. Each is one transaction, opened and committed by its door."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.workorders import events
from services.workorders.domain.clock import Clock, ClockId, State
from services.workorders.domain.order import Reply, WorkOrder
from services.workorders.domain.policy import BadPolicy, Fact, Pack
from services.workorders.domain.routing import route
from services.workorders.store import clocks, orders, references
from services.workorders.store.orders import Aim
from shared.audit import record
from shared.contracts.envelope import Event
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp

CLOCK_BELL = "clocks"


async def open_order(
    tx: Tx, stamp: Stamp, order: WorkOrder, promised: Sequence[Promise]
) -> WorkOrder | None:
    """One order for a case, dispatched if a team serves there. None when it has one already."""
    today, region = stamp.at.date(), order.site.region
    known, packs, teams = await references.for_opening(tx, order.case_id, region, today)
    if known:
        return None
    _say(tx, stamp, order, events.opened(order), "order.opened")
    routing = route(region, teams)
    if routing is not None:
        order = order.dispatch(routing)
        _say(tx, stamp, order, events.dispatched(order, stamp.at), "order.dispatched")
    orders.add(tx, order)
    started = _start(order, packs, Fact.ACCEPTED, order.received_at, stamp, promised)
    if routing is not None:
        started += _start(order, packs, Fact.DISPATCHED, stamp.at, stamp)
    _arm(tx, started)
    return order


async def claim(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).claim(stamp.by, at=stamp.at)
    _say(tx, stamp, order, events.claimed(order, stamp.at), "order.claimed")
    return await _settle(tx, stamp, order, Fact.CLAIMED)


async def depart(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).depart(at=stamp.at)
    _say(tx, stamp, order, events.departed(order, stamp.at), "order.departed")
    await orders.save(tx, order)
    return order


async def arrive(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).arrive(at=stamp.at)
    _say(tx, stamp, order, events.arrived(order, stamp.at), "order.arrived")
    return await _settle(tx, stamp, order, Fact.ARRIVED)


async def set_etr(tx: Tx, stamp: Stamp, aim: Aim, etr_at: datetime) -> WorkOrder:
    order = (await orders.lock(tx, aim)).set_etr(etr_at, at=stamp.at)
    _say(tx, stamp, order, events.etr_set(order, stamp.at), "order.etr_set")
    return await _settle(tx, stamp, order, Fact.ETR_SET)


async def answer(tx: Tx, stamp: Stamp, aim: Aim, reply: Reply) -> WorkOrder:
    order = (await orders.lock(tx, aim)).answer(reply, at=stamp.at)
    _say(tx, stamp, order, events.replied(order, stamp.at), "order.replied")
    return await _settle(tx, stamp, order, Fact.REPLIED)


async def close(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The callback found the customer satisfied."""
    order = (await orders.lock(tx, aim)).archive(stamp.by, at=stamp.at)
    _say(tx, stamp, order, events.archived(order, stamp.at), "order.archived")
    return await _settle(tx, stamp, order, Fact.CALLED_BACK)


async def reopen(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """The callback found the customer dissatisfied: one level higher, dispatched again."""
    order = (await orders.lock(tx, aim)).reopen(stamp.by)
    _say(tx, stamp, order, events.reopened(order, stamp.at, reason), "order.reopened")
    await _stop(tx, stamp, order, Fact.CALLED_BACK)
    today, region = stamp.at.date(), order.site.region
    _, packs, teams = await references.for_opening(tx, order.case_id, region, today)
    started = _start(order, packs, Fact.ACCEPTED, stamp.at, stamp)
    routing = route(region, teams)
    if routing is not None:
        order = order.dispatch(routing)
        _say(tx, stamp, order, events.dispatched(order, stamp.at), "order.dispatched")
        started += _start(order, packs, Fact.DISPATCHED, stamp.at, stamp)
    _arm(tx, started)
    await orders.save(tx, order)
    return order


async def reveal(tx: Tx, stamp: Stamp, aim: Aim, purpose: str) -> WorkOrder:
    """The order with its address, for a stated purpose; the look is audited."""
    order = await orders.get(tx, aim)
    record(tx, stamp, "order.revealed", order.id, purpose=purpose)
    return order


async def breach_due(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Every promise that ran out, once. Returns when each was due."""
    fired = await clocks.breach_due(tx, stamp.at, limit)
    for clock, order in fired:
        _breached(tx, stamp, clock, order)
    return [clock.due_at for clock, _ in fired]


async def use_policies(
    tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]], chosen: str
) -> None:
    """Store new policy versions and use those of `chosen`. Raises BadPolicy."""
    await references.load_packs(tx, stamp, files, chosen)
    if not await references.packs_in_force(tx, stamp.at.date()):
        raise BadPolicy(f"no version of {chosen} is in force on {stamp.at.date()}")
    record(tx, stamp, "policy.in_use", chosen)
    await promise_what_is_in_force(tx, stamp)


async def promise_what_is_in_force(tx: Tx, stamp: Stamp) -> None:
    """When other versions are in force than last time, tell the others what to promise."""
    packs = await references.packs_in_force(tx, stamp.at.date())
    if packs and await references.promise_anew(tx, packs):
        publish(tx, events.promises(packs, stamp.at), stamp)


def _say(tx: Tx, stamp: Stamp, order: WorkOrder, event: Event, action: str) -> None:
    publish(tx, event, stamp, sequence=order.version)
    record(tx, stamp, action, order.id, version=order.version)


async def _settle(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact) -> WorkOrder:
    """Save the order, and let the fact stop and start its clocks."""
    await orders.save(tx, order)
    await _stop(tx, stamp, order, fact)
    packs = await references.packs_in_force(tx, stamp.at.date())
    _arm(tx, _start(order, packs, fact, stamp.at, stamp))
    return order


async def _stop(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact) -> None:
    """Met, or breached when the timer has not come by since it was due."""
    running = await clocks.lock_running(tx, order.id, fact)
    stopped = [clock.stop(stamp.at) for clock in running]
    await clocks.save(tx, stopped)
    for before, clock in zip(running, stopped, strict=True):
        if clock.state is State.BREACHED and before.state is State.ARMED:
            _breached(tx, stamp, clock, order)


def _breached(tx: Tx, stamp: Stamp, clock: Clock, order: WorkOrder) -> None:
    publish(tx, events.breached(clock, order), stamp, sequence=order.version)
    record(tx, stamp, "clock.breached", order.id, kind=clock.kind, generation=clock.generation)


def _start(
    order: WorkOrder,
    packs: Sequence[Pack],
    fact: Fact,
    at: datetime,
    stamp: Stamp,
    promised: Sequence[Promise] = (),
) -> list[Clock]:
    """The clocks that `fact` starts; what was promised to the customer is due as promised."""
    told = {promise.kind: promise for promise in promised}
    started = []
    for pack in packs:
        for limit in pack.started_by(fact, order.case_type, order.site.area):
            policy = (pack.id, pack.version)
            id = ClockId(new_id(stamp.at))
            clock = Clock.start(id, order.id, order.level, limit, policy, at)
            promise = told.get(clock.kind)
            started.append(clock.as_promised(promise.due_at) if promise else clock)
    return started


def _arm(tx: Tx, started: Sequence[Clock]) -> None:
    if started:
        clocks.add(tx, started)
        tx.ring(CLOCK_BELL)
