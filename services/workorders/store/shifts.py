"""Shifts in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.workorders.domain.roster import Shift, ShiftId
from services.workorders.tables import shifts, teams
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope
from shared.page import after


class NoSuchShift(NotFound):
    """There is no such shift, or you may not see it."""


async def get(tx: Tx, id: ShiftId, region: str) -> Shift:
    """Raises NoSuchShift."""
    return await _one(tx, id, region, sa.select(shifts))


async def lock(tx: Tx, id: ShiftId, region: str, expected: int | None = None) -> Shift:
    """`get`, for update. Raises PreconditionFailed when the caller acts upon another version."""
    shift = await _one(tx, id, region, sa.select(shifts).with_for_update(of=shifts))
    check_expected(expected, shift.version)
    return shift


async def add(tx: Tx, planned: Sequence[Shift]) -> None:
    await tx.execute(shifts.insert(), [_row(shift) for shift in planned])


async def save(tx: Tx, shift: Shift) -> None:
    """Write back a locked shift."""
    await tx.execute(shifts.update().where(shifts.c.id == shift.id).values(_row(shift)))


async def with_any_of(
    tx: Tx, persons: Sequence[str], begin: datetime, end: datetime
) -> list[Shift]:
    """The shifts that any of these people is on, at any time from `begin` to `end`."""
    query = sa.select(shifts).where(
        shifts.c.members.overlap(list(persons)), shifts.c.starts_at < end, shifts.c.ends_at > begin
    )
    return [_shift(row) for row in await tx.execute(query)]


async def between(tx: Tx, begin: datetime, end: datetime) -> list[Shift]:
    """Every shift that runs at any time from `begin` to `end`."""
    query = sa.select(shifts).where(shifts.c.starts_at < end, shifts.c.ends_at > begin)
    return [_shift(row) for row in await tx.execute(query)]


async def next_of(tx: Tx, shift: Shift) -> Shift | None:
    """The one of its team that takes over: the first to start after it did, and to end later."""
    query = sa.select(shifts).where(
        shifts.c.team == shift.team,
        shifts.c.id != shift.id,
        shifts.c.closed_at.is_(None),
        shifts.c.starts_at > shift.starts_at,
        shifts.c.ends_at > shift.ends_at,
    )
    row = (await tx.execute(query.order_by(shifts.c.starts_at).limit(1))).one_or_none()
    return _shift(row) if row else None


async def next_start(tx: Tx, prefixes: Sequence[str], at: datetime) -> datetime | None:
    """When the next shift starts of any team that serves one of these regions."""
    query = (
        sa.select(sa.func.min(shifts.c.starts_at))
        .join(teams, teams.c.code == shifts.c.team)
        .where(shifts.c.starts_at > at, teams.c.active, teams.c.serves.overlap(list(prefixes)))
    )
    starts_at: datetime | None = (await tx.execute(query)).scalar_one()
    return starts_at


async def page(
    tx: Tx,
    region: str,
    at: datetime,
    *,
    team: str | None,
    state: str | None,
    cursor: str | None,
    limit: int,
) -> list[Shift]:
    """The latest start first, of the caller's region."""
    where = [region_scope(teams.c.region, region), after(shifts.c.starts_at, shifts.c.id, cursor)]
    if team is not None:
        where.append(shifts.c.team == team)
    if state is not None:
        where.append(_in_state(state, at))
    query = sa.select(shifts).join(teams).where(*where)
    latest = query.order_by(shifts.c.starts_at.desc(), shifts.c.id.desc()).limit(limit)
    return [_shift(row) for row in await tx.execute(latest)]


def _in_state(state: str, at: datetime) -> sa.ColumnElement[bool]:
    """As Shift.state says it."""
    if state == "closed":
        return shifts.c.closed_at.is_not(None)
    when = {
        "planned": shifts.c.starts_at > at,
        "running": sa.and_(shifts.c.starts_at <= at, shifts.c.ends_at > at),
        "overdue": shifts.c.ends_at <= at,
    }
    return sa.and_(shifts.c.closed_at.is_(None), when[state])


async def _one(tx: Tx, id: ShiftId, region: str, query: sa.Select[Any]) -> Shift:
    mine = query.join(teams).where(shifts.c.id == id, region_scope(teams.c.region, region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchShift(shift_id=str(id))
    return _shift(row)


def _row(shift: Shift) -> dict[str, Any]:
    row = {name: getattr(shift, name) for name in Shift.__dataclass_fields__}
    return row | {"members": list(shift.members)}


def _shift(row: Any) -> Shift:
    plain = {name: getattr(row, name) for name in Shift.__dataclass_fields__}
    return Shift(**plain | {"id": ShiftId(row.id), "members": tuple(row.members)})
