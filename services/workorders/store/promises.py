"""Promises in and out of PostgreSQL: each ETR as each customer was told it, and promised clocks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.promise import Promise, State
from services.workorders.tables import promises
from shared.db import Tx
from shared.http import region_scope
from shared.ids import new_id
from shared.page import after

PROMISE_BELL = "promises"
ETR = "etr"


async def expect(tx: Tx, told: Sequence[WorkOrder], at: datetime) -> None:
    """Each of these customers was told another ETR: what they were told before is withdrawn."""
    await withdraw(tx, [order.id for order in told], at)
    for order in told:
        tx.leave(
            promises,
            {
                "id": new_id(at),
                "order_id": order.id,
                "outage_id": order.outage_id,
                "region": order.site.region,
                "kind": ETR,
                "promised_at": at,
                "due_at": order.etr_at,
                "state": State.OPEN,
            },
        )
    tx.ring(PROMISE_BELL)


async def withdraw(tx: Tx, order_ids: Collection[UUID], at: datetime) -> None:
    """Nothing is promised any more, or something else is: what is due by now was broken."""
    state = sa.case((promises.c.due_at < at, State.BROKEN), else_=State.WITHDRAWN)
    await _settle(tx, order_ids, state, at)


async def settle(tx: Tx, order_ids: Collection[UUID], done_at: datetime) -> None:
    """Power is back: kept or broken. The due instant itself is still in time."""
    state = sa.case((promises.c.due_at < done_at, State.BROKEN), else_=State.KEPT)
    await _settle(tx, order_ids, state, done_at)


async def _settle(
    tx: Tx, order_ids: Collection[UUID], state: sa.ColumnElement[str], at: datetime
) -> None:
    its = promises.c.order_id.in_(order_ids), promises.c.state == State.OPEN
    await tx.execute(promises.update().where(*its).values(state=state, settled_at=at))


async def break_due(tx: Tx, at: datetime, limit: int) -> list[datetime]:
    """At most `limit` promises that ran out: broken. Returns when each was due."""
    due = (
        sa.select(promises.c.id)
        .where(promises.c.state == State.OPEN, promises.c.due_at < at)
        .order_by(promises.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    broken = promises.update().where(promises.c.id == due.c.id)
    rows = await tx.execute(
        broken.values(state=State.BROKEN, settled_at=promises.c.due_at).returning(promises.c.due_at)
    )
    return [row.due_at for row in rows]


async def next_due(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(promises.c.due_at)).where(promises.c.state == State.OPEN)
    due_at: datetime | None = (await tx.execute(query)).scalar_one()
    return due_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for."""

    order_id: UUID | None = None
    outage_id: UUID | None = None
    state: State | None = None


async def page(
    tx: Tx, region: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> list[Promise]:
    """Newest first, of the caller's region."""
    table = promises.c
    where = [region_scope(table.region, region), after(table.promised_at, table.id, cursor)]
    asked: tuple[tuple[sa.Column[Any], object], ...] = (
        (table.order_id, wanted.order_id),
        (table.outage_id, wanted.outage_id),
        (table.state, wanted.state),
    )
    where += [column == value for column, value in asked if value is not None]
    newest = sa.select(promises).where(*where)
    newest = newest.order_by(table.promised_at.desc(), table.id.desc()).limit(limit)
    return [
        Promise(**{**row._mapping, "state": State(row.state)}) for row in await tx.execute(newest)
    ]
