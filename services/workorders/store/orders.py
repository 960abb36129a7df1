"""Work orders in and out of PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.moves import OPEN, Status
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.store.rows import order_of, row_of
from services.workorders.tables import work_orders
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope


class NoSuchWorkOrder(NotFound):
    """There is no such work order, or you may not see it."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Which order is meant, by a caller of which region, acting upon which version (if said)."""

    id: WorkOrderId
    region: str
    expected: int | None = None


async def get(tx: Tx, aim: Aim) -> WorkOrder:
    """Raises NoSuchWorkOrder."""
    return await _one(tx, aim, sa.select(work_orders))


async def lock(tx: Tx, aim: Aim) -> WorkOrder:
    """`get`, for update. Raises PreconditionFailed when the caller acts upon another version."""
    order = await _one(tx, aim, sa.select(work_orders).with_for_update())
    check_expected(aim.expected, order.version)
    return order


def add(tx: Tx, order: WorkOrder) -> None:
    tx.leave(work_orders, row_of(order))


async def save(tx: Tx, order: WorkOrder) -> None:
    """Write back a locked order."""
    await tx.execute(work_orders.update().where(work_orders.c.id == order.id).values(row_of(order)))


async def lock_open_of(tx: Tx, account_no: str) -> list[WorkOrder]:
    """The orders of an account that are not answered yet, for update."""
    query = (
        sa.select(work_orders)
        .where(work_orders.c.account_no == account_no)
        .where(work_orders.c.status.in_([*OPEN, Status.MERGED]))
        .order_by(work_orders.c.id)
        .with_for_update()
    )
    return [order_of(row) for row in await tx.execute(query)]


async def lock_open(tx: Tx, ids: Collection[UUID]) -> list[WorkOrder]:
    """Those of these orders that are open, for update."""
    query = (
        sa.select(work_orders)
        .where(work_orders.c.id.in_(ids), work_orders.c.status.in_(OPEN))
        .order_by(work_orders.c.id)
        .with_for_update()
    )
    return [order_of(row) for row in await tx.execute(query)]


async def save_watched(tx: Tx, watched: Sequence[WorkOrder]) -> None:
    """Write back who watches these locked orders, and nothing else."""
    if not watched:
        return
    table = work_orders.c
    statement = work_orders.update().where(table.id == sa.bindparam("its_id"))
    names = ("supervised", "supervision", "version", "said")
    statement = statement.values({name: sa.bindparam(f"its_{name}") for name in names})
    rows = map(row_of, watched)
    values = [{f"its_{name}": row[name] for name in ("id", *names)} for row in rows]
    await tx.execute(statement, values)


async def lock_suspended_until(tx: Tx, at: datetime, limit: int) -> list[WorkOrder]:
    """At most `limit` orders whose suspension ends by `at`; those that others hold are left."""
    query = (
        sa.select(work_orders)
        .where(work_orders.c.suspended_until <= at)
        .order_by(work_orders.c.suspended_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [order_of(row) for row in await tx.execute(query)]


async def opened_between(
    tx: Tx, region: str, begin: datetime, end: datetime, limit: int
) -> list[WorkOrder]:
    """Of the caller's region, the oldest first."""
    query = sa.select(work_orders).where(
        region_scope(work_orders.c.region, region),
        work_orders.c.opened_at >= begin,
        work_orders.c.opened_at < end,
    )
    oldest = query.order_by(work_orders.c.opened_at, work_orders.c.id).limit(limit)
    return [order_of(row) for row in await tx.execute(oldest)]


_TO_ROUTE = sa.and_(
    work_orders.c.status.in_(["dispatched", "pending_dispatch", "reassigned", "reopened"]),
    work_orders.c.route_at.is_not(None),
)


async def lock_to_route(tx: Tx, at: datetime, limit: int) -> list[WorkOrder]:
    """At most `limit` orders that routing is to look at again by `at`; those held are left."""
    query = (
        sa.select(work_orders)
        .where(_TO_ROUTE, work_orders.c.route_at <= at)
        .order_by(work_orders.c.route_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [order_of(row) for row in await tx.execute(query)]


async def next_routing(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(work_orders.c.route_at)).where(_TO_ROUTE)
    at: datetime | None = (await tx.execute(query)).scalar_one()
    return at


async def route_waiting(tx: Tx, prefixes: Sequence[str], at: datetime) -> int:
    """Let those without a team, in these regions, be routed again at once. Returns how many."""
    there = [region_scope(work_orders.c.region, prefix) for prefix in prefixes]
    statement = work_orders.update().where(
        _TO_ROUTE, work_orders.c.team.is_(None), work_orders.c.route_at > at, sa.or_(*there)
    )
    return (await tx.execute(statement.values(route_at=at))).rowcount


async def next_resumption(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(work_orders.c.suspended_until))
    until: datetime | None = (await tx.execute(query)).scalar_one()
    return until


async def following(tx: Tx, master_id: WorkOrderId) -> list[WorkOrder]:
    """The orders that follow this one and have nothing of their own done about them."""
    its = (work_orders.c.master_id == master_id, work_orders.c.status == Status.MERGED)
    return [order_of(row) for row in await tx.execute(sa.select(work_orders).where(*its))]


async def of_ids(tx: Tx, ids: Collection[UUID]) -> dict[WorkOrderId, WorkOrder]:
    """Those of these orders that there are."""
    rows = await tx.execute(sa.select(work_orders).where(work_orders.c.id.in_(ids)))
    return {WorkOrderId(row.id): order_of(row) for row in rows}


async def _one(tx: Tx, aim: Aim, query: sa.Select[Any]) -> WorkOrder:
    mine = query.where(work_orders.c.id == aim.id, region_scope(work_orders.c.region, aim.region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchWorkOrder(work_order_id=str(aim.id))
    return order_of(row)
