"""What is added to an order while it is worked on: urges, danger, tags, a watcher, another kind."""

from collections.abc import Collection, Sequence

from services.workorders.domain import concerns, judging
from services.workorders.domain.moves import ENDED
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Relabelling, Supervision
from services.workorders.domain.policy import Fact, Pack, handlings, rules
from services.workorders.domain.refusals import NothingChanges
from services.workorders.domain.routing import Cause
from services.workorders.domain.supervision import Watching
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import retyping, routing, watching
from services.workorders.use_cases.moved import note, say, settle
from shared.db import Tx
from shared.stamp import Stamp


async def urge(tx: Tx, stamp: Stamp, aim: Aim) -> WorkOrder:
    """The customer asks where we are; more often than the rules allow, and a supervisor watches."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = concerns.urge(await orders.lock(tx, aim))
    order = watching.scored(order, packs)
    order = say(tx, stamp, order, "urged", events.urged(order, stamp.at), urges=order.urges)
    if order.urges > handlings(packs).of(order.case_type).urges:
        order = watching.watched_higher(tx, stamp, order, packs, "urges")
    return await settle(tx, stamp, order, Fact.URGED)


async def answer_urge(tx: Tx, stamp: Stamp, aim: Aim, answer: str) -> WorkOrder:
    """The customer knows where we are."""
    order = concerns.answer_urge(await orders.lock(tx, aim))
    note(tx, stamp, order, "urge_answered", reason=answer)
    return await settle(tx, stamp, order, Fact.URGE_ANSWERED)


async def endanger(tx: Tx, stamp: Stamp, aim: Aim, danger: bool, reason: str) -> WorkOrder:
    """Somebody or something is in danger, or is no longer.

    New danger may be another team's work, while nobody has claimed it. Where nobody new is sent,
    who watches hears of it.
    """
    packs = await references.packs_in_force(tx, stamp.at)
    order = watching.scored(concerns.endanger(await orders.lock(tx, aim), danger), packs)
    note(tx, stamp, order, "endangered" if danger else "out_of_danger", reason=reason)
    if not danger or order.status in ENDED:
        return await settle(tx, stamp, order)
    order, facts = await routing.reconsider(tx, stamp, order, Cause.ENDANGERED, "in danger")
    if not facts:
        order = watching.alert(tx, stamp, order, packs, order.classes)
        order = watching.watched_higher(tx, stamp, order, packs, "danger")
    return await settle(tx, stamp, order, *facts)


async def tag(
    tx: Tx, stamp: Stamp, aim: Aim, add: Collection[str], remove: Collection[str], reason: str
) -> WorkOrder:
    """What the customer is known for, as far as it counts here. Raises NothingChanges."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    before = set(order.asked.tags)
    after = (before | set(add)) - set(remove)
    if after == before:
        raise NothingChanges(field="add")
    order = watching.scored(concerns.tag(order, tuple(sorted(after))), packs)
    words = {
        "added": ", ".join(sorted(after - before)),
        "removed": ", ".join(sorted(before - after)),
    }
    note(tx, stamp, order, "tagged", reason=reason, **words)
    order = watching.alert(tx, stamp, order, packs, after - before)
    order = watching.watched(tx, stamp, order, packs, after - before)
    return await settle(tx, stamp, order)


async def supervise(
    tx: Tx, stamp: Stamp, aim: Aim, level: int, owner: str | None, reason: str
) -> WorkOrder:
    """A supervisor sets the flag 督办, or raises or lowers it."""
    owners = rules(await references.packs_in_force(tx, stamp.at), Watching)
    order = await orders.lock(tx, aim)
    supervision = Supervision(level, owner or owners.owner(level), reason, stamp.by, stamp.at)
    return await settle(tx, stamp, watching.supervised(tx, stamp, order, supervision))


async def release(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """Nobody senior needs to watch it any longer. Raises NothingChanges."""
    order = await orders.lock(tx, aim)
    if order.supervision is None:
        raise NothingChanges(field="on")
    order = concerns.supervise(order, None)
    note(tx, stamp, order, "released", reason=reason)
    return await settle(tx, stamp, order)


async def relabel(tx: Tx, stamp: Stamp, aim: Aim, wanted: Relabelling) -> WorkOrder:
    """It is another kind of case: at once, or when a second person agrees."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    before = order.case_type
    order = judging.relabel(order, wanted, handlings(packs).of(before))
    if order.relabelling is None:
        return await _relabelled(tx, stamp, order, packs, before, wanted.reason)
    note(tx, stamp, order, "relabelling_asked", reason=wanted.reason, to=wanted.case_type)
    return await settle(tx, stamp, order)


async def confirm_relabelling(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """A second person agrees that it is another kind of case."""
    packs = await references.packs_in_force(tx, stamp.at)
    order = await orders.lock(tx, aim)
    before = order.case_type
    order = judging.confirm(order, stamp.by)
    return await _relabelled(tx, stamp, order, packs, before, reason)


async def refuse_relabelling(tx: Tx, stamp: Stamp, aim: Aim, reason: str) -> WorkOrder:
    """It stays the kind of case that it is."""
    order = judging.refuse(await orders.lock(tx, aim))
    note(tx, stamp, order, "relabelling_refused", reason=reason)
    return await settle(tx, stamp, order)


async def _relabelled(
    tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack], before: str, reason: str
) -> WorkOrder:
    """What was promised stays promised; our own clocks follow the type, and so does the team, while
    nobody has claimed it.
    """
    order = watching.scored(order, packs)
    event = events.relabelled(order, stamp.at, before)
    to = order.case_type
    order = say(tx, stamp, order, "relabelled", event, before=before, to=to, reason=reason)
    if to == before:
        return await settle(tx, stamp, order)
    order, facts = await routing.reconsider(
        tx, stamp, order, Cause.RELABELLED, "another kind of case"
    )
    await retyping.follow_type(tx, stamp, order, packs, before, facts)
    return await settle(tx, stamp, order, *facts)
