"""Groups to look at again: a queue in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.workorders.tables import group_looks
from shared.db import Tx
from shared.stamp import Stamp

GROUP_BELL = "groups"


@dataclass(frozen=True, slots=True)
class Look:
    """A group to look at: that of an order, or that of an outage that nobody was sent for.

    joined_id: who joined it. nested_in: the order is still off after that outage was restored.
    """

    id: int
    order_id: UUID | None
    outage_id: UUID | None
    joined_id: UUID | None
    nested_in: UUID | None
    at: datetime
    by: str


def ask(
    tx: Tx,
    stamp: Stamp,
    *,
    order_id: UUID | None = None,
    outage_id: UUID | None = None,
    joined_id: UUID | None = None,
    nested_in: UUID | None = None,
) -> None:
    """Somebody joined this group, or what leads it has moved: let it be looked at."""
    row = {"order_id": order_id, "outage_id": outage_id, "joined_id": joined_id}
    tx.leave(group_looks, row | {"nested_in": nested_in, "at": stamp.at, "by": stamp.by})
    tx.ring(GROUP_BELL)


async def asked(tx: Tx, at: datetime, limit: int) -> list[Look]:
    """At most `limit` looks that were asked for, oldest first."""
    query = sa.select(group_looks).where(group_looks.c.at <= at).order_by(group_looks.c.id)
    rows = await tx.execute(query.limit(limit).with_for_update(skip_locked=True))
    return [Look(**row._mapping) for row in rows]


async def done(tx: Tx, looks: Sequence[Look]) -> None:
    ids = [look.id for look in looks]
    await tx.execute(group_looks.delete().where(group_looks.c.id.in_(ids)))


async def next_asked(tx: Tx) -> datetime | None:
    at: datetime | None = (await tx.execute(sa.select(sa.func.min(group_looks.c.at)))).scalar_one()
    return at
