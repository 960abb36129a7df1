"""When outages were expected to be over: every ETR, and how right they were."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.outage import Outage
from services.workorders.tables import outage_etrs, outages
from shared.db import Tx
from shared.http import region_scope


@dataclass(frozen=True, slots=True)
class Etr:
    """When power was expected back, said by whom."""

    number: int
    etr_at: datetime
    set_at: datetime
    by: str
    because: str


async def add(tx: Tx, outage: Outage, at: datetime, by: str, because: str) -> None:
    """The ETR that the outage has now is its newest."""
    row = {"outage_id": outage.id, "number": outage.etrs, "etr_at": outage.etr_at}
    row |= {"set_at": at, "by": by, "because": because}
    await tx.execute(outage_etrs.insert().values(row))


async def of_outage(tx: Tx, id: UUID) -> list[Etr]:
    query = sa.select(outage_etrs).where(outage_etrs.c.outage_id == id)
    rows = await tx.execute(query.order_by(outage_etrs.c.number))
    return [Etr(row.number, row.etr_at, row.set_at, row.by, row.because) for row in rows]


@dataclass(frozen=True, slots=True)
class Expected:
    """An outage that is over: when power was first and last expected back, and when it was."""

    first_etr_at: datetime
    last_etr_at: datetime
    restored_at: datetime


async def expected(
    tx: Tx, region: str, since: datetime | None, until: datetime | None
) -> list[Expected]:
    """Outages of the caller's region with an ETR, restored from `since` on and before `until`."""
    first, last = outage_etrs.alias("first"), outage_etrs.alias("last")
    query = (
        sa.select(first.c.etr_at, last.c.etr_at.label("last_etr_at"), outages.c.restored_at)
        .join(first, sa.and_(first.c.outage_id == outages.c.id, first.c.number == 1))
        .join(last, sa.and_(last.c.outage_id == outages.c.id, last.c.number == outages.c.etrs))
        .where(outages.c.restored_at.is_not(None), region_scope(outages.c.region, region))
    )
    if since is not None:
        query = query.where(outages.c.restored_at >= since)
    if until is not None:
        query = query.where(outages.c.restored_at < until)
    return [Expected(*row) for row in await tx.execute(query)]
