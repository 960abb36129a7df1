"""Clocks in and out of PostgreSQL. What is due is found by a partial index, claimed row by row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.clock import Clock, ClockId, State
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.policy import Fact
from services.workorders.store.orders import order_of
from services.workorders.tables import clocks, work_orders
from shared.db import Tx


def add(tx: Tx, started: Sequence[Clock]) -> None:
    for clock in started:
        tx.leave(clocks, _row(clock))


async def lock_running(tx: Tx, order_id: WorkOrderId, stopped_by: Fact) -> list[Clock]:
    """The clocks of an order that this fact stops: armed, or breached and not yet stopped."""
    query = (
        sa.select(clocks)
        .where(
            clocks.c.order_id == order_id,
            clocks.c.stopped_at.is_(None),
            clocks.c.stops.contains([stopped_by]),
        )
        .with_for_update()
    )
    return [_clock(row) for row in await tx.execute(query)]


async def save(tx: Tx, stopped: Sequence[Clock]) -> None:
    for clock in stopped:
        changed = {
            "state": clock.state,
            "stopped_at": clock.stopped_at,
            "fired_at": clock.fired_at,
        }
        await tx.execute(clocks.update().where(clocks.c.id == clock.id).values(changed))


async def of_orders(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[Clock]]:
    """The clocks of these orders, by order, in the order in which they started."""
    query = sa.select(clocks).where(clocks.c.order_id.in_(ids))
    found: dict[UUID, list[Clock]] = {id: [] for id in ids}
    for row in await tx.execute(query.order_by(clocks.c.started_at, clocks.c.due_at)):
        found[row.order_id].append(_clock(row))
    return found


async def generations(tx: Tx, order_id: WorkOrderId) -> dict[str, int]:
    """The last generation of each kind of clock on this order."""
    last = sa.func.max(clocks.c.generation).label("last")
    query = sa.select(clocks.c.kind, last).where(clocks.c.order_id == order_id)
    return {row.kind: row.last for row in await tx.execute(query.group_by(clocks.c.kind))}


_due = (
    sa.select(clocks.c.id)
    .where(clocks.c.state == State.ARMED, clocks.c.due_at < sa.bindparam("at"))
    .order_by(clocks.c.due_at)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_breach = (
    clocks.update()
    .where(clocks.c.id == _due.c.id, work_orders.c.id == clocks.c.order_id)
    .values(state=State.BREACHED, fired_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)))
    .returning(clocks, *(column.label(f"its_{column.name}") for column in work_orders.c))
)


async def breach_due(tx: Tx, at: datetime, limit: int) -> list[tuple[Clock, WorkOrder]]:
    """Breach at most `limit` clocks due before `at`, each with its order, in one statement.

    A clock that another transaction holds (its order is just being answered) is left to it.
    """
    rows = (await tx.execute(_breach, {"at": at, "limit": limit})).all()
    return [(_clock(row), order_of(_Prefixed(row))) for row in rows]


async def next_due(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(clocks.c.due_at)).where(clocks.c.state == State.ARMED)
    due_at: datetime | None = (await tx.execute(query)).scalar_one()
    return due_at


class _Prefixed:
    """The columns of a joined order, by their own names."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, f"its_{name}")


def _row(clock: Clock) -> dict[str, Any]:
    return {
        "id": clock.id,
        "order_id": clock.order_id,
        "kind": clock.kind,
        "generation": clock.generation,
        "promised": clock.promised,
        "policy": clock.policy,
        "policy_version": clock.policy_version,
        "limit_seconds": int(clock.limit.total_seconds()),
        "stops": sorted(clock.stops),
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "state": clock.state,
    }


def _clock(row: Any) -> Clock:
    return Clock(
        id=ClockId(row.id),
        order_id=WorkOrderId(row.order_id),
        kind=row.kind,
        generation=row.generation,
        promised=row.promised,
        policy=row.policy,
        policy_version=row.policy_version,
        limit=timedelta(seconds=row.limit_seconds),
        stops=frozenset(Fact(fact) for fact in row.stops),
        started_at=row.started_at,
        due_at=row.due_at,
        state=State(row.state),
        stopped_at=row.stopped_at,
        fired_at=row.fired_at,
    )
