"""What becomes of an outage: confirmed, expected to end, changed, begun, cancelled."""

from dataclasses import replace
from datetime import datetime

from services.workorders.domain import following, sections
from services.workorders.domain.outage import Exemption, Kind, Outage, Stage, Status, Weather
from services.workorders.domain.policy import Fact
from services.workorders.domain.window import Window
from services.workorders.events import orders as order_events
from services.workorders.events import outages as events
from services.workorders.store import etrs, groups, looks, outages, references
from services.workorders.store.outages import OutageAim
from services.workorders.use_cases import keeping
from services.workorders.use_cases.announcing import SupervisorDecides, nothing_else_announced
from services.workorders.use_cases.moved import say as say_of_order
from services.workorders.use_cases.moved import settle
from services.workorders.use_cases.undoing import dissolve
from shared.db import Tx
from shared.stamp import Stamp


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
    master = await keeping.master_of(tx, outage)
    if master is not None and master.is_open and master.etr_at != etr_at:
        master = following.expect(master, etr_at)
        event = order_events.etr_set(master, stamp.at, outage.etrs)
        say_of_order(tx, stamp, master, "etr_set", event, etr_at=etr_at.isoformat())
        await settle(tx, stamp, master, Fact.ETR_SET)
    looks.ask(tx, stamp, outage_id=outage.id)
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
    await nothing_else_announced(tx, outage, window)
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
        looks.ask(tx, stamp, outage_id=outage.id)
    return outage


async def start(tx: Tx, stamp: Stamp, aim: OutageAim) -> Outage:
    """Power goes off as announced, or earlier or later than that."""
    return await _started(tx, stamp, await outages.lock(tx, aim))


async def _started(tx: Tx, stamp: Stamp, outage: Outage) -> Outage:
    outage = await keeping.save(tx, outage.start(stamp.at))
    await etrs.add(tx, outage, stamp.at, stamp.by, "as announced")
    event = events.updated(outage, stamp.at, "started", Stage.STARTED)
    await keeping.say(tx, stamp, outage, "started", event)
    return outage


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
        looks.ask(tx, stamp, outage_id=outage.id)
        await keeping.save(tx, outage.remind_later(None))
        return
    if outage.window.begins_at <= stamp.at:
        await _started(tx, stamp, outage)
        return
    event = events.updated(outage, stamp.at, "reminded", Stage.REMINDER)
    await keeping.say(tx, stamp, outage, "reminded", event)
    await keeping.save(tx, outage.remind_later(outage.window.begins_at))
