"""Hand-overs between shifts in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.handover import Handover, Item, NoHandover
from services.workorders.domain.moves import OPEN
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.roster import ShiftId
from services.workorders.store.rows import order_of
from services.workorders.tables import clocks, handover_items, handovers, work_orders
from shared.db import Tx

_PLAIN = [name for name in Handover.__dataclass_fields__ if name != "items"]
_its_team_works_on_it = work_orders.c.status.in_(OPEN)


async def find(tx: Tx, id: ShiftId) -> Handover | None:
    return await _one(tx, id, sa.select(handovers))


async def get(tx: Tx, id: ShiftId) -> Handover:
    """Raises NoHandover."""
    found = await find(tx, id)
    if found is None:
        raise NoHandover(shift_id=str(id))
    return found


async def lock(tx: Tx, id: ShiftId) -> Handover:
    """`get`, for update. Raises NoHandover."""
    found = await _one(tx, id, sa.select(handovers).with_for_update())
    if found is None:
        raise NoHandover(shift_id=str(id))
    return found


async def save(tx: Tx, handover: Handover) -> None:
    """New, or written over, with its items."""
    row = {name: getattr(handover, name) for name in _PLAIN}
    statement = insert(handovers).values(row)
    await tx.execute(statement.on_conflict_do_update(index_elements=["shift_id"], set_=row))
    if handover.items:
        items = [_item_row(handover.shift_id, item) for item in handover.items]
        added = insert(handover_items)
        changed = {name: added.excluded[name] for name in ("acknowledged_at", "acknowledged_by")}
        upsert = added.on_conflict_do_update(index_elements=["shift_id", "order_id"], set_=changed)
        await tx.execute(upsert, items)


async def left_behind(tx: Tx, team: str, risky_until: datetime) -> list[Item]:
    """The open orders of a team: those at risk first, the most pressing of them first.

    At risk: a clock ran out, or does by `risky_until`.
    """
    running = sa.and_(clocks.c.order_id == work_orders.c.id, clocks.c.stopped_at.is_(None))
    due_at = sa.func.min(clocks.c.due_at)
    query = (
        sa.select(work_orders.c.id, work_orders.c.status, due_at.label("due_at"))
        .select_from(work_orders.outerjoin(clocks, running))
        .where(work_orders.c.team == team, _its_team_works_on_it)
        .group_by(work_orders.c.id)
        .order_by(due_at.nulls_last(), work_orders.c.id)
    )
    return [
        Item(
            WorkOrderId(row.id),
            row.status,
            row.due_at is not None and row.due_at <= risky_until,
            row.due_at,
        )
        for row in await tx.execute(query)
    ]


async def still_open(tx: Tx, team: str) -> set[WorkOrderId]:
    query = sa.select(work_orders.c.id).where(work_orders.c.team == team, _its_team_works_on_it)
    return {WorkOrderId(row.id) for row in await tx.execute(query)}


async def lock_held_by(tx: Tx, team: str, handlers: Sequence[str]) -> list[WorkOrder]:
    """Open orders of a team that these people handle."""
    query = sa.select(work_orders).where(
        work_orders.c.team == team, _its_team_works_on_it, work_orders.c.handler.in_(handlers)
    )
    rows = await tx.execute(query.order_by(work_orders.c.id).with_for_update())
    return [order_of(row) for row in rows]


async def _one(tx: Tx, id: ShiftId, query: sa.Select[Any]) -> Handover | None:
    row = (await tx.execute(query.where(handovers.c.shift_id == id))).one_or_none()
    if row is None:
        return None
    items = sa.select(handover_items).where(handover_items.c.shift_id == id)
    pressing = (handover_items.c.due_at.nulls_last(), handover_items.c.order_id)
    found = [_item(item) for item in await tx.execute(items.order_by(*pressing))]
    return Handover(**{name: getattr(row, name) for name in _PLAIN}, items=tuple(found))


def _item_row(shift_id: UUID, item: Item) -> dict[str, Any]:
    return {"shift_id": shift_id} | {
        name: getattr(item, name) for name in Item.__dataclass_fields__
    }


def _item(row: Any) -> Item:
    return Item(**{name: getattr(row, name) for name in Item.__dataclass_fields__})
