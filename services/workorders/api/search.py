"""Searching work orders by words or by phone."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from services.workorders.api.shown import READERS, WorkOrderOut, shown
from services.workorders.domain.blind import BlindIndex
from services.workorders.domain.order import WorkOrder
from services.workorders.store import clocks
from services.workorders.use_cases import searching
from shared.auth import Called, may
from shared.db import Tx
from shared.http import Body, Stamped, Transaction
from shared.page import Cursor, Limit, Page, cursor_after

_Words = Annotated[str, Field(min_length=2, max_length=200)]


class SearchIn(Body):
    """Words or a phone number, one of them. In a body, for neither to stand in an address."""

    q: _Words | None = None
    phone: Annotated[str, Field(min_length=5, max_length=24)] | None = None
    cursor: Annotated[str, Field(max_length=120)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @model_validator(mode="after")
    def _one_of_them(self) -> "SearchIn":
        if (self.q is None) == (self.phone is None):
            raise ValueError("either q or phone")
        return self


def router(index: BlindIndex) -> APIRouter:
    """`index`: by which phone numbers are found."""
    router = APIRouter(prefix="/v1", tags=["work orders"])

    @router.get("/work-orders/search", dependencies=[may(*READERS)])
    async def search_words(
        tx: Transaction,
        stamp: Stamped,
        caller: Called,
        q: Annotated[str, Query(min_length=2, max_length=200)],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[WorkOrderOut]:
        """Orders of the caller's region in whose case number, address or description all stand.

        Terms are parted by spaces; Chinese is found anywhere, from two characters on; other words
        whole, long ones by their beginning. Newest first, masked. The search is audited.
        """
        more = limit + 1
        found = await searching.by_words(tx, stamp, q, caller.region, cursor=cursor, limit=more)
        return await _page(tx, found, limit, caller.role)

    @router.post("/work-orders/search", dependencies=[may(*READERS)])
    async def search(
        tx: Transaction, stamp: Stamped, caller: Called, body: SearchIn
    ) -> Page[WorkOrderOut]:
        """The same, asked for in a body; or by the phone number of who called.

        The number is not kept here: it is found by a keyed index. Each search is audited.
        """
        region, cursor, more = caller.region, body.cursor, body.limit + 1
        if body.phone is not None:
            found = await searching.by_phone(
                tx, stamp, index, body.phone, region, cursor=cursor, limit=more
            )
        else:
            said = body.q or ""
            found = await searching.by_words(tx, stamp, said, region, cursor=cursor, limit=more)
        return await _page(tx, found, body.limit, caller.role)

    return router


async def _page(tx: Tx, found: Sequence[WorkOrder], limit: int, role: str) -> Page[WorkOrderOut]:
    last = found[limit - 1] if len(found) > limit else None
    ticking = await clocks.of_orders(tx, [order.id for order in found[:limit]])
    return Page(
        items=[shown(order, ticking[order.id], role) for order in found[:limit]],
        next=cursor_after(last.opened_at, last.id) if last else None,
    )
