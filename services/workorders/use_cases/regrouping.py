"""What people decide about groups: merge, split, put under, take out."""

from collections.abc import Collection, Sequence

from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.outage import (
    Device,
    Kind,
    Outage,
    OutageCantDoThat,
    OutageId,
    Scope,
)
from services.workorders.domain.outage import Status as Stand
from services.workorders.events import outages as events
from services.workorders.store import grouping_log, groups, looks, orders, outages
from services.workorders.store.groups import these
from services.workorders.store.orders import Aim
from services.workorders.store.outages import OutageAim
from services.workorders.use_cases import keeping, members
from services.workorders.use_cases.spreading import Absorbing
from shared.db import Tx
from shared.errors import Conflict, Invalid
from shared.ids import new_id
from shared.stamp import Stamp


class NotItsFollowers(Invalid):
    """Only orders that follow this outage can be made one of their own."""


class SameGroup(Conflict):
    """These belong together already."""


class NotToFollow(Conflict):
    """That order can't be followed: it is not open, or follows this one."""


async def merge_outages(
    tx: Tx, stamp: Stamp, aim: OutageAim, into: OutageAim, because: str
) -> Outage:
    """The outage becomes a part of another one, which is returned; the other's order leads both."""
    await groups.alone(tx)
    part, root = await outages.lock(tx, aim), await outages.lock(tx, into)
    if part.id == root.id:
        raise SameGroup
    for one in (part, root):
        if one.kind is not Kind.FAULT or not one.is_out:
            raise OutageCantDoThat("only faults that are out are merged", status_now=one.status)
    root = await Absorbing(tx, stamp, Decided.MERGED, because).outage(root, part, root)
    looks.ask(tx, stamp, outage_id=root.id)
    return root


async def split(
    tx: Tx, stamp: Stamp, aim: OutageAim, chosen: Sequence[WorkOrderId], because: str
) -> Outage:
    """These followers are another outage, with an order of its own to be worked on."""
    await groups.alone(tx)
    outage = await outages.lock(tx, aim)
    if not outage.is_out:
        raise OutageCantDoThat("it is over", status_now=outage.status)
    locked = await _its_followers(tx, outage, chosen)
    parts: dict[str, list[str]] = {}
    for order in locked:
        parts.setdefault(str(order.part_id), []).append(str(order.id))
    new = await branch(tx, stamp, outage, locked, outage.nested_in)
    members.decide(
        tx, stamp, Decided.SPLIT, because, outage.region,
        outage_id=new.id, order_id=new.master_id, split_from=str(outage.id), parts=parts,
    )  # fmt: skip
    return new


async def _its_followers(
    tx: Tx, outage: Outage, chosen: Collection[WorkOrderId]
) -> list[WorkOrder]:
    """Raises NotItsFollowers."""
    locked = await groups.lock_orders(tx, chosen)
    wrong = [
        str(id)
        for id in chosen
        if id not in locked
        or locked[id].outage_id != outage.id
        or locked[id].status is not Status.MERGED
    ]
    if wrong:
        raise NotItsFollowers(work_order_ids=sorted(wrong))
    return sorted(locked.values(), key=lambda order: (order.received_at, order.id))


async def branch(
    tx: Tx,
    stamp: Stamp,
    outage: Outage,
    chosen: Sequence[WorkOrder],
    nested_in: OutageId | None,
) -> Outage:
    """An outage of its own for these followers; the first of them leads it. Its beginning stays."""
    first, *others = chosen
    id = OutageId(new_id(stamp.at))
    transformers = sorted({o.site.transformer for o in chosen if o.site.transformer})
    free = [code for code in transformers if not await outages.fault_on(tx, code)]
    new = Outage(
        id=id,
        kind=Kind.FAULT,
        status=outage.status if outage.is_out and outage.kind is Kind.FAULT else Stand.PREDICTED,
        scope=Scope.TRANSFORMER,
        region=first.site.region,
        area=first.site.area,
        devices=tuple(Device(Scope.TRANSFORMER, code) for code in free),
        feeder=outage.feeder,
        opened_at=stamp.at,
        began_at=outage.began_at,
        root_id=id,
        nested_in=nested_in,
        weather=outage.weather,
    )
    await outages.add(tx, new)
    master = await members.stand_alone(tx, stamp, first)
    master = await members.belong(tx, master, new.id)
    new = await keeping.save(tx, new.led_by(master.id))
    await groups.regroup(
        tx,
        stamp,
        these([order.id for order in others]),
        master_id=master.id,
        outage_id=new.id,
        part_id=new.id,
        off_still=not outage.is_out,
    )
    await keeping.say(tx, stamp, new, "opened", events.opened(new))
    return new


async def put_order_under(
    tx: Tx, stamp: Stamp, aim: Aim, master_aim: Aim, because: str
) -> WorkOrder:
    """Somebody says that this order is about what another one is about."""
    await groups.alone(tx)
    order, master = await orders.lock(tx, aim), await orders.lock(tx, master_aim)
    if order.id == master.id or not master.is_open:
        raise NotToFollow(status_now=master.status)
    outage = None
    if master.outage_id is not None:
        outage = (await outages.lock_all(tx, [master.outage_id]))[OutageId(master.outage_id)]
    followers = [one.id for one in await groups.followers(tx, order.id)]
    if order.outage_id is not None:
        raise NotToFollow("it leads an outage: merge that", outage_id=str(order.outage_id))
    led_until = order.leads_until.isoformat() if order.leads_until else None
    order = await members.put_under(tx, stamp, order, master.id, outage, master.part_id)
    await groups.regroup(tx, stamp, these(followers),
        master_id=master.id, outage_id=master.outage_id, part_id=master.part_id,
    )  # fmt: skip
    members.decide(
        tx, stamp, Decided.FOLLOWED, because, order.site.region,
        outage_id=order.outage_id, order_id=order.id, master_id=str(master.id),
        followers=[str(id) for id in followers], leads_until=led_until,
    )  # fmt: skip
    looks.ask(tx, stamp, order_id=master.id)
    return order


async def take_out(tx: Tx, stamp: Stamp, aim: Aim, because: str) -> WorkOrder:
    """Somebody says that this order is not about what it follows: it is dispatched by itself."""
    await groups.alone(tx)
    order = await orders.lock(tx, aim)
    outage_id, master_id = order.outage_id, order.master_id
    order = await members.stand_alone(tx, stamp, order)
    await grouping_log.mark_followed_undone(tx, order.id, stamp.at, stamp.by, because)
    members.decide(
        tx, stamp, Decided.TAKEN_OUT, because, order.site.region,
        outage_id=outage_id, order_id=order.id, master_id=str(master_id) if master_id else None,
    )  # fmt: skip
    return order
