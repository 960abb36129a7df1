"""What the desk does with an outage: announce, report, confirm, expect, change, restore, cancel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.workorders.domain import sections
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.device import Device as Known
from services.workorders.domain.order import Reply, WorkOrder, WorkOrderId
from services.workorders.domain.outage import (
    Device,
    Exemption,
    Kind,
    NotYetSo,
    Outage,
    OutageId,
    Scope,
    Stage,
    Status,
    Weather,
    Window,
    check_window,
)
from services.workorders.domain.policy import Fact, Pack
from services.workorders.events import orders as order_events
from services.workorders.events import outages as events
from services.workorders.store import devices, groups, outages, references
from services.workorders.store.outages import OutageAim
from services.workorders.use_cases import compensation, keeping, members
from services.workorders.use_cases.keeping import OUTAGE_BELL
from services.workorders.use_cases.moved import say as say_of_order
from services.workorders.use_cases.moved import settle
from services.workorders.use_cases.regrouping import branch, dissolve
from services.workorders.use_cases.spreading import Absorbing
from shared.db import Tx
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.ids import new_id
from shared.stamp import Stamp


class NoSuchRegion(NotFound):
    """There is no such region, or it is not yours."""


class UnknownFeeder(Invalid):
    """No transformer that we know hangs on this feeder."""


class UnknownTransformer(Invalid):
    """We know no such transformers in your region: who hangs on them could not be told."""


class AnnouncedAlready(Conflict):
    """Another outage is announced for one of these devices at that time."""


class KnownAlready(Conflict):
    """A fault outage is known there already."""


class ReplyMissing(Conflict):
    """Say first what was found and done: its customers are told so."""


class AskMore(Invalid):
    """So many customers must be asked whether power is back, and say so."""


class NotInThisOutage(Invalid):
    """Only customers of this outage can be asked about it."""


class SupervisorDecides(Forbidden):
    """Only a supervisor can leave a rule aside or declare severe weather."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An outage as somebody reports or announces it."""

    kind: Kind
    region: str
    transformers: tuple[str, ...]
    feeders: tuple[str, ...]
    area: str = ""
    window: Window | None = None
    reason: str = ""
    began_at: datetime | None = None
    cause: str | None = None
    exemption: str | None = None
    evidence: tuple[str, ...] = ()


async def open_outage(tx: Tx, stamp: Stamp, draft: Draft, region: str) -> Outage:
    """Planned and temporary ones are announced; a fault is reported, and leads what is open there.

    Raises NoSuchRegion, UnknownFeeder, KnownAlready, NoticeTooShort and what a window refuses.
    """
    if not draft.region.startswith(region):
        raise NoSuchRegion(region=draft.region)
    await groups.alone(tx)
    packs = await references.packs_in_force(tx, stamp.at)
    network = await _network(tx, draft, region)
    outage = _drafted(stamp, draft, network)
    if draft.kind is Kind.FAULT:
        return await _reported(tx, stamp, outage, network)
    return await _announced(tx, stamp, outage, draft, packs)


async def _network(tx: Tx, draft: Draft, region: str) -> list[Known]:
    """What hangs on these devices. A fault may be reported of a transformer that nobody knows yet;
    one that is known to be somebody else's may not be named.
    """
    found = {one.transformer: one for one in await devices.known(tx, draft.transformers)}
    wrong = {code for code, one in found.items() if not one.region.startswith(region)}
    if draft.kind is not Kind.FAULT:
        wrong |= set(draft.transformers) - found.keys()
    if wrong:
        raise UnknownTransformer(transformers=sorted(wrong))
    for feeder in draft.feeders:
        hanging = await devices.on_feeder(tx, feeder)
        if not any(one.region.startswith(region) for one in hanging):
            raise UnknownFeeder(feeder=feeder)
        found |= {one.transformer: one for one in hanging}
    return list(found.values())


def _drafted(stamp: Stamp, draft: Draft, network: Sequence[Known]) -> Outage:
    id = OutageId(new_id(stamp.at))
    on = {one.feeder for one in network}
    reach = [Device(Scope.TRANSFORMER, code) for code in draft.transformers]
    reach += [Device(Scope.FEEDER, code) for code in draft.feeders]
    is_fault = draft.kind is Kind.FAULT
    return Outage(
        id=id,
        kind=draft.kind,
        status=Status.CONFIRMED if is_fault else Status.ANNOUNCED,
        scope=Scope.FEEDER if draft.feeders else Scope.TRANSFORMER,
        region=draft.region,
        area=draft.area,
        devices=tuple(reach),
        feeder=next(iter(on)) if len(on) == 1 else None,
        customers=sum(one.customers for one in network),
        opened_at=stamp.at,
        began_at=(draft.began_at or stamp.at) if is_fault else None,
        root_id=id,
        window=draft.window,
        reason=draft.reason,
        cause=draft.cause,
    )


async def _announced(
    tx: Tx, stamp: Stamp, outage: Outage, draft: Draft, packs: Sequence[Pack]
) -> Outage:
    assert draft.window is not None
    check_window(draft.window, stamp.at)
    rules = sections.notices(packs)
    rules.check(outage.kind, draft.window, stamp.at, draft.exemption)
    if draft.exemption is not None:
        if stamp.role != "supervisor":
            raise SupervisorDecides
        outage = replace(outage, exemption=Exemption(draft.exemption, draft.evidence, stamp.by))
    await _nothing_else_announced(tx, outage, draft.window)
    outage = outage.remind_later(rules.next_wake(draft.window, stamp.at))
    await outages.add(tx, outage)
    tx.ring(OUTAGE_BELL)
    _decided(tx, stamp, outage)
    event = events.opened(outage, Stage.ANNOUNCED)
    await keeping.say(tx, stamp, outage, "announced", event, exemption=draft.exemption)
    return outage


async def _reported(tx: Tx, stamp: Stamp, outage: Outage, network: Sequence[Known]) -> Outage:
    """Open orders from there belong to it; the first at work, else the oldest, leads it."""
    if outage.began_at is not None and outage.began_at > stamp.at:
        raise NotYetSo(field="began_at", now=stamp.at.isoformat())
    if known := await outages.fault_on_any(tx, outage.devices):
        raise KnownAlready(outage_id=str(known))
    await outages.add(tx, outage)
    _decided(tx, stamp, outage)
    await keeping.say(tx, stamp, outage, "opened", events.opened(outage))
    codes = {one.transformer for one in network}
    codes |= {one.code for one in outage.devices if one.scope is Scope.TRANSFORMER}
    absorbing = Absorbing(tx, stamp, Decided.SPREAD, "an open fault in a reported outage")
    for order in await groups.leading_on(tx, codes):
        outage = await absorbing.order(outage, order.id, outage)
    return outage


async def _nothing_else_announced(tx: Tx, outage: Outage, window: Window) -> None:
    """Raises AnnouncedAlready: customers would be told two things about one evening."""
    if other := await outages.announced_on_any(tx, outage, window):
        raise AnnouncedAlready(outage_id=str(other))


def _decided(tx: Tx, stamp: Stamp, outage: Outage) -> None:
    because = outage.reason or outage.cause or f"a {outage.kind} outage"
    members.decide(tx, stamp, Decided.REPORTED, because, outage.region, outage_id=outage.id)


async def confirm(tx: Tx, stamp: Stamp, aim: OutageAim, cause: str | None) -> Outage:
    """It is an outage, says somebody who knows."""
    outage = await keeping.save(tx, (await outages.lock(tx, aim)).confirm(cause))
    event = events.updated(outage, stamp.at, "confirmed")
    await keeping.say(tx, stamp, outage, "confirmed", event)
    return outage


async def set_etr(tx: Tx, stamp: Stamp, aim: OutageAim, etr_at: datetime, because: str) -> Outage:
    """Everybody in it is told, each once; its order too."""
    await groups.alone(tx)
    outage = await outages.lock(tx, aim)
    outage = await keeping.expect(tx, stamp, outage, etr_at, because)
    master = await _master(tx, outage)
    if master is not None and master.is_open and master.etr_at != etr_at:
        master = master.expect(etr_at)
        event = order_events.etr_set(master, stamp.at, outage.etrs)
        say_of_order(tx, stamp, master, "etr_set", event, etr_at=etr_at.isoformat())
        await settle(tx, stamp, master, Fact.ETR_SET)
    groups.ask(tx, stamp, outage_id=outage.id)
    return outage


async def change(
    tx: Tx,
    stamp: Stamp,
    aim: OutageAim,
    *,
    window: Window | None,
    reason: str | None,
    cause: str | None,
    weather: Weather | None,
    exemption: str | None,
    evidence: tuple[str, ...] = (),
) -> Outage:
    """Another window, other words, another cause; the weather, by a supervisor."""
    if stamp.role != "supervisor" and (weather is not None or exemption is not None):
        raise SupervisorDecides
    outage = await outages.lock(tx, aim)
    if window is not None and window != outage.window:
        outage = await _planned_anew(tx, stamp, outage, window, exemption, evidence)
    words = {"reason": reason, "cause": cause, "weather": weather}
    changes = {name: value for name, value in words.items() if value is not None}
    if changes:
        outage = outage.describe(**changes)
        stage = Stage.CHANGED if reason is not None and outage.window else None
        event = events.updated(outage, stamp.at, "described", stage)
        await keeping.say(tx, stamp, outage, "described", event, weather=weather)
    return await keeping.save(tx, outage)


async def _planned_anew(
    tx: Tx,
    stamp: Stamp,
    outage: Outage,
    window: Window,
    exemption: str | None,
    evidence: tuple[str, ...],
) -> Outage:
    """A window that begins earlier must be announced as long before as the first one."""
    before = outage.window
    rules = sections.notices(await references.packs_in_force(tx, stamp.at))
    if before is not None and window.begins_at < before.begins_at:
        rules.check(outage.kind, window, stamp.at, exemption)
    await _nothing_else_announced(tx, outage, window)
    if exemption is not None:
        outage = replace(outage, exemption=Exemption(exemption, evidence, stamp.by))
    announced = outage.status is Status.ANNOUNCED
    wake_at = rules.next_wake(window, stamp.at) if announced else None
    outage = outage.plan(window, stamp.at, wake_at)
    event = events.updated(outage, stamp.at, "planned_anew", Stage.CHANGED)
    await keeping.say(tx, stamp, outage, "planned_anew", event, exemption=exemption)
    if outage.status is Status.ACTIVE and outage.etr_at != window.ends_at:
        outage = await keeping.expect(
            tx, stamp, outage, window.ends_at, "another end was announced"
        )
        groups.ask(tx, stamp, outage_id=outage.id)
    return outage


async def start(tx: Tx, stamp: Stamp, aim: OutageAim) -> Outage:
    """Power goes off as announced, or earlier or later than that."""
    return await _started(tx, stamp, await outages.lock(tx, aim))


async def _started(tx: Tx, stamp: Stamp, outage: Outage) -> Outage:
    outage = await keeping.save(tx, outage.start(stamp.at))
    await outages.add_etr(tx, outage, stamp.at, stamp.by, "as announced")
    event = events.updated(outage, stamp.at, "started", Stage.STARTED)
    await keeping.say(tx, stamp, outage, "started", event)
    return outage


async def restore(
    tx: Tx, stamp: Stamp, aim: OutageAim, restored_at: datetime | None, reply: Reply
) -> Outage:
    """Power is back: everybody in it is told; whether with everybody is to be asked."""
    await groups.alone(tx)
    outage = await outages.lock(tx, aim)
    at = restored_at or stamp.at
    if at > stamp.at:
        raise NotYetSo(field="restored_at", now=stamp.at.isoformat())
    rules = sections.grouping(await references.packs_in_force(tx, stamp.at))
    known = {"reply": reply, "cause": reply.cause}
    outage = await keeping.restore(tx, stamp, outage, at, rules, **known)
    master = await _master(tx, outage)
    if master is not None and master.is_open and master.steps.repaired_at is None:
        master = master.restored(at)
        say_of_order(tx, stamp, master, "repaired", order_events.repaired(master, at))
        await settle(tx, stamp, master, Fact.REPAIRED)
    groups.ask(tx, stamp, outage_id=outage.id)
    return outage


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer said when asked whether power is back."""

    order_id: WorkOrderId
    on: bool


async def confirm_supply(
    tx: Tx, stamp: Stamp, aim: OutageAim, asked: Sequence[Asked], reply: Reply | None
) -> Outage:
    """Enough customers say that power is back: its followers are replied to.

    Those who are still off become an outage of their own, which began when this one did. Raises
    AskMore, ReplyMissing, NotInThisOutage.
    """
    await groups.alone(tx)
    outage = await outages.lock(tx, aim)
    outage.check_open_for_closing()
    rules = sections.grouping(await references.packs_in_force(tx, stamp.at))
    known = await groups.lock_orders(tx, [one.order_id for one in asked])
    _check_asked(outage, asked, known)
    off = [known[one.order_id] for one in asked if not one.on]
    reply = reply or await keeping.reply_for(tx, outage)
    if reply is None:
        raise ReplyMissing
    followers = await groups.count_followers(tx, groups.Group(outage_id=outage.id))
    needed = min(rules.spot_checks, followers)
    if sum(one.on for one in asked) < needed:
        raise AskMore(asked=len(asked), needed=needed)
    await _still_off(tx, stamp, outage, off)
    outage = await keeping.close(tx, stamp, outage, reply, f"{len(asked)} customers asked")
    groups.ask(tx, stamp, outage_id=outage.id)
    return outage


def _check_asked(outage: Outage, asked: Sequence[Asked], known: Mapping[UUID, WorkOrder]) -> None:
    """Raises NotInThisOutage. The order that is worked on counts when power is back there."""

    def counts(one: Asked) -> bool:
        order = known.get(one.order_id)
        if order is None or order.outage_id != outage.id:
            return False
        return order.is_merged or (order.id == outage.master_id and one.on)

    if foreign := [str(one.order_id) for one in asked if not counts(one)]:
        raise NotInThisOutage(work_order_ids=sorted(foreign))


async def _still_off(tx: Tx, stamp: Stamp, outage: Outage, off: Sequence[WorkOrder]) -> None:
    if not off:
        return
    for order in off:
        await compensation.run_on(tx, order, outage.began_at or outage.opened_at)
    ordered = sorted(off, key=lambda order: (order.received_at, order.id))
    new = await branch(tx, stamp, outage, ordered, outage.id)
    members.decide(
        tx, stamp, Decided.NESTED, "still off when asked", new.region,
        outage_id=new.id, order_id=new.master_id, nested_in=str(outage.id),
        still_off=[str(order.id) for order in off],
    )  # fmt: skip


async def cancel(tx: Tx, stamp: Stamp, aim: OutageAim, reason: str) -> Outage:
    """It will not take place; or it was no outage, and its order leads a mere group again."""
    await groups.alone(tx)
    outage = await outages.lock(tx, aim)
    if outage.kind is Kind.FAULT:
        return await dissolve(tx, stamp, outage, reason)
    outage = await keeping.save(tx, outage.cancel(reason, stamp.at))
    event = events.updated(outage, stamp.at, "cancelled", Stage.CANCELLED)
    await keeping.say(tx, stamp, outage, "cancelled", event, reason=reason)
    return outage


async def wake(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """What outages do by themselves: remind, begin, be closed. Returns when each was due."""
    due = []
    for outage in await outages.lock_waking(tx, stamp.at, limit):
        assert outage.wake_at is not None
        due.append(outage.wake_at)
        await _woken(tx, stamp, outage)
    return due


async def _woken(tx: Tx, stamp: Stamp, outage: Outage) -> None:
    if outage.status is not Status.ANNOUNCED or outage.window is None:
        groups.ask(tx, stamp, outage_id=outage.id)
        await keeping.save(tx, outage.remind_later(None))
        return
    if outage.window.begins_at <= stamp.at:
        await _started(tx, stamp, outage)
        return
    event = events.updated(outage, stamp.at, "reminded", Stage.REMINDER)
    await keeping.say(tx, stamp, outage, "reminded", event)
    await keeping.save(tx, outage.remind_later(outage.window.begins_at))


async def _master(tx: Tx, outage: Outage) -> WorkOrder | None:
    if outage.master_id is None:
        return None
    return (await groups.lock_orders(tx, [outage.master_id]))[outage.master_id]
