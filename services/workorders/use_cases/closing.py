"""From the reply to the end: review, callback, archive; or again, one level higher."""

from collections.abc import Mapping

from services.workorders.domain import judging
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import CalledBack, Exemption
from services.workorders.domain.policy import Fact, handlings, rules
from services.workorders.domain.reasons import Callbacks
from services.workorders.domain.refusals import MissingField, ReporterNotKnownHere
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import looks, orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import routing, watching
from services.workorders.use_cases.moved import note, say, settle
from shared.audit import record
from shared.db import Tx
from shared.stamp import Stamp


async def review(
    tx: Tx, stamp: Stamp, aim: Aim, checklist: Mapping[str, bool], reason: str
) -> WorkOrder:
    """The reply was read by someone else: on to the callback, or back to the handler.

    Raises MissingField when something on the checklist was not looked at.
    """
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    if unchecked := handlings(packs).of(order.case_type).unchecked(checklist):
        raise MissingField("look at the whole checklist", missing=unchecked)
    wanting = sorted(one for one, holds in checklist.items() if not holds)
    if wanting:
        order = judging.send_back(order, stamp.by, reason)
        note(tx, stamp, order, "sent_back", reason=reason, wanting=", ".join(wanting))
        return await settle(tx, stamp, order)
    order = judging.pass_review(order, stamp.by)
    note(tx, stamp, order, "reviewed", checked=", ".join(sorted(checklist)))
    return await settle(tx, stamp, order, Fact.REVIEWED)


async def close(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The callback found the customer satisfied."""
    called_back = CalledBack(stamp.at, "satisfied", stamp.by)
    order = judging.close(await orders.lock(tx, aim), called_back)
    event = events.archived(order, stamp.at)
    order = say(tx, stamp, order, "archived", event, result=called_back.result)
    return await settle(tx, stamp, order, Fact.CALLED_BACK, Fact.ARCHIVED)


async def miss(tx: Tx, stamp: Stamp, aim: Aim, result: str) -> WorkOrder:
    """The customer could not be reached; after the last attempt it is archived, and flagged."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    handling, unreached = handlings(packs).of(order.case_type), rules(packs, Callbacks).of(result)
    called_back = CalledBack(stamp.at, result, stamp.by)
    order = judging.miss(order, called_back, unreached, handling)
    event = events.callback_missed(order, stamp.at)
    attempt = order.callback_attempts
    order = say(tx, stamp, order, "callback_missed", event, result=result, attempt=attempt)
    if order.status is not Status.CALLBACK_FAILED:
        return await settle(tx, stamp, order)
    order = judging.archive_unasked(order, at=stamp.at)
    order = say(tx, stamp, order, "archived", events.archived(order, stamp.at), unreached=True)
    return await settle(tx, stamp, order, Fact.CALLED_BACK, Fact.ARCHIVED)


async def exempt(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """Closed without a reply or without the customer's word: on record, with who said so."""
    order = judging.exempt(await orders.lock(tx, aim), Exemption(reason, stamp.by), stamp.at)
    order = say(tx, stamp, order, "exempted", events.archived(order, stamp.at), reason=reason)
    return await settle(tx, stamp, order, Fact.ARCHIVED)


async def reopen(
    tx: Tx, stamp: Stamp, aim: Aim, reason: str, *, still_off: bool = False
) -> WorkOrder:
    """The customer is dissatisfied, or it came back: one level higher, dispatched again.

    still_off: the customer says that there is still no power.
    """
    order = await orders.lock(tx, aim)
    opening = await references.for_opening(tx, order, stamp.at)
    packs, outage_id = opening.packs, order.outage_id
    if still_off and outage_id is not None:
        looks.ask(tx, stamp, order_id=order.id, nested_in=outage_id)
    order = judging.reopen(order, stamp.by, handlings(packs).of(order.case_type), stamp.at)
    order = watching.known(order, opening)
    event = events.reopened(order, stamp.at, reason, still_off=still_off)
    order = say(tx, stamp, order, "reopened", event, reason=reason, still_off=still_off)
    order = watching.noticed(tx, stamp, order, packs)
    situation = opening.situation
    order = await routing.dispatch(tx, stamp, order, situation, cause=Cause.REOPENED)
    facts = [Fact.CALLED_BACK, Fact.ACCEPTED]
    if order.status is Status.DISPATCHED:
        facts.append(Fact.DISPATCHED)
    return await settle(tx, stamp, order, *facts)


async def reveal(tx: Tx, stamp: Stamp, aim: Aim, purpose: str) -> WorkOrder:
    """The order with its address, for a stated purpose; the look is audited.

    Raises ReporterNotKnownHere.
    """
    order = await orders.get(tx, aim)
    if order.asked.confidential:
        raise ReporterNotKnownHere(case_id=str(order.case_id))
    record(tx, stamp, "order.revealed", order.id, purpose=purpose)
    return order
