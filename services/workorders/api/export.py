"""All orders that fit, as one file that is sent while it is read: no limit but the reader's."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from uuid import UUID

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.workorders.api.export_shown import Csv, Form, Ndjson
from services.workorders.api.shown import shown
from services.workorders.api.wanted import AskedFor, sight_of
from services.workorders.store import clocks, lists
from services.workorders.use_cases import exporting
from shared.auth import Called, Caller, may, token_of
from shared.db import Database
from shared.errors import Unavailable
from shared.http import Line, Stamped
from shared.ids import new_id
from shared.page import cursor_after
from shared.stamp import Stamp
from shared.streaming import Streamed, begun

EXPORTERS = ("supervisor", "ops")
_PAGE, _AT_ONCE, _END_SECONDS = 200, 4, 5
_LAST = UUID(int=2**128 - 1)
_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
_TEXT = {"schema": {"type": "string"}}


class TooManyExports(Unavailable):
    """One export a person, and few at once: try again when another has ended."""


class Stopping(Unavailable):
    """The service is about to stop; ask again."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is taken out, by whom, and how it is written."""

    id: UUID
    caller: Caller
    stamp: Stamp
    wanted: lists.Wanted
    purpose: str
    form: str
    writing: Form


def router() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["work orders"])
    under_way: set[str] = set()

    @router.get(
        "/work-orders/export",
        dependencies=[may(*EXPORTERS)],
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "A whole file, or a connection that is broken off.",
                "content": {kind: _TEXT for kind in _TYPES.values()},
            }
        },
    )
    async def export(
        request: Request,
        caller: Called,
        stamp: Stamped,
        wanted: AskedFor,
        form: Annotated[Literal["csv", "ndjson"], Query(alias="format")],
        purpose: Annotated[Line, Query()],
        bom: bool = False,
    ) -> Streamed:
        """Work orders of the caller's region, newest first, masked as the list is.

        In it is each order that was there when the export began and fits, once, as it is when its
        page is read; what is opened meanwhile is not, and one that comes to fit or no longer does
        may be. Overdue and at risk are reckoned as of the beginning. NDJSON: as the list shows it,
        with clocks. CSV: RFC 4180 in UTF-8 (`bom`: with its mark), the running clock that is due
        first, instants in the utility's zone, formulas behind an apostrophe. What fails midway
        breaks the connection off: a file that ended is whole. `purpose` stands in the audit, and
        how many lines left.
        """
        database: Database = request.app.state.database
        writing = Csv(database.zone, bom=bom) if form == "csv" else Ndjson()
        one = Export(new_id(stamp.at), caller, stamp, wanted, purpose, form, writing)
        chunks = await begun(_in_turn(under_way, request, one))
        name = f"work-orders-{one.id}.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Streamed(request, chunks, _TYPES[form], headers)

    return router


async def _in_turn(
    under_way: set[str], request: Request, export: Export
) -> AsyncGenerator[bytes, None]:
    """One a person, and few at once in this process. Raises TooManyExports."""
    subject = export.caller.subject
    if subject in under_way or len(under_way) >= _AT_ONCE:
        raise TooManyExports
    under_way.add(subject)
    try:
        async with aclosing(_recorded(request, export)) as chunks:  # the end is on record now
            async for chunk in chunks:
                yield chunk
    finally:
        under_way.discard(subject)


async def _recorded(request: Request, export: Export) -> AsyncGenerator[bytes, None]:
    """The file, between the row that says that it begins and the one that says how it ended."""
    app, stamp = request.app.state, export.stamp
    async with app.database.begin() as tx:
        sight = await sight_of(tx, export.caller, stamp.at)
        exporting.begin(tx, stamp, export.id, export.wanted, export.purpose, export.form)
    rows, whole = 0, False
    try:
        head = export.writing.head()
        async with aclosing(_pages(request, export, sight)) as pages:
            async for chunk, many in pages:
                rows += many
                yield head + chunk
                head = b""
        whole = True
    finally:
        with anyio.move_on_after(_END_SECONDS, shield=True):
            async with app.database.begin() as tx:
                ended = replace(stamp, at=app.clock())
                exporting.end(tx, ended, export.id, export.form, rows, whole=whole)


async def _pages(
    request: Request, export: Export, sight: lists.Sight
) -> AsyncGenerator[tuple[bytes, int], None]:
    """Page by page, each read in a transaction of its own: none is open while the reader reads."""
    app, token = request.app.state, token_of(request)
    cursor: str | None = cursor_after(sight.at, _LAST)
    while cursor is not None:
        app.keyring.caller(token)
        if not app.ready:
            raise Stopping
        async with app.database.begin() as tx:
            found = await lists.page(tx, export.wanted, sight, cursor=cursor, limit=_PAGE)
            ticking = await clocks.of_orders(tx, [order.id for order in found])
        role = export.caller.role
        orders = [shown(order, ticking[order.id], role) for order in found]
        full = len(found) == _PAGE
        cursor = cursor_after(found[-1].opened_at, found[-1].id) if full else None
        yield export.writing.lines(orders), len(orders)
