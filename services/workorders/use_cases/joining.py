"""A new call finds its place: it leads its transformer, follows what is known there, or neither."""

from collections.abc import Sequence

from services.workorders.domain import following, sections
from services.workorders.domain.decision import Decision, Kind
from services.workorders.domain.grouping import Around, Call, Place, Placed, place_call
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.policy import Pack
from services.workorders.events import orders as events
from services.workorders.store import grouping_log, looks
from services.workorders.use_cases.moved import say
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp


def join(
    tx: Tx, stamp: Stamp, order: WorkOrder, packs: Sequence[Pack], around: Around
) -> WorkOrder:
    """A fault as it takes its place; merged when it follows: nobody is sent for it. No round trip.

    The group is looked at once this is committed. Other kinds of orders stay as they are.
    """
    if not order.is_fault:
        return order
    asked = order.asked
    call = Call(order.site.transformer, order.received_at, asked.danger, asked.different)
    placed = place_call(call, around)
    if placed.place is Place.FOLLOWS:
        return _follow(tx, stamp, order, placed)
    if placed.place is Place.APART:
        if around.leader is not None or around.outages:
            _decide(tx, stamp, order, Kind.APART, placed)
        return order
    order = following.lead(order, order.received_at + sections.grouping(packs).gap)
    if placed.outage is not None:
        order = following.belong(order, placed.outage.outage_id, placed.outage.part_id)
        looks.ask(tx, stamp, order_id=order.id)
    return order


def _follow(tx: Tx, stamp: Stamp, order: WorkOrder, placed: Placed) -> WorkOrder:
    outage = placed.outage
    master_id = WorkOrderId(placed.master_id) if placed.master_id else None
    order = following.merge(
        order, master_id, outage.outage_id if outage else None, outage.part_id if outage else None
    )
    order = say_that_it_follows(tx, stamp, order)
    _decide(tx, stamp, order, Kind.FOLLOWED, placed)
    outage_id = outage.outage_id if outage and master_id is None else None
    looks.ask(tx, stamp, order_id=master_id, outage_id=outage_id, joined_id=order.id)
    return order


def say_that_it_follows(tx: Tx, stamp: Stamp, order: WorkOrder) -> WorkOrder:
    """Whom it follows: another order, or an outage that was announced."""
    outage_id = str(order.outage_id) if order.outage_id else None
    if order.master_id is None:
        event = events.linked(order, stamp.at)
        return say(tx, stamp, order, "linked", event, outage_id=outage_id)
    following, master_id = events.merged(order, stamp.at), str(order.master_id)
    return say(tx, stamp, order, "merged", following, master_id=master_id, outage_id=outage_id)


def _decide(tx: Tx, stamp: Stamp, order: WorkOrder, kind: Kind, placed: Placed) -> None:
    grouping_log.add(
        tx,
        Decision(
            id=new_id(stamp.at),
            at=stamp.at,
            by=stamp.by,
            kind=kind,
            region=order.site.region,
            because=placed.because,
            outage_id=order.outage_id,
            order_id=order.id,
            data={"master_id": str(order.master_id)} if order.master_id else {},
        ),
    )
