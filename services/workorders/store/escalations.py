"""Escalations in and out of PostgreSQL, and the windows in which they are gathered."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.escalation import Escalation, EscalationId, Gathered, Recipient
from services.workorders.tables import escalations, work_orders
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after

ESCALATION_BELL = "escalations"
_FIELDS = tuple(field.name for field in fields(Escalation))
_RAISED = tuple(f for f in _FIELDS if f not in ("digest_id", "acknowledged_at", "acknowledged_by"))

# Literal, so that queries with these words may use the partial index.
_WAITS = "e.digest_id IS NULL AND e.acknowledged_at IS NULL AND e.by <> 'board'"
_WAITING = f"FROM escalations e WHERE {_WAITS}"

# Each recipient for whom something waits, by a look into the index for each, however much waits;
# and when they may be told: when the window since the last message is over and something is ready.
_RECIPIENTS = f"""
    WITH RECURSIVE r AS (
      (SELECT e.tell, e.by, e.region {_WAITING} ORDER BY e.tell, e.by, e.region LIMIT 1)
      UNION ALL
      SELECT n.tell, n.by, n.region FROM r, LATERAL (
        SELECT e.tell, e.by, e.region {_WAITING}
          AND (e.tell, e.by, e.region) > (r.tell, r.by, r.region)
        ORDER BY e.tell, e.by, e.region LIMIT 1) n),
    due AS (
      SELECT r.*, greatest(w.ends_at, (
          SELECT min(e.ready_at) {_WAITING}
          AND e.tell = r.tell AND e.by = r.by AND e.region = r.region)) AS due_at
      FROM r LEFT JOIN digest_windows w USING (tell, by, region))
    """
_NEXT = f"SELECT * FROM ({_RECIPIENTS} SELECT min(due_at) AS due_at FROM due) AS found"
_DUE = f"{_RECIPIENTS} SELECT * FROM due WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('digests', 0)) AS ours"
_OPEN_WINDOW = """
    INSERT INTO digest_windows (tell, by, region, ends_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tell, by, region) DO UPDATE SET ends_at = excluded.ends_at
    """

# One line for each clock, its last; a warning about what has been done meanwhile is not told.
_GATHER = f"""
    WITH mine AS (
      SELECT e.id {_WAITING} AND e.tell = $2 AND e.by = $3 AND e.region = $4 AND e.ready_at <= $5
      ORDER BY e.id FOR UPDATE SKIP LOCKED),
    taken AS (
      UPDATE escalations e SET digest_id = $1 FROM mine WHERE e.id = mine.id RETURNING e.*),
    told AS (
      SELECT DISTINCT ON (t.clock_id) t.* FROM taken t JOIN clocks c ON c.id = t.clock_id
      WHERE t.because = 'breached' OR c.stopped_at IS NULL
      ORDER BY t.clock_id, t.raised_at DESC, t.id DESC),
    kinds AS (SELECT kind, count(*) AS many FROM told GROUP BY kind),
    items AS (
      SELECT t.clock_id, t.order_id AS work_order_id, o.case_id, o.case_number, t.kind, t.because,
        t.repetition, t.due_at
      FROM told t JOIN work_orders o ON o.id = t.order_id ORDER BY t.due_at, t.id LIMIT $6)
    SELECT count(*) AS total, count(*) FILTER (WHERE because = 'warned') AS warned,
      (SELECT coalesce(json_object_agg(kind, many), '{{}}') FROM kinds) AS kinds,
      coalesce(json_agg(DISTINCT team) FILTER (WHERE team IS NOT NULL), '[]') AS teams,
      (SELECT coalesce(json_agg(row_to_json(items)), '[]') FROM items) AS items
    FROM told
    """


class NoSuchEscalation(NotFound):
    """There is no such escalation, or you may not see it."""


class Seen(NamedTuple):
    """An escalation with the number of its case."""

    escalation: Escalation
    case_number: str


def add(tx: Tx, rows: Sequence[Escalation]) -> None:
    """Leave new ones with this transaction; the timer of digests is woken after it."""
    for row in rows:
        values = {name: getattr(row, name) for name in _RAISED}
        values["ready_at"] = values.pop("held_until") or row.raised_at
        tx.leave(escalations, values)
    if rows:
        tx.ring(ESCALATION_BELL)


async def due(tx: Tx, at: datetime, limit: int) -> list[Recipient]:
    """Who is to be told by `at`, in that order. Nobody, while another worker sees to it."""
    [lock] = await tx.run(_LOCK)
    if not lock.ours:
        return []
    return [Recipient(*row) for row in await tx.run(_DUE, at, limit)]


async def next_due(tx: Tx) -> datetime | None:
    [row] = await tx.read(_NEXT)
    at: datetime | None = row["due_at"]
    return at


async def gather(tx: Tx, digest_id: UUID, to: Recipient, at: datetime, items: int) -> Gathered:
    """Everything that is ready for this recipient, taken into one message."""
    [row] = await tx.run(_GATHER, digest_id, to.tell, to.by, to.region, at, items)
    return Gathered(
        row.total,
        row.warned,
        row.kinds,
        tuple(row.teams),
        tuple(row.items),
    )


async def open_window(tx: Tx, to: Recipient, ends_at: datetime) -> None:
    await tx.run(_OPEN_WINDOW, to.tell, to.by, to.region, ends_at)


async def find(tx: Tx, id: EscalationId, region: str) -> Escalation:
    """Raises NoSuchEscalation, also when it is another region's."""
    where = (escalations.c.id == id, region_scope(escalations.c.region, region))
    row = (await tx.execute(sa.select(escalations).where(*where))).one_or_none()
    if row is None:
        raise NoSuchEscalation(escalation_id=str(id))
    return _escalation(row)


async def clocks_unacknowledged(tx: Tx, order_id: UUID) -> list[UUID]:
    """The clocks of an order about which something was raised that nobody has acknowledged."""
    query = sa.select(escalations.c.clock_id).distinct()
    open_ = (escalations.c.order_id == order_id, escalations.c.acknowledged_at.is_(None))
    return list((await tx.execute(query.where(*open_))).scalars())


async def acknowledge(tx: Tx, clock_ids: Sequence[UUID], by: str, at: datetime) -> list[Seen]:
    """Everything raised about these clocks. Returns what was not acknowledged before."""
    table = escalations.c
    mine = (
        sa.select(table.id)
        .where(table.clock_id.in_(clock_ids), table.acknowledged_at.is_(None))
        .order_by(table.id)
        .with_for_update()
        .cte("mine")
    )
    changed = (
        escalations.update()
        .where(table.id == mine.c.id, work_orders.c.id == table.order_id)
        .values(acknowledged_at=at, acknowledged_by=by)
        .returning(escalations, work_orders.c.case_number)
    )
    return sorted(map(_seen, await tx.execute(changed)), key=lambda one: one.escalation.id)


async def page(
    tx: Tx, region: str, *, acknowledged: bool | None, tell: str | None, cursor: str | None,
    limit: int,
) -> list[Seen]:  # fmt: skip
    """Newest first, of the caller's region."""
    table = escalations.c
    where = [region_scope(table.region, region), after(table.raised_at, table.id, cursor)]
    if acknowledged is not None:
        unseen = table.acknowledged_at.is_(None)
        where.append(sa.not_(unseen) if acknowledged else unseen)
    if tell is not None:
        where.append(table.tell == tell)
    query = sa.select(escalations, work_orders.c.case_number).where(*where)
    query = query.join(work_orders, work_orders.c.id == table.order_id)
    newest = query.order_by(table.raised_at.desc(), table.id.desc()).limit(limit)
    return [_seen(row) for row in await tx.execute(newest)]


def _seen(row: Any) -> Seen:
    return Seen(_escalation(row), row.case_number)


def _escalation(row: Any) -> Escalation:
    names = (name for name in Escalation.__dataclass_fields__ if name != "held_until")
    held_until = row.ready_at if row.ready_at > row.raised_at else None
    return Escalation(**{name: getattr(row, name) for name in names}, held_until=held_until)
