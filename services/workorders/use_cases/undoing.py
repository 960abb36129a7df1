"""The groups are again as they were: a decision is undone, or an outage was none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.workorders.domain import following, sections
from services.workorders.domain.decision import CantBeUndone, Decision
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.outage import Device, Outage, OutageId, Scope
from services.workorders.events import outages as events
from services.workorders.store import (
    grouping_log,
    groups,
    guarantees,
    leaders,
    looks,
    orders,
    outages,
    references,
)
from services.workorders.store.groups import Group, in_parts, on_transformer, these
from services.workorders.use_cases import keeping, members
from shared.db import Tx
from shared.stamp import Stamp


async def undo(tx: Tx, stamp: Stamp, id: UUID, region: str, because: str) -> Decision:
    """The groups are again as they were before this decision. Raises CantBeUndone."""
    await groups.alone(tx)
    decision = await grouping_log.lock(tx, id, region)
    decision.check_undo()
    undoing = {
        Decided.FOLLOWED: _unfollow,
        Decided.PREDICTED: _unpredict,
        Decided.SPREAD: _unmerge,
        Decided.MERGED: _unmerge,
        Decided.SPLIT: _unsplit,
    }
    await undoing[decision.kind](tx, stamp, decision)
    await grouping_log.mark_undone(tx, decision.id, stamp.at, stamp.by, because)
    return replace(decision, undone_at=stamp.at, undone_by=stamp.by, undone_because=because)


async def _unfollow(tx: Tx, stamp: Stamp, decision: Decision) -> None:
    order = await _locked(tx, decision.order_id)
    if order.status is not Status.MERGED:
        raise CantBeUndone(f"the order is {order.status}", status_now=order.status)
    order = await members.stand_alone(tx, stamp, order)
    taken_along = [UUID(id) for id in decision.data.get("followers", ())]
    await groups.regroup(tx, stamp, these(taken_along), master_id=order.id, outage_id=None)
    await _leads_again(tx, order, decision.data)


async def _unpredict(tx: Tx, stamp: Stamp, decision: Decision) -> None:
    outage = await _out(tx, decision.outage_id)
    await _nothing_rests_on(tx, outage, decision)
    await dissolve(tx, stamp, outage, "it was no outage")


async def dissolve(tx: Tx, stamp: Stamp, outage: Outage, because: str) -> Outage:
    """It was no outage: its order leads those who follow it, as before; what was taken in since
    stands for itself, and nothing is guaranteed for longer than without it.
    """
    called_off = outage.cancel(because, stamp.at)
    await _not_guaranteed(tx, outage)
    free = set()
    for id in reversed(await grouping_log.standing(tx, outage.id)):
        decision = await grouping_log.lock(tx, id, "")
        order = await _release(tx, stamp, outage, decision)
        await grouping_log.mark_undone(tx, id, stamp.at, stamp.by, because)
        free.add(decision.order_id)
        if order is not None and order.site.transformer is not None:
            there = Group(outage_id=outage.id).members & on_transformer(order.site.transformer)
            await groups.regroup(tx, stamp, there, master_id=order.id, outage_id=None)
    if outage.master_id is None or outage.master_id in free:
        called_off = called_off.led_by(await _first_of_the_rest(tx, stamp, outage))
    outage = await keeping.save(tx, called_off)
    if outage.master_id is not None:
        await members.belong(tx, await _locked(tx, outage.master_id), None)
    members_of = Group(outage_id=outage.id).members
    await groups.regroup(tx, stamp, members_of, master_id=outage.master_id, outage_id=None)
    await keeping.say(tx, stamp, outage, "cancelled", events.updated(outage, stamp.at, "cancelled"))
    return outage


async def _not_guaranteed(tx: Tx, outage: Outage) -> None:
    """What was guaranteed because of this outage: a longer wait, or a wait that was over."""
    for restored_id, ids in await grouping_log.still_off(tx, outage.id):
        [restored] = (await outages.lock_all(tx, [restored_id])).values()
        assert restored.restored_at is not None
        known = await groups.lock_orders(tx, ids)
        its = [order.id for order in known.values() if order.outage_id == outage.id]
        await guarantees.end(tx, its, restored.restored_at)
    await guarantees.begin_without_outage(tx, outage.id)


async def _first_of_the_rest(tx: Tx, stamp: Stamp, outage: Outage) -> WorkOrderId | None:
    """Who is left when the order that led is free itself: the first stands alone and leads them."""
    first = await groups.first_follower(tx, Group(outage_id=outage.id))
    if first is None:
        return None
    order = await members.stand_alone(tx, stamp, first)
    if not order.is_fault:
        return order.id
    rules = sections.grouping(await references.packs_in_force(tx, stamp.at))
    await _leads_again(tx, order, {"leads_until": (stamp.at + rules.gap).isoformat()})
    return order.id


async def _unmerge(tx: Tx, stamp: Stamp, decision: Decision) -> None:
    root = await _out(tx, decision.outage_id)
    await grouping_log.mark_undone(tx, decision.id, stamp.at, stamp.by, "")
    root = await _led_as_before(tx, stamp, root, decision.data["master"])
    await _release(tx, stamp, root, decision)
    await _narrow(tx, stamp, root, decision.data)


async def _release(tx: Tx, stamp: Stamp, root: Outage, decision: Decision) -> WorkOrder | None:
    """What was taken into the outage by this decision stands for itself again.

    Returns the order that does, if it was one and nobody put it elsewhere since.
    """
    data = decision.data
    if "absorbed" in data:
        part = await _revived(tx, stamp, UUID(data["absorbed"]))
        its_master = UUID(data["its_master"]) if data["its_master"] else None
        ids: list[UUID] = [one.id for one in await outages.parts_of(tx, part.id)]
        part = await _led_again(tx, stamp, part, its_master)
        await groups.regroup(tx, stamp, in_parts(ids), master_id=part.master_id, outage_id=part.id)
        return None
    order = await _locked(tx, decision.order_id)
    if order.outage_id != root.id:
        return None
    if order.status is Status.MERGED:
        order = await members.stand_alone(tx, stamp, order)
    else:
        order = await members.belong(tx, order, None)
    followers = [UUID(id) for id in data["followers"]]
    its = Group(outage_id=root.id).members & these(followers)
    await groups.regroup(tx, stamp, its, master_id=order.id, outage_id=None)
    await _leads_again(tx, order, data)
    return order


async def _leads_again(tx: Tx, order: WorkOrder, data: Mapping[str, Any]) -> None:
    """Calls from its transformer follow it as before, unless another order leads there by now."""
    transformer, until = order.site.transformer, data.get("leads_until")
    if transformer and until and await leaders.leader_of(tx, transformer) is None:
        await orders.save(tx, following.lead(order, datetime.fromisoformat(until)))


async def _revived(tx: Tx, stamp: Stamp, id: UUID) -> Outage:
    """It stands for itself again, with all that was merged into it before."""
    parts = await outages.parts_of(tx, id)
    [part] = [one for one in parts if one.id == id]
    part = await keeping.save(tx, part.revive())
    for below in parts:
        if below.id != id:
            await keeping.save(tx, below.under(part.id))
    await keeping.say(tx, stamp, part, "revived", events.updated(part, stamp.at, "revived"))
    return part


async def _led_as_before(tx: Tx, stamp: Stamp, root: Outage, master: str | None) -> Outage:
    """Those who stay follow the order that led them before the other thing came along."""
    if master is None or UUID(master) == root.master_id:
        return root
    root = await _led_again(tx, stamp, root, UUID(master))
    await groups.regroup(
        tx, stamp, Group(outage_id=root.id).members, master_id=root.master_id, outage_id=root.id
    )
    return root


async def _led_again(tx: Tx, stamp: Stamp, outage: Outage, master_id: UUID | None) -> Outage:
    """This order leads it again, if it can still be worked on."""
    if master_id is None:
        return await keeping.save(tx, outage.led_by(None))
    order = await _locked(tx, master_id)
    part_id = order.part_id
    if order.status is Status.MERGED:
        order = await members.stand_alone(tx, stamp, order)
    if not order.is_open:
        raise CantBeUndone(f"the order that led it is {order.status}", status_now=order.status)
    await members.belong(tx, order, outage.id, part_id)
    return await keeping.save(tx, outage.led_by(order.id))


async def _narrow(tx: Tx, stamp: Stamp, root: Outage, data: Mapping[str, Any]) -> None:
    """It reaches as far as before, unless something else was taken in since."""
    if root.scope is not Scope.FEEDER or await grouping_log.standing(tx, root.id):
        return
    reach = tuple(Device(Scope(scope), code) for scope, code in data["devices"])
    root = root.covers(Scope(data["scope"]), reach, data["customers"])
    await keeping.save(tx, root)
    await outages.put_devices(tx, root)
    await keeping.say(tx, stamp, root, "narrowed", events.updated(root, stamp.at, "narrowed"))


async def _unsplit(tx: Tx, stamp: Stamp, decision: Decision) -> None:
    new = await _out(tx, decision.outage_id)
    await _nothing_rests_on(tx, new, decision)
    old = await _out(tx, UUID(decision.data["split_from"]))
    new_master = await _locked(tx, decision.order_id)
    if new.master_id != new_master.id or not new_master.is_open:
        raise CantBeUndone("another order leads it by now", status_now=new_master.status)
    await keeping.save(tx, new.cancel("the split was undone", stamp.at))
    await members.put_under(tx, stamp, new_master, old.master_id, old)
    await groups.regroup(tx, stamp, Group(outage_id=new.id).members,
        master_id=old.master_id, outage_id=old.id, part_id=old.id,
    )  # fmt: skip
    for part, ids in decision.data["parts"].items():
        await groups.regroup(tx, stamp, these([UUID(id) for id in ids]),
            master_id=old.master_id, outage_id=old.id, part_id=UUID(part),
        )  # fmt: skip
    looks.ask(tx, stamp, outage_id=old.id)


async def _nothing_rests_on(tx: Tx, outage: Outage, decision: Decision) -> None:
    """Raises CantBeUndone when something was taken in since: that is undone first."""
    if later := await grouping_log.standing(tx, outage.id):
        raise CantBeUndone("undo first what came later", decisions=[str(id) for id in later])


async def _out(tx: Tx, id: UUID | None) -> Outage:
    """Raises CantBeUndone when it is over, or a part of another one."""
    assert id is not None
    outage = (await outages.lock_all(tx, [id]))[OutageId(id)]
    if not outage.is_out:
        raise CantBeUndone(f"the outage is {outage.status}", status_now=outage.status)
    return outage


async def _locked(tx: Tx, id: UUID | None) -> WorkOrder:
    assert id is not None
    return (await groups.lock_orders(tx, [id]))[id]
