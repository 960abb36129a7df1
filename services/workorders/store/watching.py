"""Orders to be watched, in and out of PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.workorders.tables import watch_requests
from shared.db import Tx
from shared.ids import new_id

WATCH_BELL = "watching"


class Request(NamedTuple):
    """A ladder was climbed for this order."""

    order_id: UUID
    raised_at: datetime


def add(tx: Tx, order_id: UUID, at: datetime) -> None:
    """Leave it with this transaction; the timer is woken after it."""
    tx.leave(watch_requests, {"id": new_id(at), "order_id": order_id, "raised_at": at})
    tx.ring(WATCH_BELL)


async def take(tx: Tx, at: datetime, limit: int) -> Sequence[Request]:
    """At most `limit` of them, oldest first, and no longer there; those held are left."""
    oldest = (
        sa.select(watch_requests.c.id)
        .where(watch_requests.c.raised_at <= at)
        .order_by(watch_requests.c.raised_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = watch_requests.delete().where(watch_requests.c.id.in_(oldest))
    taken = statement.returning(watch_requests.c.order_id, watch_requests.c.raised_at)
    return [Request(*row) for row in await tx.execute(taken)]


async def next_due(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(watch_requests.c.raised_at))
    at: datetime | None = (await tx.execute(query)).scalar_one()
    return at
