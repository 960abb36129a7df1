"""Power is back, says somebody; its customers are asked whether it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.workorders.domain import following, sections
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.order import Reply, WorkOrder, WorkOrderId
from services.workorders.domain.outage import NotYetSo, Outage
from services.workorders.domain.policy import Fact
from services.workorders.events import orders as order_events
from services.workorders.store import groups, looks, outages, references
from services.workorders.store.outages import OutageAim
from services.workorders.use_cases import compensation, keeping, members
from services.workorders.use_cases.moved import say as say_of_order
from services.workorders.use_cases.moved import settle
from services.workorders.use_cases.regrouping import branch
from shared.db import Tx
from shared.errors import Conflict, Invalid
from shared.stamp import Stamp


class ReplyMissing(Conflict):
    """Say first what was found and done: its customers are told so."""


class AskMore(Invalid):
    """So many customers must be asked whether power is back, and say so."""


class NotInThisOutage(Invalid):
    """Only customers of this outage can be asked about it."""


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
    master = await keeping.master_of(tx, outage)
    if master is not None and master.is_open and master.steps.repaired_at is None:
        master = following.restored(master, at)
        say_of_order(tx, stamp, master, "repaired", order_events.repaired(master, at))
        await settle(tx, stamp, master, Fact.REPAIRED)
    looks.ask(tx, stamp, outage_id=outage.id)
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
    looks.ask(tx, stamp, outage_id=outage.id)
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
