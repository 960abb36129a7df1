"""Another kind of case has other limits: our own clocks follow it, what was promised stays."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock
from services.workorders.domain.limit import Fact, Limit
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Pack
from services.workorders.domain.routing import Cause
from services.workorders.store import decisions
from services.workorders.store.decisions import Decided
from services.workorders.use_cases import clocks
from services.workorders.use_cases.open_clocks import OpenClocks
from shared.db import Tx
from shared.stamp import Stamp

_ByKind = dict[str, tuple[Pack, Limit]]


async def follow_type(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    packs: Sequence[Pack],
    before: str,
    coming: Collection[Fact] = (),
) -> None:
    """The order, which was a case of the type `before`, is timed as one of its type now.

    Only where the two have different limits. A clock of our own runs by the new limit, with what it
    has used; it is cancelled where the new type has none, or one that another fact starts. What the
    new type asks for beside that starts since its fact became true, unless it is over already. What
    was promised stays as it is. coming: facts that are about to become true, and do their part.
    """
    was, now = _limits(packs, order, before), _limits(packs, order, order.case_type)
    other = {kind for kind in was.keys() | now.keys() if was.get(kind) != now.get(kind)}
    since = _since(order, await decisions.of_order(tx, order.id))
    ticking = await OpenClocks.of(tx, stamp, order)
    reason = f"relabelled from {before} to {order.case_type}"
    changed = []
    for page in ticking.own(order):
        clock: Clock = page.clock
        if clock.ended or clock.promised or clock.kind not in other:
            continue
        by = now.get(clock.kind)
        if by is not None and by[1].starts in coming:
            continue
        if by is None or by[1].starts is not _started_by(clock, was):
            clockwork.give_up(page, reason)
        else:
            await ticking.retarget(page, order, packs, by, reason)
            changed.append(page)
    running = {page.clock.kind for page in ticking.own(order) if not page.clock.ended}
    asked = {kind: by for kind, by in now.items() if kind in other - running}
    begun = await ticking.begin(order, packs, _to_begin(order, asked, since, coming))
    if order.is_merged:
        await clocks.do_as_master(tx, ticking, order, [*changed, *begun])
    await ticking.close()


def _limits(packs: Sequence[Pack], order: WorkOrder, case_type: str) -> _ByKind:
    """Of each kind of clock the first limit that fits, as a case of that type."""
    found: _ByKind = {}
    for pack in packs:
        for limit in pack.limits:
            if limit.fits(case_type, order.site.area, order.classes):
                found.setdefault(limit.clock, (pack, limit))
    return found


def _started_by(clock: Clock, was: _ByKind) -> Fact | None:
    if clock.terms.limit is not None:
        return clock.terms.limit.starts
    return was[clock.kind][1].starts if clock.kind in was else None


def _to_begin(
    order: WorkOrder,
    asked: _ByKind,
    since: Mapping[Fact, datetime],
    coming: Collection[Fact],
) -> Iterator[tuple[Pack, Limit, datetime]]:
    """What has begun, and waits for something that has not happened since and is not coming."""
    undated = _undated(order)
    for pack, limit in asked.values():
        at = since.get(limit.starts)
        if at is None or limit.starts in coming:
            continue
        over = {fact for fact, when in since.items() if when >= at} | undated | set(coming)
        if over.isdisjoint(limit.stops):
            yield pack, limit, at


def _since(order: WorkOrder, past: Sequence[Decided]) -> dict[Fact, datetime]:
    """Since when each fact is true of the order in this round, as far as it is known."""
    steps = order.steps
    reopened = [one.at for one in past if one.cause is Cause.REOPENED]
    at = {
        Fact.ACCEPTED: reopened[-1] if order.level > 1 and reopened else order.received_at,
        Fact.DISPATCHED: _dispatched_at(decisions.of_round(past)) if order.team else None,
        Fact.CLAIMED: steps.claimed_at if order.handler else None,
        Fact.CONTACTED: steps.contacted_at,
        Fact.DEPARTED: steps.departed_at,
        Fact.ARRIVED: steps.arrived_at,
        Fact.DIAGNOSED: steps.diagnosed_at,
        Fact.REPAIRED: steps.repaired_at,
        Fact.REPLIED: steps.replied_at,
    }
    return {fact: when for fact, when in at.items() if when is not None}


def _dispatched_at(past: Sequence[Decided]) -> datetime | None:
    """When the team that has it got it."""
    at, team = None, None
    for one in past:
        if one.team is not None and one.team != team:
            at, team = one.at, one.team
    return at


def _undated(order: WorkOrder) -> set[Fact]:
    """What has happened to it; when is not kept."""
    happened = {
        Fact.ETR_SET: order.etr_at is not None,
        Fact.RETURNED: order.status is Status.RETURNED,
        Fact.MERGED: order.is_merged,
        Fact.REVIEWED: order.status is Status.CALLBACK_DUE,
        Fact.URGE_ANSWERED: 0 < order.urges == order.urges_answered,
    }
    return {fact for fact, is_so in happened.items() if is_so}
