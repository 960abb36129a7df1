"""What is senior people's business: whom an order concerns, how urgent it is, who watches it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.workorders.domain import concerns
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Supervision
from services.workorders.domain.policy import Pack, handlings, rules
from services.workorders.domain.priority import Weights
from services.workorders.domain.protected import ProtectedClasses
from services.workorders.domain.supervision import Watching
from services.workorders.events import orders as events
from services.workorders.store import orders, references
from services.workorders.store import watching as requested
from services.workorders.store.references import Opening
from services.workorders.use_cases.moved import say
from shared.db import Tx
from shared.stamp import Stamp

ENGINE = "policy"  # who sets the flag when nobody did


def known(order: WorkOrder, opening: Opening) -> WorkOrder:
    """The order with what is known of its customer, and its score."""
    handling = handlings(opening.packs).of(order.case_type)
    repeats = handling.repeats(opening.closed, order.received_at)
    return scored(order.also(protected=opening.protected, repeats=repeats), opening.packs)


def scored(order: WorkOrder, packs: Sequence[Pack]) -> WorkOrder:
    """The score anew: something that counts has changed."""
    weights = rules(packs, Weights)
    points = weights.score(order)
    total = sum(point.points for point in points)
    return concerns.scored(order, points, weights.rank_at(total, order.received_at))


def noticed(tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack]) -> WorkOrder:
    """An order has begun: whoever must hear of its customer does, and watches it."""
    order = alert(tx, stamp, order, packs, order.classes)
    if handlings(packs).of(order.case_type).hold:
        return order
    watching = rules(packs, Watching)
    again = ("repeats",) if order.repeats >= watching.repeats else ()
    return watched(tx, stamp, order, packs, (*order.classes, *again))


def alert(
    tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack], codes: Collection[str]
) -> WorkOrder:
    """Tell of a customer of these classes who is without power, if that is one to tell of.

    The audit does not say which class: it may be about health.
    """
    protection = rules(packs, ProtectedClasses)
    if classes := protection.alerting(order.case_type, codes):
        by_phone = protection.by_phone(codes)
        event = events.protected_affected(order, stamp.at, classes, by_phone=by_phone)
        return say(tx, stamp, order, "protected_affected", event)
    return order


def watched(
    tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack], codes: Collection[str]
) -> WorkOrder:
    """Supervised at the highest level that one of these asks for, unless it is already."""
    watching = rules(packs, Watching)
    levels = [(level, code) for code in codes if (level := watching.level(code))]
    if not levels:
        return order
    level, code = max(levels)
    return _raised(tx, stamp, order, watching, level, code)


def watched_higher(
    tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack], code: str
) -> WorkOrder:
    """Supervised for this, or one level higher than it is."""
    watching = rules(packs, Watching)
    level = watching.level(code)
    if level is None:
        return order
    if order.supervision is not None:
        level = max(level, watching.above(order.supervision.level))
    return _raised(tx, stamp, order, watching, level, code)


async def watch_breached(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Orders whose clocks climbed a ladder after a breach. Returns when each was raised."""
    requests = await requested.take(tx, stamp.at, limit)
    if not requests:
        return []
    packs = await references.packs_in_force(tx, stamp.at)
    before = await orders.lock_open(tx, {request.order_id for request in requests})
    after = [watched(tx, stamp, order, packs, ("breach",)) for order in before]
    await orders.save_watched(
        tx, [now for was, now in zip(before, after, strict=True) if now is not was]
    )
    return [request.raised_at for request in requests]


def _raised(
    tx: Tx, stamp: Stamp, order: WorkOrder, watching: Watching, level: int, code: str
) -> WorkOrder:
    if order.supervision is not None and order.supervision.level >= level:
        return order
    supervision = Supervision(level, watching.owner(level), code, ENGINE, stamp.at)
    return supervised(tx, stamp, order, supervision)


def supervised(tx: Tx, stamp: Stamp, order: WorkOrder, supervision: Supervision) -> WorkOrder:
    """The flag 督办 is set."""
    order = concerns.supervise(order, supervision)
    return say(
        tx,
        stamp,
        order,
        "supervised",
        events.supervised(order, stamp.at),
        level=supervision.level,
        owner=supervision.owner,
        reason=supervision.because,
    )
