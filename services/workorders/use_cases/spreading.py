"""Outages that are one: those of a feeder by the rules, others because somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.grouping import Rules, Spot, spreads
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.outage import Device, Outage, OutageId, Scope
from services.workorders.events import outages as events
from services.workorders.store import devices, grouping_log, groups, leaders, outages
from services.workorders.store.groups import Group, in_parts, these
from services.workorders.use_cases import keeping, members
from services.workorders.use_cases.leading import is_at_work
from shared.db import Tx
from shared.stamp import Stamp


async def spread(tx: Tx, stamp: Stamp, outage: Outage, rules: Rules) -> Outage:
    """Take together what is one event on the feeder of this outage. Returns what it is now."""
    assert outage.feeder is not None
    spots = await _spots(tx, outage.feeder)
    for event in spreads(spots, rules):
        if len(event) > 1 and outage.id in {spot.id for spot in event}:
            return await _widen(tx, stamp, event, outage.feeder)
    return outage


async def taken_in(tx: Tx, stamp: Stamp, order: WorkOrder, rules: Rules) -> Outage | None:
    """The outage of its feeder that this open order is part of, if there is one by now."""
    assert order.site.transformer is not None
    known = next(iter(await devices.known(tx, [order.site.transformer])), None)
    if known is None or known.feeder is None:
        return None
    for event in spreads(await _spots(tx, known.feeder), rules):
        if order.id in {spot.id for spot in event}:
            return await _widen(tx, stamp, event, known.feeder)
    return None


async def _spots(tx: Tx, feeder: str) -> list[Spot]:
    """What is going on along the feeder, without what somebody took apart before."""
    out = await outages.live_on_feeder(tx, feeder)
    transformers = [device.transformer for device in await devices.on_feeder(tx, feeder)]
    lone = await leaders.leading_on(tx, transformers)
    orders_of = [one.master_id for one in out if one.master_id] + [one.id for one in lone]
    apart = await grouping_log.undone(tx, Decided.SPREAD, orders_of)
    split_off = await grouping_log.split_off(tx, [one.id for one in out])
    spots = [
        Spot(
            place=one.devices[0].code if one.devices else str(one.id),
            began_at=one.began_at or one.opened_at,
            out=True,
            id=one.id,
            wide=one.scope is Scope.FEEDER,
        )
        for one in out
        if one.master_id not in apart and one.id not in split_off
    ]
    spots += [
        Spot(one.transformer, one.received_at, False, one.id) for one in lone if one.id not in apart
    ]
    return spots


async def _widen(tx: Tx, stamp: Stamp, event: Sequence[Spot], feeder: str) -> Outage:
    """The oldest outage takes in the others, and all of the feeder with them."""
    first, *others = event
    out = await outages.lock_all(tx, [spot.id for spot in event if spot.out])
    absorbing = Absorbing(tx, stamp, Decided.SPREAD, f"faults near one another on {feeder}")
    root = out[OutageId(first.id)]
    before = root
    if root.scope is not Scope.FEEDER:
        reach = (Device(Scope.FEEDER, feeder), *root.devices)
        customers = sum(device.customers for device in await devices.on_feeder(tx, feeder))
        root = await keeping.save(tx, root.covers(Scope.FEEDER, reach, customers))
        await outages.put_devices(tx, root)
        await keeping.say(tx, stamp, root, "widened", events.updated(root, stamp.at, "widened"))
    for spot in others:
        if spot.out:
            root = await absorbing.outage(root, out[OutageId(spot.id)], before)
        else:
            root = await absorbing.order(root, spot.id, before)
    return root


@dataclass(frozen=True, slots=True)
class Absorbing:
    """One thing becomes a part of an outage; what undoing it needs is written down."""

    tx: Tx
    stamp: Stamp
    kind: Decided
    because: str

    async def outage(self, root: Outage, part: Outage, before: Outage) -> Outage:
        """`part` and all that was merged into it belong to `root`."""
        tx, stamp = self.tx, self.stamp
        parts = [one for one in await outages.parts_of(tx, part.id) if one.id != part.id]
        data = _undo_data(before, root.master_id) | {"absorbed": str(part.id)}
        data |= {"its_master": str(part.master_id) if part.master_id else None}
        self._decide(root, part.master_id, data)
        merged = await keeping.save(tx, part.merge_into(root))
        for below in parts:
            await keeping.save(tx, below.under(root.id))
        await keeping.say(tx, stamp, merged, "merged", events.updated(merged, stamp.at, "merged"))
        ids = [part.id, *(one.id for one in parts)]
        root = await self._led(root, part.master_id)
        await groups.regroup(tx, stamp, in_parts(ids), master_id=root.master_id, outage_id=root.id)
        if root.etr_at is None and part.etr_at is not None and part.etr_at > stamp.at:
            root = await keeping.expect(tx, stamp, root, part.etr_at, "said of a part of it")
        return root

    async def order(self, root: Outage, order_id: UUID, before: Outage) -> Outage:
        """An open order that is no outage, and those who follow it, belong to `root`."""
        tx, stamp = self.tx, self.stamp
        ids = [follower.id for follower in await groups.followers(tx, order_id)]
        until = (await groups.lock_orders(tx, [order_id]))[order_id].leads_until
        data = _undo_data(before, root.master_id) | {"followers": [str(id) for id in ids]}
        data |= {"leads_until": until.isoformat() if until else None}
        self._decide(root, WorkOrderId(order_id), data)
        root = await self._led(root, WorkOrderId(order_id))
        await groups.regroup(
            tx, stamp, these(ids), master_id=root.master_id, outage_id=root.id, part_id=root.id
        )
        return root

    async def _led(self, root: Outage, other_id: WorkOrderId | None) -> Outage:
        """Of two orders the one at work leads, else the one of `root`; two at work stay so."""
        tx, stamp = self.tx, self.stamp
        ids = [id for id in (root.master_id, other_id) if id is not None]
        locked = await groups.lock_orders(tx, ids)
        own = locked.get(root.master_id) if root.master_id else None
        other = locked.get(other_id) if other_id else None
        if other is None or not other.is_open:
            return root
        part_id = other.part_id or root.id
        if own is None or not own.is_open or (is_at_work(other) and not is_at_work(own)):
            await members.belong(tx, other, root.id, part_id)
            root = await keeping.save(tx, root.led_by(other.id))
            await groups.regroup(
                tx, stamp, Group(outage_id=root.id).members, master_id=other.id, outage_id=root.id
            )
            own, other = other, own
        if other is None or not other.is_open:
            return root
        part_id = other.part_id or root.id
        if is_at_work(other):
            await members.belong(tx, other, root.id, part_id)
        else:
            await members.put_under(tx, stamp, other, own.id, root, part_id)
        return root

    def _decide(self, root: Outage, order_id: UUID | None, data: dict[str, Any]) -> None:
        members.decide(
            self.tx, self.stamp, self.kind, self.because, root.region,
            outage_id=root.id, order_id=order_id, **data,
        )  # fmt: skip


def _undo_data(before: Outage, master_id: UUID | None) -> dict[str, Any]:
    return {
        "master": str(master_id) if master_id else None,
        "scope": before.scope,
        "devices": [[one.scope, one.code] for one in before.devices],
        "customers": before.customers,
    }
