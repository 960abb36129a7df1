"""Work orders: lists, one of them, its address for a purpose."""

from fastapi import APIRouter, Response

from services.workorders.api.shown import (
    FIELD,
    READERS,
    Seen,
    WorkOrderOut,
    answer_with,
    shown,
)
from services.workorders.api.wanted import AskedFor, Looking
from services.workorders.store import clocks, lists, orders
from services.workorders.use_cases import closing
from shared.auth import Called, may
from shared.http import Body, Stamped, Transaction, Words
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1", tags=["work orders"])


class RevealIn(Body):
    """Why the address is needed; it is written into the audit."""

    purpose: Words


@router.get("/work-orders", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    sight: Looking,
    wanted: AskedFor,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WorkOrderOut]:
    """Work orders of the caller's region, newest first, with their clocks."""
    found = await lists.page(tx, wanted, sight, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    ticking = await clocks.of_orders(tx, [order.id for order in found[:limit]])
    return Page(
        items=[shown(order, ticking[order.id], caller.role) for order in found[:limit]],
        next=cursor_after(last.opened_at, last.id) if last else None,
    )


@router.get("/work-orders/{id}", dependencies=[may(*READERS)])
async def read(tx: Transaction, caller: Called, aim: Seen, response: Response) -> WorkOrderOut:
    return await answer_with(tx, response, await orders.get(tx, aim), caller.role)


@router.post("/work-orders/{id}/reveal", dependencies=[may(*FIELD)])
async def reveal(tx: Transaction, stamp: Stamped, aim: Seen, body: RevealIn) -> WorkOrderOut:
    """The order with its full address, for a stated purpose; the look is audited.

    Refused to everybody where the reporter is confidential: intake has what there is to reveal.
    """
    order = await closing.reveal(tx, stamp, aim, body.purpose)
    ticking = await clocks.of_orders(tx, [order.id])
    return shown(order, ticking[order.id], stamp.role, masked=False)
