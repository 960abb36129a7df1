"""An outage keeps up with the order that is worked on for it: ETR, restoration, closing."""

from datetime import datetime
from typing import Any

from services.workorders.domain.grouping import Rules
from services.workorders.domain.order import Reply, WorkOrder
from services.workorders.domain.outage import Outage, Stage, Status
from services.workorders.events import outages as events
from services.workorders.store import etrs, groups, outages
from shared.audit import record
from shared.contracts.envelope import Event
from shared.db import Tx
from shared.outbox import publish
from shared.stamp import Stamp

OUTAGE_BELL = "outages"


async def say(tx: Tx, stamp: Stamp, outage: Outage, action: str, event: Event, **why: Any) -> None:
    """Publish the next fact about a stored `outage`, and write who did it into the audit."""
    publish(tx, event, stamp, sequence=await outages.next_fact(tx, outage.id))
    record(
        tx,
        stamp,
        f"outage.{action}",
        outage.id,
        status=outage.status,
        version=outage.version,
        **why,
    )


async def save(tx: Tx, outage: Outage) -> Outage:
    await outages.save(tx, outage)
    if outage.wake_at is not None:
        tx.ring(OUTAGE_BELL)
    return outage


async def keep_up(tx: Tx, stamp: Stamp, outage: Outage, master: WorkOrder, rules: Rules) -> Outage:
    """What was said of the order that leads is true of its outage."""
    etr_at = master.etr_at
    if etr_at is not None and etr_at != outage.etr_at and etr_at > stamp.at:
        outage = await expect(tx, stamp, outage, etr_at, "said by the crew")
    done_at = master.steps.repaired_at
    if done_at is None and master.reply is not None:
        done_at = master.steps.replied_at
    if done_at is not None:
        outage = await restore(tx, stamp, outage, done_at, rules)
    return outage


async def expect(tx: Tx, stamp: Stamp, outage: Outage, etr_at: datetime, because: str) -> Outage:
    """Power is expected back then. Raises EtrNotAhead; the same ETR again changes nothing."""
    before = outage
    outage = outage.set_etr(etr_at, stamp.at)
    if outage is before:
        return outage
    await save(tx, outage)
    await etrs.add(tx, outage, stamp.at, stamp.by, because)
    stage = Stage.ETR_SET if before.etr_at is None else Stage.ETR_CHANGED
    event = events.updated(outage, stamp.at, "etr_set", stage)
    await say(tx, stamp, outage, "etr_set", event, etr_at=etr_at.isoformat())
    return outage


async def restore(
    tx: Tx, stamp: Stamp, outage: Outage, at: datetime, rules: Rules, **known: Any
) -> Outage:
    """Power is back; unless somebody is asked before, nobody said otherwise after a while."""
    outage = outage.restore(at, stamp.at + rules.settle, **known)
    await save(tx, outage)
    await say(tx, stamp, outage, "restored", events.restored(outage))
    return outage


async def close_when_settled(tx: Tx, stamp: Stamp, outage: Outage, rules: Rules) -> Outage:
    """Nobody said otherwise for long enough: its followers can be replied to, as its master was."""
    if outage.status is not Status.RESTORED or outage.restored_at is None:
        return outage
    waited = outage.wake_at is None or outage.wake_at <= stamp.at
    reply = await reply_for(tx, outage)
    if not waited or reply is None:
        return outage
    return await close(tx, stamp, outage, reply, "nobody said otherwise")


async def reply_for(tx: Tx, outage: Outage) -> Reply | None:
    """What those who follow are replied: what was said of the outage, else of its master."""
    if outage.reply is not None:
        return outage.reply
    master = await master_of(tx, outage)
    return master.reviewed_reply if master is not None else None


async def close(tx: Tx, stamp: Stamp, outage: Outage, reply: Reply, because: str) -> Outage:
    outage = await save(tx, outage.close(reply, stamp.at))
    event = events.updated(outage, stamp.at, "closed", Stage.CHECK_OK)
    await say(tx, stamp, outage, "closed", event, because=because)
    return outage


async def master_of(tx: Tx, outage: Outage) -> WorkOrder | None:
    """The order that is worked on for this outage; locked."""
    if outage.master_id is None:
        return None
    return (await groups.lock_orders(tx, [outage.master_id]))[outage.master_id]
