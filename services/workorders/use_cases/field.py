"""What the crew does: claim, contact, depart, arrive, diagnose, say when, repair, reply."""

from datetime import datetime

from services.workorders.domain import judging
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Reply
from services.workorders.domain.policy import Fact, handlings
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases.moved import note, say, settle
from shared.db import Tx
from shared.stamp import Stamp


async def claim(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).claim(stamp.by, at=stamp.at)
    order = say(tx, stamp, order, "claimed", events.claimed(order, stamp.at))
    return await settle(tx, stamp, order, Fact.CLAIMED)


async def contact(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).contact(at=stamp.at)
    note(tx, stamp, order, "contacted")
    return await settle(tx, stamp, order, Fact.CONTACTED)


async def depart(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).depart(at=stamp.at)
    order = say(tx, stamp, order, "departed", events.departed(order, stamp.at))
    return await settle(tx, stamp, order, Fact.DEPARTED)


async def arrive(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    order = (await orders.lock(tx, aim)).arrive(at=stamp.at)
    order = say(tx, stamp, order, "arrived", events.arrived(order, stamp.at))
    return await settle(tx, stamp, order, Fact.ARRIVED)


async def diagnose(tx: Tx, stamp: Stamp, aim: Aim, cause: str) -> WorkOrder:
    """The fault was found."""
    order = (await orders.lock(tx, aim)).diagnose(at=stamp.at)
    note(tx, stamp, order, "diagnosed", cause=cause)
    return await settle(tx, stamp, order, Fact.DIAGNOSED)


async def set_etr(tx: Tx, stamp: Stamp, aim: Aim, etr_at: datetime) -> WorkOrder:
    order = (await orders.lock(tx, aim)).set_etr(etr_at, at=stamp.at)
    event = events.etr_set(order, stamp.at)
    order = say(tx, stamp, order, "etr_set", event, etr_at=etr_at.isoformat())
    return await settle(tx, stamp, order, Fact.ETR_SET)


async def repair(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """Power is back."""
    order = (await orders.lock(tx, aim)).repair(at=stamp.at)
    order = say(tx, stamp, order, "repaired", events.repaired(order, stamp.at))
    return await settle(tx, stamp, order, Fact.REPAIRED)


async def answer(tx: Tx, stamp: Stamp, aim: Aim, reply: Reply) -> WorkOrder:
    """Replied; then to review, or straight to the callback where no review is asked for."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    handling = handlings(packs).of(order.case_type)
    order = order.answer(reply, handling, at=stamp.at)
    order = say(tx, stamp, order, "replied", events.replied(order, stamp.at))
    order = submitted(tx, stamp, order, review=handling.review)
    facts = [Fact.REPAIRED] if order.steps.repaired_at == stamp.at else []
    facts.append(Fact.REPLIED)
    if order.status is Status.CALLBACK_DUE:
        facts.append(Fact.REVIEWED)
    return await settle(tx, stamp, order, *facts)


def submitted(tx: Tx, stamp: Stamp, order: WorkOrder, *, review: bool) -> WorkOrder:
    """A replied order, waiting for its review; past it, with a note, when none is asked for."""
    order = order.submit()
    note(tx, stamp, order, "submitted")
    if not review:
        order = judging.pass_review(order, judging.POLICY)
        note(tx, stamp, order, "review_exempt")
    return order
