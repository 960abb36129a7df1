"""Who belongs to a group: orders put under another one, taken out, or made to lead."""

from typing import Any
from uuid import UUID

from services.workorders.domain import following
from services.workorders.domain.decision import Decision, Kind
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.outage import Outage
from services.workorders.domain.policy import Fact
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import grouping_log, orders, promises
from services.workorders.use_cases import clocks, routing
from services.workorders.use_cases.joining import say_that_it_follows
from services.workorders.use_cases.moved import say, settle
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp


async def put_under(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    master_id: WorkOrderId | None,
    outage: Outage | None,
    part_id: UUID | None = None,
) -> WorkOrder:
    """A locked order follows from now on; nobody works on it for itself any more."""
    outage_id = outage.id if outage else None
    order = following.merge(order, master_id, outage_id, part_id or outage_id)
    order = say_that_it_follows(tx, stamp, order)
    await settle(tx, stamp, order, Fact.MERGED)
    await clocks.follow_master(tx, stamp, order)
    return order


async def stand_alone(tx: Tx, stamp: Stamp, order: WorkOrder) -> WorkOrder:
    """A locked follower is an order of its own again, and somebody is sent for it."""
    order = following.unmerge(order)
    order = say(tx, stamp, order, "unmerged", events.unmerged(order, stamp.at))
    await promises.withdraw(tx, [order.id], stamp.at)
    await clocks.stand_alone(tx, stamp, order)
    order = await routing.dispatch(tx, stamp, order, cause=Cause.UNMERGED)
    return await settle(tx, stamp, order, *([Fact.DISPATCHED] if order.team else []))


async def belong(
    tx: Tx, order: WorkOrder, outage_id: UUID | None, part_id: UUID | None = None
) -> WorkOrder:
    """A locked order is what is worked on for this outage, or for none."""
    if (order.outage_id, order.part_id) == (outage_id, part_id or outage_id):
        return order
    order = following.belong(order, outage_id, part_id or outage_id)
    await orders.save(tx, order)
    return order


def decide(
    tx: Tx,
    stamp: Stamp,
    kind: Kind,
    because: str,
    region: str,
    *,
    outage_id: UUID | None = None,
    order_id: UUID | None = None,
    **data: Any,
) -> Decision:
    """Write down how calls were grouped, and what undoing that needs."""
    decision = Decision(
        id=new_id(stamp.at),
        at=stamp.at,
        by=stamp.by,
        kind=kind,
        region=region,
        because=because,
        outage_id=outage_id,
        order_id=order_id,
        data=data,
    )
    grouping_log.add(tx, decision)
    return decision
