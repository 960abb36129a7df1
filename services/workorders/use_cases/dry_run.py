"""Rules tried on orders of the past: who would have got what, changing nothing."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from services.workorders.domain.conditions import words_about
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.rehearsal import (
    Difference,
    Hold,
    Stage,
    as_opened,
    compared,
    rehearse,
)
from services.workorders.domain.routing import Decision
from services.workorders.store import orders, rules, shifts, teams
from services.workorders.store.rules import Ruling
from shared.db import Tx
from shared.errors import Conflict, Invalid
from shared.stamp import Stamp

MOST_ORDERS, _LONGEST, _AT_ONCE = 2000, timedelta(days=31), 50


class BadPeriod(Invalid):
    """A period begins before it ends, and lasts a month at most."""


class NoRulesInForce(Conflict):
    """There are no rules in force to compare with."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """more: the period holds more orders than were tried: only the first ones were."""

    begin: datetime
    end: datetime
    more: bool
    difference: Difference


async def dry_run(
    tx: Tx,
    stamp: Stamp,
    data: Mapping[str, Any],
    period: tuple[datetime, datetime] | None,
    region: str,
) -> DryRun:
    """Yesterday's orders of the region, or those of another period, by both sets of rules.

    Raises BadRules, BadPeriod, NoRulesInForce.
    """
    proposed = rules.ruling_of(data)
    current = await rules.in_force(tx, tx.day_of(stamp.at))
    if current is None:
        raise NoRulesInForce
    begin, end = period or _yesterday(tx, stamp.at)
    if not timedelta(0) < end - begin <= _LONGEST:
        raise BadPeriod
    found = await orders.opened_between(tx, region, begin, end, MOST_ORDERS + 1)
    tried = [as_opened(order) for order in found[:MOST_ORDERS]]
    before = await _rehearsed(tx, tried, current, begin, end)
    after = await _rehearsed(tx, tried, proposed, begin, end)
    return DryRun(begin, end, len(found) > MOST_ORDERS, compared(tried, before, after))


async def _rehearsed(
    tx: Tx, tried: Sequence[WorkOrder], ruling: Ruling, begin: datetime, end: datetime
) -> list[Decision]:
    """Others are served in between: this may take half a second."""
    stage = Stage(
        await teams.all_teams(tx, ""),
        await teams.members_of(tx, "", None),
        await shifts.between(tx, begin, end),
    )
    accounts = {order.asked.account_no for order in tried if order.asked.account_no}
    represented = await teams.representatives_of(tx, sorted(accounts))
    decisions = []
    conditions = _conditions(tx, ruling)
    for decision in rehearse(tried, ruling.rules, stage, represented, conditions, tx.day_of):
        decisions.append(decision)
        if len(decisions) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return decisions


def _conditions(tx: Tx, ruling: Ruling) -> Callable[[WorkOrder, bool], Hold]:
    def about(order: WorkOrder, represented: bool) -> Hold:
        words = words_about(order, order.opened_at, tx.zone, order.classes, represented)
        return ruling.conditions.about(words).hold

    return about


def _yesterday(tx: Tx, at: datetime) -> tuple[datetime, datetime]:
    today = tx.day_of(at)
    midnight = datetime.combine(today, time(), tx.zone)
    return datetime.combine(today - timedelta(days=1), time(), tx.zone), midnight
