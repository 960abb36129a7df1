"""Clocks: what happens to an order starts, stops and rests them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock
from services.workorders.domain.ledger import Page
from services.workorders.domain.limit import Fact, Merged
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.policy import Pack
from services.workorders.store import clocks, references
from services.workorders.use_cases.open_clocks import OpenClocks
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.stamp import Stamp


async def happened(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact, at: datetime) -> None:
    """`fact` became true of the order: its clocks stop and start."""
    await all_happened(tx, stamp, [order], [fact], at)


async def all_happened(
    tx: Tx, stamp: Stamp, orders: Sequence[WorkOrder], facts: Sequence[Fact], at: datetime
) -> None:
    """These facts became true of each of these orders, one after the other."""
    if not facts or not orders:
        return
    packs = await references.packs_in_force(tx, stamp.at)
    ticking = await OpenClocks.of(tx, stamp, *orders)
    for order in orders:
        for fact in facts:
            ticking.stop(order, fact)
            await ticking.start(order, packs, fact, at)
    await ticking.close()


async def opened(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    packs: Sequence[Pack],
    facts: Sequence[tuple[Fact, datetime]],
    promised: Sequence[Promise] = (),
) -> None:
    """These facts, each since when, are true of a new order, which has no clocks yet.

    What one of them starts another may stop. What the customer was promised is due as promised.
    No round trip for natural time.
    """
    ticking = OpenClocks(tx, stamp, [order])
    for fact, at in facts:
        ticking.stop(order, fact)
        await ticking.start(order, packs, fact, at, promised, fresh=True)
    await ticking.close()


async def stop(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact) -> None:
    """Met, or breached when the timer has not come by since it was due. Nothing starts."""
    ticking = await OpenClocks.of(tx, stamp, order)
    ticking.stop(order, fact)
    await ticking.close()


async def pause(tx: Tx, stamp: Stamp, order: WorkOrder, reason: str) -> None:
    """The order is suspended: clocks whose limit names the reason rest, the others run on."""
    ticking = await OpenClocks.of(tx, stamp, order)
    for page in ticking.touched_by(order):
        if page.clock.terms.rests_for(reason):
            clockwork.pause(page, reason)
    await ticking.close()


async def resume(tx: Tx, stamp: Stamp, order: WorkOrder, at: datetime | None = None) -> None:
    """The order goes on, since `at`: a suspension does not last longer than was said."""
    ticking = await OpenClocks.of(tx, stamp, order)
    for page in ticking.touched_by(order):
        if page.clock.paused_because != clockwork.MERGED:
            await ticking.resume(page, at)
    await ticking.close()


async def follow_master(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    """The order follows another: its clocks run on, rest, or do as that one's do.

    Where it follows an outage that nobody works on yet, there is nobody to do as.
    """
    master = order.master_id
    masters = (await clocks.of_orders(tx, [master]))[master] if master is not None else []
    ticking = await OpenClocks.of(tx, stamp, order)
    for page in ticking.own(order):
        await ticking.resume(page)  # a suspension ends by the merge
        _follow(page, master, masters)
    await ticking.close()


async def do_as_master(
    tx: Tx, ticking: OpenClocks, order: WorkOrder, pages: Sequence[Page]
) -> None:
    """These of a follower's clocks are new, or run by another limit: they follow as that says."""
    master = order.master_id
    masters = (await clocks.of_orders(tx, [master]))[master] if master is not None else []
    for page in pages:
        await ticking.resume(page)
        clockwork.stand_alone(page)
        _follow(page, master, masters)


async def stand_alone(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    """The order follows nobody any more: its clocks are its own, and go on."""
    ticking = await OpenClocks.of(tx, stamp, order)
    for page in ticking.own(order):
        await ticking.resume(page)
        clockwork.stand_alone(page)
    await ticking.close()


async def acknowledge(tx: Tx, stamp: Stamp, ids: Collection[UUID]) -> None:
    """Somebody has taken these up: their ladders are climbed no further."""
    pages = [Page(clock, stamp.by, stamp.at) for clock, _ in await clocks.lock_these(tx, list(ids))]
    for page in pages:
        clockwork.acknowledge(page)
    await clocks.save(tx, pages)


def _follow(page: Page, master: WorkOrderId | None, masters: Iterable[Clock]) -> None:
    rule = page.clock.terms.merged
    if rule is Merged.RUNS:
        return
    if rule is Merged.PAUSES or master is None:
        clockwork.pause(page, clockwork.MERGED)
    else:
        clockwork.follow(page, master)
        _as_it_stands(page, masters)


def _as_it_stands(page: Page, masters: Iterable[Clock]) -> None:
    """What its master has done already, it has done too."""
    same = [clock for clock in masters if clock.kind == page.clock.kind]
    if not same:
        return
    last = max(same, key=lambda clock: clock.generation)
    if last.ended:
        clockwork.stop(page)
    elif last.paused_because is not None:
        clockwork.pause(page, last.paused_because)
