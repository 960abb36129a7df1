"""Groups of orders in PostgreSQL: who leads, who follows, and what is known around."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.grouping import Around, Known
from services.workorders.domain.moves import OPEN, Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.outage import OUT
from services.workorders.store.looks import GROUP_BELL
from services.workorders.store.rows import order_of
from services.workorders.tables import group_looks, work_orders
from shared.db import Tx
from shared.stamp import Stamp

_LOCK = 0x6F75_7461  # who changes groups does so alone: advisory locks are per database
_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN))
_OUT = ", ".join(f"'{status}'" for status in sorted(OUT))
_STEP = 500  # rows a statement


def around_query(transformer: str) -> str:
    """SQL for what is known around a transformer (a placeholder or an expression), as JSON."""
    return f"""(SELECT json_build_object(
      'leader', (SELECT l.id FROM work_orders l WHERE l.transformer = {transformer}
        AND l.leads_until IS NOT NULL AND l.status IN ({_OPEN})),
      'outages', (SELECT coalesce(json_agg(json_build_array(
          o.id, p.id, o.master_id, NOT d.fault)
          ORDER BY d.scope DESC, o.opened_at), '[]')
        FROM (SELECT 'transformer' AS scope, {transformer} AS code UNION ALL
              SELECT 'feeder', n.feeder FROM devices n WHERE n.transformer = {transformer}) AS here
        JOIN outage_devices d ON d.live AND d.code = here.code AND d.scope = here.scope
        JOIN outages p ON p.id = d.outage_id
        JOIN outages o ON o.id = p.root_id AND o.status IN ({_OUT}))))"""


def around_of(data: dict[str, Any], unwritten: Sequence[Any], transformer: str | None) -> Around:
    """What the query found; `unwritten`: order rows of this transaction that it could not see."""
    leader = UUID(data["leader"]) if data["leader"] else None
    for row in unwritten:
        if transformer and row["transformer"] == transformer and row["leads_until"]:
            leader = row["id"]
    return Around(leader, tuple(_known(one) for one in data["outages"]))


def _known(data: list[Any]) -> Known:
    outage_id, part_id, master_id, planned = data
    return Known(
        outage_id=UUID(outage_id),
        part_id=UUID(part_id),
        master_id=UUID(master_id) if master_id else None,
        planned=planned,
    )


async def around(tx: Tx, transformer: str) -> Around:
    """What is known around a transformer."""
    [row] = await tx.read(f"SELECT {around_query('$1::text')} AS around", transformer)
    return around_of(row["around"], (), transformer)


async def alone(tx: Tx) -> None:
    """Wait until nobody else changes groups; nobody does until this transaction ends."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


async def alone_at_once(tx: Tx) -> bool:
    """As `alone`, but False instead of waiting."""
    locked = await tx.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK)))
    return bool(locked.scalar_one())


async def lock_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, WorkOrder]:
    """Those of these that exist, locked in the order of their ids."""
    query = sa.select(work_orders).where(work_orders.c.id.in_(ids)).order_by(work_orders.c.id)
    return {row.id: order_of(row) for row in await tx.execute(query.with_for_update())}


async def followers(tx: Tx, master_id: UUID) -> list[WorkOrder]:
    """Of a group that is no outage: all that follow this order, first come first; locked."""
    query = sa.select(work_orders).where(
        work_orders.c.master_id == master_id, work_orders.c.status == Status.MERGED
    )
    ordered = query.order_by(work_orders.c.received_at, work_orders.c.id)
    return [order_of(row) for row in await tx.execute(ordered.with_for_update())]


async def followed(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that somebody follows."""
    table = work_orders.c
    query = sa.select(table.master_id).distinct()
    its = query.where(table.master_id.in_(ids), table.status == Status.MERGED)
    return set((await tx.execute(its)).scalars())


async def reported(tx: Tx, master_id: UUID) -> list[datetime]:
    """When each call of the group came in, that of the order that leads it included."""
    query = sa.select(work_orders.c.received_at).where(
        sa.or_(
            work_orders.c.id == master_id,
            sa.and_(work_orders.c.master_id == master_id, work_orders.c.status == Status.MERGED),
        )
    )
    return [row.received_at for row in await tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Group:
    """Those who follow: an outage, or an order that is none yet. One of the two is said."""

    outage_id: UUID | None = None
    master_id: UUID | None = None

    @property
    def members(self) -> sa.ColumnElement[bool]:
        mine = (
            work_orders.c.outage_id == self.outage_id
            if self.outage_id is not None
            else sa.and_(
                work_orders.c.master_id == self.master_id, work_orders.c.outage_id.is_(None)
            )
        )
        return sa.and_(mine, work_orders.c.status == Status.MERGED)


async def lock_behind(
    tx: Tx,
    group: Group,
    *,
    etr_at: datetime | None,
    restored: bool,
    replied: bool,
    limit: int,
) -> list[WorkOrder]:
    """Followers that were not told all of this yet, at most `limit`, first come first."""
    behind = []
    if etr_at is not None:
        behind.append(work_orders.c.etr_at.is_distinct_from(etr_at))
    if restored:
        behind.append(work_orders.c.repaired_at.is_(None))
    if replied:
        behind.append(sa.true())
    query = sa.select(work_orders).where(group.members, sa.or_(sa.false(), *behind))
    ordered = query.order_by(work_orders.c.id).limit(limit)
    return [order_of(row) for row in await tx.execute(ordered.with_for_update())]


async def first_follower(tx: Tx, group: Group) -> WorkOrder | None:
    """Who called first of those who follow; locked."""
    query = sa.select(work_orders).where(group.members)
    ordered = query.order_by(work_orders.c.received_at, work_orders.c.id).limit(1)
    row = (await tx.execute(ordered.with_for_update())).one_or_none()
    return order_of(row) if row is not None else None


async def count_followers(tx: Tx, group: Group) -> int:
    query = sa.select(sa.func.count()).select_from(work_orders).where(group.members)
    return int((await tx.execute(query)).scalar_one())


async def regroup(
    tx: Tx,
    stamp: Stamp,
    where: sa.ColumnElement[bool],
    *,
    master_id: UUID | None,
    outage_id: UUID | None,
    part_id: UUID | None = None,
    off_still: bool = False,
) -> int:
    """Followers chosen by `where` follow something else from now on. Returns how many.

    part_id: None leaves to each which part of the outage it lies in. off_still: that power was
    back is not true of them. Their clocks come next.
    """
    changes: dict[str, Any] = {"master_id": master_id, "outage_id": outage_id}
    if part_id is not None or outage_id is None:
        changes["part_id"] = part_id
    if off_still:
        changes |= {"repaired_at": None, "etr_at": None}
    changes["version"] = work_orders.c.version + 1
    statement = work_orders.update().where(where, work_orders.c.status == Status.MERGED)
    moved = statement.values(changes).returning(work_orders.c.id).cte("moved")
    look = {
        "order_id": sa.literal(master_id, sa.Uuid),
        "outage_id": sa.literal(None if master_id else outage_id, sa.Uuid),
        "joined_id": moved.c.id,
        "at": sa.literal(stamp.at, sa.DateTime(timezone=True)),
        "by": sa.literal(stamp.by),
    }
    asking = group_looks.insert().from_select(list(look), sa.select(*look.values()))
    many = (await tx.execute(asking.add_cte(moved))).rowcount
    if many:
        tx.ring(GROUP_BELL)
    return many


def in_parts(part_ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    return work_orders.c.part_id.in_(part_ids)


def on_transformer(code: str) -> sa.ColumnElement[bool]:
    return work_orders.c.transformer == code


def these(ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    return work_orders.c.id.in_(ids)


_SAVE = """
UPDATE work_orders w SET status = n.status, etr_at = n.etr_at, repaired_at = n.repaired_at,
  replied_at = n.replied_at, reply = n.reply, version = n.version, said = n.said
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
  $6::jsonb[], $7::int[], $8::int[])
  AS n(id, status, etr_at, repaired_at, replied_at, reply, version, said)
WHERE w.id = n.id
"""


async def save_told(tx: Tx, told: Sequence[WorkOrder]) -> None:
    """Write back locked followers: what following changes in them."""
    for start in range(0, len(told), _STEP):
        some = told[start : start + _STEP]
        await tx.run(
            _SAVE,
            [order.id for order in some],
            [order.status for order in some],
            [order.etr_at for order in some],
            [order.steps.repaired_at for order in some],
            [order.steps.replied_at for order in some],
            [json.dumps(asdict(order.reply)) if order.reply else None for order in some],
            [order.version for order in some],
            [order.said for order in some],
        )
