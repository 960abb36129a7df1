"""Which orders somebody wants to see: lists, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.store.rows import order_of
from services.workorders.tables import clocks, work_orders
from shared.db import Tx
from shared.http import region_scope
from shared.page import after


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. None: whatever it is.

    breached: a running clock is overdue. at_risk: none is, but one is due soon. Both: either.
    """

    case_id: UUID | None = None
    status: Status | None = None
    team: str | None = None
    region: str | None = None
    case_type: str | None = None
    priority_min: int | None = None
    supervised: bool | None = None
    breached: bool | None = None
    at_risk: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks, when, and how soon is soon: a caller's region, the moment, the rule of the day."""

    region: str
    at: datetime
    within: timedelta

    @property
    def soon(self) -> datetime:
        return self.at + self.within


def running(clock: Any) -> sa.ColumnElement[bool]:
    """It has not stopped and does not rest."""
    return sa.and_(clock.c.stopped_at.is_(None), clock.c.due_at.is_not(None))


def fits(wanted: Wanted, sight: Sight) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions on an order that `sight` may see and that is wanted."""
    yield from plainly_fits(wanted, sight)
    overdue, soon = _due(None, sight.at), _due(sight.at, sight.soon)
    if wanted.breached and wanted.at_risk:
        yield _due(None, sight.soon)
    elif wanted.breached:
        yield overdue
    elif wanted.at_risk:
        yield sa.and_(soon, ~overdue)
    if wanted.breached is False:
        yield ~overdue
    if wanted.at_risk is False:
        yield sa.or_(overdue, ~soon)


def plainly_fits(wanted: Wanted, sight: Sight) -> Iterator[sa.ColumnElement[bool]]:
    """Those of `fits` that the order itself answers, without its clocks."""
    order = work_orders.c
    yield region_scope(order.region, sight.region)
    if wanted.region is not None:
        yield region_scope(order.region, wanted.region)
    same = (
        (order.case_id, wanted.case_id),
        (order.status, wanted.status),
        (order.team, wanted.team),
        (order.case_type, wanted.case_type),
        (order.supervised, wanted.supervised),
    )
    yield from (column == value for column, value in same if value is not None)
    if wanted.priority_min is not None:
        yield order.priority >= wanted.priority_min
    if wanted.opened_from is not None:
        yield order.opened_at >= wanted.opened_from
    if wanted.opened_to is not None:
        yield order.opened_at < wanted.opened_to


async def plan_for_these(tx: Tx) -> None:
    """Let PostgreSQL plan for the values of this request.

    After some requests it would plan once for all values; but a county and the whole country, a
    team and no team, are best found in different ways.
    """
    await tx.run("SET LOCAL plan_cache_mode = force_custom_plan")


async def page(
    tx: Tx, wanted: Wanted, sight: Sight, *, cursor: str | None, limit: int
) -> list[WorkOrder]:
    """Newest first."""
    order = work_orders.c
    where = (*fits(wanted, sight), after(order.opened_at, order.id, cursor))
    query = sa.select(work_orders).where(*where)
    newest = query.order_by(order.opened_at.desc(), order.id.desc()).limit(limit)
    await plan_for_these(tx)
    return [order_of(row) for row in await tx.execute(newest)]


async def ids(tx: Tx, wanted: Wanted, sight: Sight, limit: int) -> list[UUID]:
    """The orders that fit now, oldest first, at most `limit`."""
    order = work_orders.c
    query = sa.select(order.id).where(*fits(wanted, sight))
    return list(
        (await tx.execute(query.order_by(order.opened_at, order.id).limit(limit))).scalars()
    )


def _due(since: datetime | None, until: datetime) -> sa.ColumnElement[bool]:
    """A clock of the order runs and is due then."""
    its = (clocks.c.order_id == work_orders.c.id, running(clocks), clocks.c.due_at < until)
    query = sa.select(sa.literal(1)).where(*its)
    if since is not None:
        query = query.where(clocks.c.due_at >= since)
    return query.correlate(work_orders).exists()
