"""Clocks: what happened to an order starts and stops them; what ran out is breached once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.workorders.domain.clock import Clock, ClockId, State
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact, Pack
from services.workorders.events import clocks as events
from services.workorders.store import clocks, references
from shared.audit import record
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp

CLOCK_BELL = "clocks"


async def happened(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact, at: datetime) -> None:
    """`fact` became true of the order: its clocks stop and start."""
    await stop(tx, stamp, order, fact)
    packs = await references.packs_in_force(tx, stamp.at)
    start(tx, stamp, order, packs, fact, at, ran=await clocks.generations(tx, order.id))


def start(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    packs: Sequence[Pack],
    fact: Fact,
    at: datetime,
    promised: Sequence[Promise] = (),
    ran: Mapping[str, int] | None = None,
) -> None:
    """Arm the clocks that `fact` starts; what the customer was promised is due as promised.

    ran: the last generation of each kind that this order had already.
    """
    told = {promise.kind: promise for promise in promised}
    started = []
    for pack in packs:
        for limit in pack.started_by(fact, order.case_type, order.site.area):
            policy = (pack.id, pack.version)
            id = ClockId(new_id(stamp.at))
            generation = max(order.level, (ran or {}).get(limit.clock, 0) + 1)
            clock = Clock.start(id, order.id, generation, limit, policy, at)
            promise = told.get(clock.kind)
            started.append(clock.as_promised(promise.due_at) if promise else clock)
    if started:
        clocks.add(tx, started)
        tx.ring(CLOCK_BELL)


async def breach_due(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Every promise that ran out, once. Returns when each was due."""
    fired = await clocks.breach_due(tx, stamp.at, limit)
    for clock, order in fired:
        _breached(tx, stamp, clock, order)
    return [clock.due_at for clock, _ in fired]


async def stop(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact) -> None:
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
