"""Work orders in and out of PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.moves import Status
from services.workorders.domain.order import (
    Asked,
    Handback,
    Reply,
    Responsibility,
    Site,
    Steps,
    Suspension,
    WorkOrder,
    WorkOrderId,
)
from services.workorders.domain.routing import Pending, Routing
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


# Columns that hold a field of the order as it is.
_PLAIN = (
    "id", "case_id", "case_number", "case_type", "received_at", "opened_at", "status", "level",
    "team", "person", "route_at", "hops", "handler", "etr_at", "master_id", "outage_id", "part_id",
    "leads_until", "callback_attempts", "unreached", "supervised", "urges", "priority", "article",
    "ended_because", "archived_at", "version",
)  # fmt: skip


_NOT_PLAIN_BACK = ("team", "person", "route_at", "status")
_UNROUTED = Routing("", "", ())


def _row(order: WorkOrder) -> dict[str, Any]:
    routing, suspension = order.routing, order.suspension
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        **asdict(order.site),
        **asdict(order.asked),
        **asdict(order.steps),
        "team_name": routing.team_name if routing else None,
        "routed_because": list((routing or order.pending or _UNROUTED).because),
        "handback": asdict(order.handback) if order.handback else None,
        "suspension": _suspension_row(suspension) if suspension else None,
        "suspended_until": suspension.until if suspension else None,
        "reply": asdict(order.reply) if order.reply else None,
        "priority_because": list(order.priority_because),
    }


def order_of(row: Any) -> WorkOrder:
    plain = {name: getattr(row, name) for name in _PLAIN if name not in _NOT_PLAIN_BACK}
    routing = pending = None
    if row.team is not None:
        because = tuple(row.routed_because)
        routing = Routing(row.team, row.team_name, because, row.person, row.route_at)
    elif row.route_at is not None:
        pending = Pending(tuple(row.routed_because), row.route_at)
    return WorkOrder(
        **plain,
        status=Status(row.status),
        site=Site(row.region, row.area, row.address, row.transformer),
        asked=Asked(row.description, row.account_no, row.danger, row.different),
        steps=Steps(*(getattr(row, name) for name in Steps.__dataclass_fields__)),
        routing=routing,
        pending=pending,
        handback=_handback(row.handback),
        suspension=_suspension(row.suspension, row.suspended_until) if row.suspension else None,
        reply=_reply(row.reply),
        priority_because=tuple(row.priority_because),
    )


def _handback(data: dict[str, Any] | None) -> Handback | None:
    if data is None:
        return None
    return Handback(**data | {"teams": tuple(data.get("teams", ()))})


def _suspension_row(suspension: Suspension) -> dict[str, Any]:
    return asdict(suspension) | {
        "until": suspension.until.isoformat(),
        "since": suspension.since.isoformat(),
    }


def _suspension(data: dict[str, Any], until: datetime) -> Suspension:
    return Suspension(**data | {"until": until, "since": datetime.fromisoformat(data["since"])})


def _reply(data: dict[str, Any] | None) -> Reply | None:
    if data is None:
        return None
    return Reply(
        data["cause"],
        data["action"],
        Responsibility(data["responsibility"]),
        tuple(data["evidence"]),
        data.get("substantiated"),
    )
