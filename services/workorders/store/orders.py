"""Work orders in and out of PostgreSQL."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.order import (
    Reply,
    Responsibility,
    Site,
    Status,
    WorkOrder,
    WorkOrderId,
)
from services.workorders.domain.routing import Routing
from services.workorders.tables import work_orders
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope
from shared.page import after


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
    tx.leave(work_orders, _row(order))


async def save(tx: Tx, order: WorkOrder) -> None:
    """Write back a locked order."""
    await tx.execute(work_orders.update().where(work_orders.c.id == order.id).values(_row(order)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for."""

    case_id: UUID | None = None
    status: Status | None = None
    team: str | None = None
    region: str | None = None


async def page(
    tx: Tx, region: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> list[WorkOrder]:
    """Newest first, of the caller's region."""
    table = work_orders.c
    where = [region_scope(table.region, region), after(table.opened_at, table.id, cursor)]
    asked = (
        (table.case_id, wanted.case_id),
        (table.status, wanted.status),
        (table.team, wanted.team),
    )
    where += [column == value for column, value in asked if value is not None]
    if wanted.region is not None:
        where.append(region_scope(table.region, wanted.region))
    query = sa.select(work_orders).where(*where)
    newest = query.order_by(table.opened_at.desc(), table.id.desc()).limit(limit)
    return [order_of(row) for row in await tx.execute(newest)]


async def _one(tx: Tx, aim: Aim, query: sa.Select[Any]) -> WorkOrder:
    mine = query.where(work_orders.c.id == aim.id, region_scope(work_orders.c.region, aim.region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchWorkOrder(work_order_id=str(aim.id))
    return order_of(row)


def _row(order: WorkOrder) -> dict[str, Any]:
    routing = order.routing
    return {
        "id": order.id,
        "case_id": order.case_id,
        "case_number": order.case_number,
        "case_type": order.case_type,
        **asdict(order.site),
        "received_at": order.received_at,
        "opened_at": order.opened_at,
        "status": order.status,
        "level": order.level,
        "team": routing.team if routing else None,
        "team_name": routing.team_name if routing else None,
        "routed_because": list(routing.because) if routing else [],
        "handler": order.handler,
        "claimed_at": order.claimed_at,
        "departed_at": order.departed_at,
        "arrived_at": order.arrived_at,
        "etr_at": order.etr_at,
        "reply": asdict(order.reply) if order.reply else None,
        "replied_at": order.replied_at,
        "archived_at": order.archived_at,
        "version": order.version,
    }


def order_of(row: Any) -> WorkOrder:
    routing = None
    if row.team is not None:
        routing = Routing(row.team, row.team_name, tuple(row.routed_because))
    return WorkOrder(
        id=WorkOrderId(row.id),
        case_id=row.case_id,
        case_number=row.case_number,
        case_type=row.case_type,
        site=Site(row.region, row.area, row.address, row.transformer),
        received_at=row.received_at,
        opened_at=row.opened_at,
        status=Status(row.status),
        level=row.level,
        routing=routing,
        handler=row.handler,
        claimed_at=row.claimed_at,
        departed_at=row.departed_at,
        arrived_at=row.arrived_at,
        etr_at=row.etr_at,
        reply=_reply(row.reply),
        replied_at=row.replied_at,
        archived_at=row.archived_at,
        version=row.version,
    )


def _reply(data: dict[str, Any] | None) -> Reply | None:
    if data is None:
        return None
    return Reply(
        data["cause"],
        data["action"],
        Responsibility(data["responsibility"]),
        tuple(data["evidence"]),
    )
