"""Receipts from the gateway: checked by their token, kept as they came, answered after the commit.

What arrives while one commit runs goes into the next, together: a broadcast brings thousands a
second. If that transaction fails, each goes alone, so that one bad receipt harms no other.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_to_bytes
from uuid import UUID

from fastapi import APIRouter, Request
from prometheus_client import Counter
from starlette.responses import Response

from services.notify import use_cases
from services.notify.domain.lattice import meaning
from services.notify.domain.message import MessageId, Patience
from services.notify.domain.seal import Seal
from services.notify.store import NoSuchMessage, Receipt
from shared import telemetry
from shared.auth import anyone
from shared.db import Database
from shared.errors import Invalid, Unavailable
from shared.stamp import Stamp

KANNEL = "/v1/receipts/kannel"
_BATCH, _MOST_WAITING, _LONGEST_REPLY = 200, 5_000, 2_000
_parameters = [
    {"name": name, "in": "query", "required": required, "schema": {"type": kind}}
    for name, required, kind in (
        ("m", True, "string"),
        ("t", True, "string"),
        ("code", True, "integer"),
        ("reply", False, "string"),
        ("n", False, "integer"),
    )
]

RECEIPTS = Counter("wattline_notify_receipts", "Receipts taken, repeats included", ["code"])


class MalformedReceipt(Invalid):
    """A receipt names a message (m), a token (t), a code and perhaps the try (n); it is short."""


class TooManyReceipts(Unavailable):
    """More receipts are waiting than we can store; send this one again soon."""


@dataclass(slots=True)
class _Waiting:
    receipt: Receipt
    stored: bool = False
    alone: bool = False


class Together:
    """Stores receipts: whoever gets the lock commits all that wait by then."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._lock = asyncio.Lock()

    async def store(self, database: Database, receipt: Receipt) -> None:
        """Returns when `receipt` is committed. Raises TooManyReceipts, or the database's error."""
        if len(self._waiting) >= _MOST_WAITING:
            raise TooManyReceipts
        mine = _Waiting(receipt)
        self._waiting.append(mine)
        async with self._lock:
            if not mine.stored and not mine.alone:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                await self._commit_all(database, batch)
        if mine.alone:
            await self._commit(database, [mine.receipt])

    async def _commit_all(self, database: Database, batch: Sequence[_Waiting]) -> None:
        for waiting in batch:
            waiting.alone = True  # until it turns out otherwise
        try:
            await self._commit(database, [waiting.receipt for waiting in batch])
        except Exception:
            if len(batch) == 1:
                raise
            return
        for waiting in batch:
            waiting.stored, waiting.alone = True, False

    async def _commit(self, database: Database, receipts: Sequence[Receipt]) -> None:
        at = receipts[-1].received_at
        stamp = Stamp(by="gateway", at=at, trace=telemetry.new_trace())
        async with database.begin() as tx:
            await use_cases.hear(tx, stamp, receipts, self._patience)


def router(seal: Seal, patience: Patience) -> APIRouter:
    routes, together = APIRouter(tags=["receipts"]), Together(patience)

    @routes.get(
        KANNEL,
        dependencies=[anyone("token in the URL")],
        openapi_extra={"parameters": _parameters},
        response_class=Response,
    )
    async def take(request: Request) -> Response:
        """A delivery receipt: from Kannel, at the address that we gave it with the message."""
        receipt = _read(request.scope["query_string"], seal, request.app.state.clock())
        await together.store(request.app.state.database, receipt)
        RECEIPTS.labels(str(receipt.code)).inc()
        return Response("stored", media_type="text/plain")

    return routes


def _read(query: bytes, seal: Seal, at: datetime) -> Receipt:
    """The receipt in a query. The reply may be any bytes: part of it is cut out of UCS-2 text.

    Raises MalformedReceipt, NoSuchReceipt, or NoSuchMessage when the token does not fit.
    """
    given = _given(query)
    id = MessageId(_uuid(given.get(b"m", b"")))
    if not seal.fits(id, given.get(b"t", b"").decode("latin-1")):
        raise NoSuchMessage
    code, number = _number(given.get(b"code", b"")), _number(given.get(b"n", b"0"))
    reply = given.get(b"reply", b"")
    if len(reply) > _LONGEST_REPLY:
        raise MalformedReceipt
    meaning(code, reply)
    return Receipt(id, number, code, reply, at)


def _given(query: bytes) -> Mapping[bytes, bytes]:
    """By name; the last one counts."""
    pairs = (pair.partition(b"=") for pair in query.split(b"&"))
    return {name: unquote_to_bytes(value.replace(b"+", b" ")) for name, _, value in pairs}


def _number(text: bytes) -> int:
    if not (text.isdigit() and len(text) <= 4):
        raise MalformedReceipt
    return int(text)


def _uuid(text: bytes) -> UUID:
    try:
        return UUID(text.decode("latin-1"))
    except ValueError as error:
        raise MalformedReceipt from error
