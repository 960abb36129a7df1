"""Which order leads a group: the first, the next one when that gives up, one that is still off."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.workorders.domain import following
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.grouping import Rules
from services.workorders.domain.moves import AT_WORK, Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.outage import (
    Device,
    Kind,
    Outage,
    OutageId,
    Scope,
)
from services.workorders.domain.outage import Status as Stand
from services.workorders.events import outages as events
from services.workorders.store import devices, etrs, groups, guarantees, leaders, orders, outages
from services.workorders.store.groups import Group
from services.workorders.use_cases import compensation, keeping, members
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp

_STILL_OFF = "a customer says that power is still off"


async def predict(
    tx: Tx, stamp: Stamp, master: WorkOrder, began_at: datetime, rules: Rules
) -> Outage:
    """The group of this order is an outage of its transformer, as far as the calls say."""
    assert master.site.transformer is not None
    outage = await _open(tx, stamp, master, began_at, master.site.transformer)
    because = f"{rules.calls} calls from {master.site.transformer} within {rules.window}"
    members.decide(
        tx, stamp, Decided.PREDICTED, because, outage.region,
        outage_id=outage.id, order_id=master.id,
    )  # fmt: skip
    return outage


async def _open(
    tx: Tx,
    stamp: Stamp,
    master: WorkOrder,
    began_at: datetime,
    transformer: str,
    nested_in: OutageId | None = None,
) -> Outage:
    known = next(iter(await devices.known(tx, [transformer])), None)
    id = OutageId(new_id(stamp.at))
    outage = Outage(
        id=id,
        kind=Kind.FAULT,
        status=Stand.PREDICTED,
        scope=Scope.TRANSFORMER,
        region=master.site.region,
        area=master.site.area,
        devices=(Device(Scope.TRANSFORMER, transformer),),
        feeder=known.feeder if known else None,
        customers=known.customers if known else 0,
        opened_at=stamp.at,
        began_at=began_at,
        root_id=id,
        nested_in=nested_in,
        etr_at=master.etr_at,
        etrs=1 if master.etr_at else 0,
        master_id=master.id,
    )
    await outages.add(tx, outage)
    if master.etr_at is not None:
        await etrs.add(tx, outage, stamp.at, stamp.by, "said before it was an outage")
    await members.belong(tx, master, outage.id)
    await guarantees.begin_with_outage(tx, [master.id])
    await groups.regroup(tx, stamp, Group(master_id=master.id).members,
        master_id=master.id, outage_id=outage.id, part_id=outage.id,
    )  # fmt: skip
    await keeping.say(tx, stamp, outage, "opened", events.opened(outage))
    return outage


async def claim_lead(tx: Tx, stamp: Stamp, outage: Outage, order: WorkOrder) -> Outage:
    """An open order of this outage that follows nobody: it leads, if none does; else it follows."""
    if not order.is_open:
        return outage
    if outage.master_id is None:
        return await _lead(tx, stamp, outage, order, "the first call about it")
    if order.status not in AT_WORK:
        await members.put_under(tx, stamp, order, outage.master_id, outage, order.part_id)
    return outage


async def _lead(tx: Tx, stamp: Stamp, outage: Outage, order: WorkOrder, because: str) -> Outage:
    outage = await keeping.save(tx, outage.led_by(order.id))
    await groups.regroup(
        tx, stamp, Group(outage_id=outage.id).members, master_id=order.id, outage_id=outage.id
    )
    members.decide(
        tx, stamp, Decided.LED, because, outage.region, outage_id=outage.id, order_id=order.id
    )
    await keeping.say(tx, stamp, outage, "led", events.updated(outage, stamp.at, "led"))
    return outage


async def hand_over(
    tx: Tx, stamp: Stamp, group: Group, master: WorkOrder, outage: Outage | None
) -> WorkOrder | None:
    """The next order leads those who followed this one; None when nobody did."""
    follower = await groups.first_follower(tx, group)
    if follower is None:
        return None
    transformer = follower.site.transformer if follower.is_fault and not outage else None
    leader = await leaders.leader_of(tx, transformer) if transformer else None
    if leader is not None and leader != master.id:
        [heir] = (await groups.lock_orders(tx, [leader])).values()
    else:
        heir = await members.stand_alone(tx, stamp, follower)
        if outage is not None:
            heir = await members.belong(tx, heir, outage.id, follower.part_id)
        heir = await _stand_for_its_transformer(tx, master, heir)
    await groups.regroup(
        tx,
        stamp,
        group.members,
        master_id=heir.id,
        outage_id=heir.outage_id,
        part_id=None if outage else heir.part_id,
    )
    because = f"the order that led it is {master.status}"
    members.decide(
        tx, stamp, Decided.LED, because, heir.site.region,
        outage_id=group.outage_id, order_id=heir.id, before=str(master.id),
    )  # fmt: skip
    return heir


async def _stand_for_its_transformer(tx: Tx, master: WorkOrder, heir: WorkOrder) -> WorkOrder:
    """Calls from there follow it, unless another order leads there."""
    transformer, until = heir.site.transformer, master.leads_until
    if transformer is None or until is None or not heir.is_fault:
        return heir
    if await leaders.leader_of(tx, transformer) not in (None, heir.id):
        return heir
    heir = following.lead(heir, until)
    await orders.save(tx, heir)
    return heir


async def hand_over_outage(tx: Tx, stamp: Stamp, outage: Outage, master: WorkOrder) -> Outage:
    """Another order is worked on for the outage; without any, a mere prediction was wrong."""
    heir = await hand_over(tx, stamp, Group(outage_id=outage.id), master, outage)
    if heir is None and outage.status is Stand.PREDICTED:
        outage = await keeping.save(tx, outage.cancel("no order is left", stamp.at))
        await keeping.say(
            tx, stamp, outage, "cancelled", events.updated(outage, stamp.at, "cancelled")
        )
        return outage
    outage = await keeping.save(tx, outage.led_by(heir.id if heir else None))
    await keeping.say(tx, stamp, outage, "led", events.updated(outage, stamp.at, "led"))
    return outage


async def nest(tx: Tx, stamp: Stamp, order: WorkOrder, nested_in: UUID) -> WorkOrder:
    """Still off after that outage was restored: a new one, which began when that one did.

    Whoever says so later follows whoever said so first.
    """
    before = (await outages.lock_all(tx, [nested_in]))[OutageId(nested_in)]
    began_at = before.began_at or before.opened_at
    await compensation.run_on(tx, order, began_at)
    transformer = order.site.transformer
    if not order.is_open or order.outage_id is not None or transformer is None:
        return order
    known = await groups.around(tx, transformer)
    faults = [one for one in known.outages if not one.planned and one.master_id]
    if faults:
        [outage] = (await outages.lock_all(tx, [faults[0].outage_id])).values()
        order = await members.put_under(
            tx, stamp, order, outage.master_id, outage, faults[0].part_id
        )
        _followed(tx, stamp, order, nested_in=str(nested_in), still_off=[str(order.id)])
        return order
    still_off = [str(order.id)]
    if known.leader is not None and known.leader != order.id:
        [leader] = (await groups.lock_orders(tx, [known.leader])).values()
        _followed(tx, stamp, await members.put_under(tx, stamp, order, leader.id, None))
        order = leader
    outage = await _open(tx, stamp, order, began_at, transformer, before.id)
    members.decide(
        tx, stamp, Decided.NESTED, _STILL_OFF, outage.region,
        outage_id=outage.id, order_id=order.id, nested_in=str(before.id),
        still_off=still_off,
    )  # fmt: skip
    [order] = (await groups.lock_orders(tx, [order.id])).values()
    return order


def _followed(tx: Tx, stamp: Stamp, order: WorkOrder, **data: Any) -> None:
    members.decide(
        tx, stamp, Decided.FOLLOWED, _STILL_OFF, order.site.region,
        outage_id=order.outage_id, order_id=order.id, master_id=str(order.master_id), **data,
    )  # fmt: skip


def is_at_work(order: WorkOrder) -> bool:
    return order.status in AT_WORK or order.status is Status.SUSPENDED
