"""Groups are looked at whenever somebody joined one or what leads it has moved.

A look compares what is with what should be and does the next thing: predict an outage, take the
outages of one feeder together, let another order lead, tell who does not know yet. So nothing is
lost when one look dies, and none does anything twice. Whoever changes groups does so alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.workorders.domain import sections
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.grouping import Rules, predicts
from services.workorders.domain.moves import Status
from services.workorders.domain.order import Responsibility, WorkOrder
from services.workorders.domain.outage import Outage
from services.workorders.domain.outage import Status as Stand
from services.workorders.domain.policy import Pack
from services.workorders.store import (
    grouping_log,
    groups,
    guarantees,
    leaders,
    looks,
    outages,
    references,
)
from services.workorders.store.groups import Group
from services.workorders.store.looks import Look
from services.workorders.use_cases import clocks, keeping, leading, spreading, telling
from services.workorders.use_cases.telling import News
from shared.db import Tx
from shared.stamp import Stamp

_ROOM = 500  # followers told in one transaction


@dataclass(slots=True)
class Looking:
    """One transaction of looks. room: how many followers may still be told in it."""

    tx: Tx
    stamp: Stamp
    packs: Sequence[Pack]
    rules: Rules
    room: int = _ROOM


async def look(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Look at groups that somebody asked about. Returns when each was asked.

    What could not be finished is asked about still.
    """
    if not await groups.alone_at_once(tx):
        return []
    asked = await looks.asked(tx, stamp.at, limit)
    if not asked:
        return []
    packs = await references.packs_in_force(tx, stamp.at)
    looking = Looking(tx, stamp, packs, sections.grouping(packs))
    finished: list[Look] = []
    for same in _by_group(asked):
        if not await _look_at(looking, same):
            break
        finished += same
    if finished:
        await looks.done(tx, finished)
    return [one.at for one in finished]


def _by_group(asked: Sequence[Look]) -> list[list[Look]]:
    found: dict[UUID | None, list[Look]] = {}
    for one in asked:
        found.setdefault(one.order_id or one.outage_id, []).append(one)
    return list(found.values())


async def _look_at(looking: Looking, same: Sequence[Look]) -> bool:
    """False when the followers are more than there is room for: look again."""
    tx, stamp = looking.tx, looking.stamp
    for one in same:
        if one.joined_id is not None:
            await _joined(tx, stamp, one.joined_id)
    first = same[0]
    order = await _on_top(tx, first.order_id) if first.order_id else None
    nested_in = next((one.nested_in for one in same if one.nested_in), None)
    if order is not None and nested_in is not None:
        order = await leading.nest(tx, stamp, order, nested_in)
    outage_id = order.outage_id if order else first.outage_id
    if outage_id is None:
        assert order is not None
        return await _look_at_order(looking, order)
    outage = (await outages.lock_all(tx, [outage_id]))[outage_id]
    return await _look_at_outage(looking, outage, order)


async def _joined(tx: Tx, stamp: Stamp, id: UUID) -> None:
    """The clocks of who joined go by what it follows; it waits since that began."""
    order = (await groups.lock_orders(tx, [id]))[id]
    if order.is_merged:
        await clocks.follow_master(tx, stamp, order)
    if order.outage_id is not None:
        await guarantees.begin_with_outage(tx, [order.id])


async def _on_top(tx: Tx, id: UUID) -> WorkOrder:
    """The order itself, or what it follows by now; locked."""
    order = (await groups.lock_orders(tx, [id]))[id]
    while order.is_merged and order.master_id is not None:
        order = (await groups.lock_orders(tx, [order.master_id]))[order.master_id]
    return order


async def _look_at_order(looking: Looking, master: WorkOrder) -> bool:
    """A group that is no outage: it may have become one; else its followers hear what is new."""
    tx, stamp, rules = looking.tx, looking.stamp, looking.rules
    if master.is_open and master.leads_until is not None:
        calls = await groups.reported(tx, master.id)
        await leaders.lead_until(tx, master.id, max(calls) + rules.gap)
        master = replace(master, leads_until=max(master.leads_until, max(calls) + rules.gap))
        if predicts(calls, rules) and not await _undone(tx, master):
            outage = await leading.predict(tx, stamp, master, min(calls), rules)
            return await _look_at_outage(looking, outage, None)
        wider = await spreading.taken_in(tx, stamp, master, rules)
        if wider is not None:
            return await _look_at_outage(looking, wider, None)
    group = Group(master_id=master.id)
    if no_longer_leads(master):
        next_one = await leading.hand_over(tx, stamp, group, master, None)
        return next_one is None or await _look_at_order(looking, next_one)
    return await _told(looking, group, _news_of(master))


async def _undone(tx: Tx, master: WorkOrder) -> bool:
    """Somebody decided that this group is no outage: the engine does not know better."""
    return bool(
        await outages.was_none(tx, master.id)
        or await grouping_log.undone(tx, Decided.PREDICTED, [master.id])
        or await grouping_log.undone(tx, Decided.SPREAD, [master.id])
    )


async def _look_at_outage(looking: Looking, outage: Outage, order: WorkOrder | None) -> bool:
    """`order`: the one that moved, if it was one of this outage."""
    tx, stamp, rules = looking.tx, looking.stamp, looking.rules
    if order is not None and outage.is_out and order.id != outage.master_id:
        outage = await leading.claim_lead(tx, stamp, outage, order)
    if outage.is_out and outage.master_id is not None:
        master = (await groups.lock_orders(tx, [outage.master_id]))[outage.master_id]
        if no_longer_leads(master):
            outage = await leading.hand_over_outage(tx, stamp, outage, master)
        else:
            outage = await keeping.keep_up(tx, stamp, outage, master, rules)
    if outage.is_out and outage.feeder is not None:
        outage = await spreading.spread(tx, stamp, outage, rules)
    outage = await keeping.close_when_settled(tx, stamp, outage, rules)
    news = News(outage.etr_at, outage.etrs, outage.restored_at, outage.reply)
    if outage.status is not Stand.CLOSED:
        news = replace(news, reply=None)
    return await _told(looking, Group(outage_id=outage.id), news)


async def _told(looking: Looking, group: Group, news: News) -> bool:
    if looking.room <= 0:
        return False
    told = await telling.tell(looking.tx, looking.stamp, group, news, looking.packs, looking.room)
    looking.room -= told
    return looking.room > 0


def no_longer_leads(master: WorkOrder) -> bool:
    """It does nothing for those who follow it: given up, or a fault found to be its customer's own.

    Of another matter the reply holds for all, whoever was responsible.
    """
    if master.status in (Status.CANCELLED, Status.RESOLVED_ON_CONTACT):
        return True
    if master.reply is None:
        return master.status is Status.ARCHIVED
    return master.is_fault and master.reply.responsibility is Responsibility.CUSTOMER


def _news_of(master: WorkOrder) -> News:
    """What followers of an order hear, when it is no outage: as it is with that order.

    A reply that somebody is to review reaches nobody before.
    """
    return News(master.etr_at, None, master.steps.repaired_at, master.reviewed_reply)


async def end_leads(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Orders that nobody called about for so long speak for their transformer no more."""
    return await leaders.end_leads(tx, stamp.at, limit)
