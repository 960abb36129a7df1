"""The board: what is not at its end yet, the most urgent first, and how much there is of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.board import Urgency, urgency
from services.workorders.domain.moves import Status
from services.workorders.store.lists import Sight, Wanted, plainly_fits, plan_for_these, running
from services.workorders.tables import clocks, on_board, work_orders
from shared.db import Tx
from shared.page import BadCursor, cursor_from, cursor_parts, id_of, instant_of

_order = work_orders.c
_clock, _earlier, _its = clocks.alias("clock"), clocks.alias("earlier"), clocks.alias("its")
_LINE = (
    _order.id, _order.case_number, _order.case_type, _order.region, _order.team, _order.team_name,
    _order.handler, _order.status, _order.priority, _order.supervised, _order.opened_at,
    _order.version,
)  # fmt: skip
_UNDUE = {Urgency.PAUSED, Urgency.NO_CLOCK}


@dataclass(frozen=True, slots=True)
class Line:
    """One order as the board shows it, with the running clock that is due first."""

    id: UUID
    case_number: str
    case_type: str
    region: str
    team: str | None
    team_name: str | None
    handler: str | None
    status: Status
    priority: int
    supervised: bool
    opened_at: datetime
    version: int
    clock: str | None
    promised: bool | None
    due_at: datetime | None
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Asked:
    """What the board is asked for: which orders, of which urgencies."""

    wanted: Wanted
    urgencies: frozenset[Urgency]


async def page(tx: Tx, asked: Asked, sight: Sight, *, cursor: str | None, limit: int) -> list[Line]:
    """By due instant, of equals by priority; then what has no due instant, the oldest first.

    Each part is one query that walks an index in its order.
    """
    place = _Place.read(cursor)
    await plan_for_these(tx)
    found: list[Line] = []
    if place is None or place.due_at is not None:
        if asked.urgencies - _UNDUE:
            found = await _due(tx, asked, sight, place, limit)
        place = None
    if len(found) < limit and asked.urgencies & _UNDUE:
        found += await _undue(tx, asked, sight, place, limit - len(found))
    return found


def cursor_after(line: Line) -> str:
    if line.due_at is None:
        return cursor_from("opened", line.opened_at.isoformat(), str(line.id))
    return cursor_from("due", line.due_at.isoformat(), str(line.priority), str(line.id))


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind which line a page begins."""

    id: UUID
    due_at: datetime | None = None
    priority: int = 0
    opened_at: datetime | None = None

    @classmethod
    def read(cls, cursor: str | None) -> "_Place | None":
        """Raises BadCursor."""
        if cursor is None:
            return None
        match cursor_parts(cursor):
            case ["due", due_at, priority, id] if re.fullmatch(r"-?[0-9]{1,9}", priority):
                return cls(id_of(id), due_at=instant_of(due_at), priority=int(priority))
            case ["opened", opened_at, id]:
                return cls(id_of(id), opened_at=instant_of(opened_at))
        raise BadCursor

    def before_due(self) -> sa.ColumnElement[bool]:
        due_at, same = _clock.c.due_at, _clock.c.due_at == self.due_at
        less = sa.and_(same, _order.priority < self.priority)
        later = sa.and_(same, _order.priority == self.priority, _order.id > self.id)
        return sa.and_(due_at >= self.due_at, sa.or_(due_at > self.due_at, less, later))

    def before_undue(self) -> sa.ColumnElement[bool]:
        opened_at = sa.literal(self.opened_at, _order.opened_at.type)
        return sa.tuple_(_order.opened_at, _order.id) > sa.tuple_(opened_at, sa.literal(self.id))


async def _due(tx: Tx, asked: Asked, sight: Sight, place: _Place | None, limit: int) -> list[Line]:
    """Lines with a running clock; of several the one with none before it."""
    due_at = _clock.c.due_at
    before = sa.select(sa.literal(1)).where(
        _earlier.c.order_id == _clock.c.order_id,
        running(_earlier),
        sa.tuple_(_earlier.c.due_at, _earlier.c.id) < sa.tuple_(due_at, _clock.c.id),
    )
    query = (
        sa.select(*_LINE, _clock.c.kind.label("clock"), _clock.c.promised, due_at)
        .join(_clock, _clock.c.order_id == _order.id)
        .where(running(_clock), ~before.exists(), _in_ranges(asked.urgencies, sight))
        .where(*fits(asked.wanted, sight))
        .order_by(due_at, _order.priority.desc(), _order.id)
        .limit(limit)
    )
    if place is not None:
        query = query.where(place.before_due())
    rows = (await tx.execute(query)).mappings()
    return [Line(**row, urgency=urgency(row["due_at"], sight.at, sight.within)) for row in rows]


async def _undue(
    tx: Tx, asked: Asked, sight: Sight, place: _Place | None, limit: int
) -> list[Line]:
    """Lines without a running clock."""
    unstopped = sa.select(sa.literal(1)).where(
        _its.c.order_id == _order.id, _its.c.stopped_at.is_(None)
    )
    rests = unstopped.correlate(work_orders).exists()
    runs = unstopped.where(running(_its)).correlate(work_orders).exists()
    nothing = {"clock": None, "promised": None, "due_at": None}
    query = (
        sa.select(*_LINE, rests.label("rests"))
        .where(~runs, *fits(asked.wanted, sight))
        .order_by(_order.opened_at, _order.id)
        .limit(limit)
    )
    if not asked.urgencies >= _UNDUE:
        query = query.where(rests if Urgency.PAUSED in asked.urgencies else ~rests)
    if place is not None:
        query = query.where(place.before_undue())
    lines = []
    for row in (await tx.execute(query)).mappings():
        its = {name: row[name] for name in row if name != "rests"} | nothing
        lines.append(Line(**its, urgency=Urgency.PAUSED if row["rests"] else Urgency.NO_CLOCK))
    return lines


def fits(wanted: Wanted, sight: Sight) -> Iterator[sa.ColumnElement[bool]]:
    """What `sight` may see of the board and is wanted, whatever its urgency."""
    yield on_board
    yield from plainly_fits(wanted, sight)


def _in_ranges(urgencies: frozenset[Urgency], sight: Sight) -> sa.ColumnElement[bool]:
    """When the first clock is due."""
    due_at = _clock.c.due_at
    at, soon = sight.at, sight.soon
    ranges = {
        Urgency.BREACHED: due_at < at,
        Urgency.AT_RISK: sa.and_(due_at >= at, due_at < soon),
        Urgency.IN_TIME: due_at >= soon,
    }
    if urgencies.issuperset(ranges):
        return sa.true()
    # One range is walked faster than two.
    if urgencies.issuperset({Urgency.BREACHED, Urgency.AT_RISK}):
        return sa.and_(due_at < soon)
    if urgencies.issuperset({Urgency.AT_RISK, Urgency.IN_TIME}):
        return sa.and_(due_at >= at)
    return sa.or_(*(one for name, one in ranges.items() if name in urgencies))
