"""From the reply to the end: review, callback, archive; or again, one level higher."""

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact, handlings
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import routing
from services.workorders.use_cases.moved import note, say, settle
from shared.audit import record
from shared.db import Tx
from shared.stamp import Stamp


async def pass_review(tx: Tx, stamp: Stamp, aim: Aim, checklist: dict[str, bool]) -> WorkOrder:
    order = (await orders.lock(tx, aim)).pass_review(stamp.by)
    note(tx, stamp, order, "reviewed", checked=", ".join(sorted(checklist)))
    return await settle(tx, stamp, order, Fact.REVIEWED)


async def send_back(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """The reply was found wanting: the handler sees to it again."""
    order = (await orders.lock(tx, aim)).send_back(stamp.by)
    note(tx, stamp, order, "sent_back", reason=reason)
    return await settle(tx, stamp, order)


async def close(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The callback found the customer satisfied."""
    order = (await orders.lock(tx, aim)).archive(stamp.by, at=stamp.at)
    say(tx, stamp, order, "archived", events.archived(order, stamp.at))
    return await settle(tx, stamp, order, Fact.CALLED_BACK, Fact.ARCHIVED)


async def miss(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The customer could not be reached; after the last attempt it is archived, and flagged."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    order = order.miss(stamp.by, handlings(packs).of(order.case_type))
    say(tx, stamp, order, "callback_missed", events.callback_missed(order, stamp.at))
    if order.status is not Status.CALLBACK_FAILED:
        return await settle(tx, stamp, order)
    order = order.archive(stamp.by, at=stamp.at)
    say(tx, stamp, order, "archived", events.archived(order, stamp.at), unreached=True)
    return await settle(tx, stamp, order, Fact.CALLED_BACK, Fact.ARCHIVED)


async def reopen(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """The customer is dissatisfied, or it came back: one level higher, dispatched again."""
    order = (await orders.lock(tx, aim)).reopen(stamp.by)
    say(tx, stamp, order, "reopened", events.reopened(order, stamp.at, reason))
    known = await references.for_opening(tx, order, stamp.at)
    order = await routing.dispatch(tx, stamp, order, known.situation, cause=Cause.REOPENED)
    facts = [Fact.CALLED_BACK, Fact.ACCEPTED]
    if order.status is Status.DISPATCHED:
        facts.append(Fact.DISPATCHED)
    return await settle(tx, stamp, order, *facts)


async def reveal(tx: Tx, stamp: Stamp, aim: Aim, purpose: str) -> WorkOrder:
    """The order with its address, for a stated purpose; the look is audited."""
    order = await orders.get(tx, aim)
    record(tx, stamp, "order.revealed", order.id, purpose=purpose)
    return order
