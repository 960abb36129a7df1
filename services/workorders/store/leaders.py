"""Orders that lead their transformer: calls from there follow them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.moves import OPEN
from services.workorders.domain.order import WorkOrderId
from services.workorders.tables import work_orders
from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Leading:
    """An open order that leads its transformer and is part of no outage."""

    id: WorkOrderId
    transformer: str
    received_at: datetime


async def leading_on(tx: Tx, transformers: Collection[str]) -> list[Leading]:
    table = work_orders.c
    query = sa.select(table.id, table.transformer, table.received_at).where(
        table.transformer.in_(transformers),
        table.leads_until.is_not(None),
        table.status.in_(sorted(OPEN)),
        table.outage_id.is_(None),
    )
    found = await tx.execute(query.order_by(table.received_at, table.id))
    return [Leading(row.id, row.transformer, row.received_at) for row in found]


async def leader_of(tx: Tx, transformer: str) -> UUID | None:
    """The open order that leads this transformer."""
    table = work_orders.c
    query = sa.select(table.id).where(
        table.transformer == transformer,
        table.leads_until.is_not(None),
        table.status.in_(sorted(OPEN)),
    )
    found: UUID | None = (await tx.execute(query)).scalar_one_or_none()
    return found


async def lead_until(tx: Tx, id: UUID, until: datetime) -> None:
    """It was called about again: it leads longer."""
    later = work_orders.c.id == id, work_orders.c.leads_until < until
    await tx.execute(work_orders.update().where(*later).values(leads_until=until))


async def end_leads(tx: Tx, at: datetime, limit: int) -> list[datetime]:
    """Orders that nobody called about for so long lead no more. Returns until when each did."""
    table = work_orders.c
    silent = (
        sa.select(table.id, table.leads_until)
        .where(
            table.leads_until <= at,
            table.status.in_(sorted(OPEN)),
            table.outage_id.is_(None),
        )
        .order_by(table.leads_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("silent")
    )
    statement = work_orders.update().where(table.id == silent.c.id).values(leads_until=None)
    ended = await tx.execute(statement.returning(silent.c.leads_until))
    return [row.leads_until for row in ended]


async def next_lead_end(tx: Tx) -> datetime | None:
    table = work_orders.c
    query = sa.select(sa.func.min(table.leads_until)).where(
        table.leads_until.is_not(None), table.status.in_(sorted(OPEN)), table.outage_id.is_(None)
    )
    until: datetime | None = (await tx.execute(query)).scalar_one()
    return until
