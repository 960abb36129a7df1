"""How much there is on the board, of each team, type, region, state and urgency."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.workorders.domain.board import Urgency
from services.workorders.store.board import Asked, fits
from services.workorders.store.lists import Sight, plan_for_these
from services.workorders.tables import clocks, work_orders
from shared.db import Tx

# By which of the five a row is not grouped, as PostgreSQL's grouping() counts: bit by bit.
_KINDS = {
    0b11111: "all",
    0b01111: "team",
    0b10111: "case_type",
    0b11011: "status",
    0b11101: "supervised",
    0b11110: "region",
}
_ALL = list(Urgency)
_REGION_LEVELS = (2, 4, 6)  # province, city, county: digits of a region's code


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines share this value, by urgency. kind "all": all of them, whatever they share."""

    kind: str
    value: str
    name: str | None
    urgencies: dict[Urgency, int]


async def tallies(tx: Tx, asked: Asked, sight: Sight) -> list[Tally]:
    """Counts by team, type, status, supervision and region one level below the one looked at."""
    await plan_for_these(tx)
    order = work_orders.c
    looked_at = max(sight.region, asked.wanted.region or "", key=len)
    digits = next((n for n in _REGION_LEVELS if n > len(looked_at)), 6)
    first = _first(narrow=len(looked_at) > _REGION_LEVELS[0] or bool(asked.wanted.team))
    line = (
        sa.select(
            order.team,
            order.team_name,
            order.case_type,
            order.status,
            order.supervised,
            sa.func.left(order.region, digits).label("region"),
            sa.case(
                (sa.func.coalesce(first.c.unstopped, 0) == 0, _number(Urgency.NO_CLOCK)),
                (first.c.due_at.is_(None), _number(Urgency.PAUSED)),
                (first.c.due_at < sight.at, _number(Urgency.BREACHED)),
                (first.c.due_at < sight.soon, _number(Urgency.AT_RISK)),
                else_=_number(Urgency.IN_TIME),
            ).label("urgency"),
        )
        .outerjoin_from(work_orders, first, first.c.order_id == order.id)
        .where(*fits(asked.wanted, sight))
        .cte("line")
    )
    shared = (line.c.team, line.c.case_type, line.c.status, line.c.supervised, line.c.region)
    sets = [sa.tuple_(line.c.urgency), *(sa.tuple_(one, line.c.urgency) for one in shared)]
    query = sa.select(
        sa.func.grouping(*shared).label("without"),
        *shared,
        sa.func.max(line.c.team_name).label("team_name"),
        line.c.urgency,
        sa.func.count().label("many"),
    )
    if asked.urgencies != frozenset(Urgency):
        query = query.where(line.c.urgency.in_([_ALL.index(one) for one in asked.urgencies]))
    query = query.group_by(sa.func.grouping_sets(*sets))
    return _read(await tx.execute(query))


def _number(urgency: Urgency) -> sa.ColumnElement[int]:
    """Numbers are grouped faster than words."""
    return sa.literal_column(str(_ALL.index(urgency)), sa.Integer)


def _first(*, narrow: bool) -> Any:
    """Of each order its unstopped clocks, and when the first of them is due.

    For few orders looked up one by one; for all of them, all clocks at once.
    """
    its = sa.select(
        clocks.c.order_id,
        sa.func.count().label("unstopped"),
        sa.func.min(clocks.c.due_at).label("due_at"),
    ).where(clocks.c.stopped_at.is_(None))
    if narrow:
        its = its.where(clocks.c.order_id == work_orders.c.id).correlate(work_orders)
        return its.group_by(clocks.c.order_id).lateral("first")
    return its.group_by(clocks.c.order_id).subquery("first")


def _read(rows: Iterable[Any]) -> list[Tally]:
    found: dict[tuple[str, str], Tally] = {}
    for row in rows:
        kind = _KINDS[row.without]
        value = "" if kind == "all" else getattr(row, kind)
        value = "" if value is None else str(value).lower() if kind == "supervised" else value
        name = row.team_name if kind == "team" else None
        tally = found.setdefault((kind, value), Tally(kind, value, name, {}))
        tally.urgencies[_ALL[row.urgency]] = row.many
    return [found[key] for key in sorted(found)]
