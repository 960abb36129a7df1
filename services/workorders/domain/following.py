"""Orders that follow others, or that others follow: what becomes of them by that."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.workorders.domain.moves import Move
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.parts import Reply


def merge(
    order: WorkOrder,
    master_id: WorkOrderId | None,
    outage_id: UUID | None = None,
    part_id: UUID | None = None,
) -> WorkOrder:
    """It follows another order, an outage or both, with notices and a callback of its own."""
    group = {"master_id": master_id, "outage_id": outage_id, "part_id": part_id}
    free = {"handler": None, "suspension": None, "pending": None, "leads_until": None}
    return order.move(Move.MERGE, **group, **free)


def unmerge(order: WorkOrder) -> WorkOrder:
    """On its own again: what its group expected or restored says nothing of it."""
    group = {"master_id": None, "outage_id": None, "part_id": None}
    steps = replace(order.steps, repaired_at=None)
    return order.move(Move.UNMERGE, routing=None, etr_at=None, steps=steps, **group)


def lead(order: WorkOrder, until: datetime) -> WorkOrder:
    """Calls from its transformer follow it, so long; no move, so no new version."""
    return order.also(leads_until=until)


def belong(order: WorkOrder, outage_id: UUID | None, part_id: UUID | None) -> WorkOrder:
    """It is the order that is worked on for this outage, or for none any more."""
    return order.changed(outage_id=outage_id, part_id=part_id)


def expect(order: WorkOrder, etr_at: datetime) -> WorkOrder:
    """Its outage says when power will be back; no move of its own."""
    return order.changed(etr_at=etr_at)


def restored(order: WorkOrder, at: datetime) -> WorkOrder:
    """Its outage says that power is back; no move of its own."""
    return order.changed(steps=replace(order.steps, repaired_at=at), leads_until=None)


def follow(order: WorkOrder, reply: Reply, at: datetime) -> WorkOrder:
    """Replied as its master was; a fault counts as repaired by now, if not before."""
    repaired = order.steps.repaired_at or (at if order.is_fault else None)
    steps = replace(order.steps, replied_at=at, repaired_at=repaired)
    return order.move(Move.FOLLOW, reply=reply, steps=steps)
