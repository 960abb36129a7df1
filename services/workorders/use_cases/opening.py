"""From a case to an order with a team and its clocks."""

from collections.abc import Sequence

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact, handlings
from services.workorders.domain.routing import Cause
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.use_cases import clocks, routing, watching
from services.workorders.use_cases.compensation import guarantee
from services.workorders.use_cases.joining import join
from services.workorders.use_cases.moved import note, say
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.stamp import Stamp

# What is true of an order that stands so when it is opened, beside its acceptance.
_SO_FAR = {Status.DISPATCHED: Fact.DISPATCHED, Status.MERGED: Fact.MERGED}


async def open_order(
    tx: Tx, stamp: Stamp, order: WorkOrder, promised: Sequence[Promise]
) -> WorkOrder | None:
    """One order for a case, dispatched if a team serves there. None when it has one already.

    What an agent should first try to answer stays `accepted`; a fault that is known already follows
    what is known.
    """
    opening = await references.for_opening(tx, order, stamp.at)
    if opening.known:
        return None
    packs = opening.packs
    order = watching.known(order, opening)
    order = say(tx, stamp, order, "opened", events.opened(order))
    order = watching.noticed(tx, stamp, order, packs)
    order = join(tx, stamp, order, packs, opening.around)
    if order.is_open and not handlings(packs).of(order.case_type).hold:
        order = order.triage()
        note(tx, stamp, order, "triaged")
        order = await routing.dispatch(tx, stamp, order, opening.situation, cause=Cause.OPENED)
    orders.add(tx, order)
    guarantee(tx, order, packs)
    facts = [(Fact.ACCEPTED, order.received_at)]
    if (so_far := _SO_FAR.get(order.status)) is not None:
        facts.append((so_far, stamp.at))
    await clocks.opened(tx, stamp, order, packs, facts, promised)
    return order
