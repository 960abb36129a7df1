"""`Idempotency-Key`: the same request twice is one effect and the same answer.

The answer is kept in the transaction of the effect, scoped to caller and address: a repetition
can't commit, and is then given the kept answer (another body: 422). So the usual case, the first
request, pays for no look-up, and of two at once the second waits for the first and says the same.
Source: IETF draft-ietf-httpapi-idempotency-key-header-07, Stripe's practice.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.auth import Caller
from shared.db import Tx
from shared.errors import Invalid, Refusal
from shared.http import Transaction, etag_of
from shared.tables import idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")

_LOOK = "SELECT body_hash, status, answer, etag FROM idempotency WHERE scope = $1 AND key = $2"


class KeyMissing(Refusal):
    """Send an Idempotency-Key header with 1 to 255 visible characters."""


class KeyReused(Invalid):
    """This Idempotency-Key was used with another body."""


@dataclass(slots=True)
class Once:
    """What a creating route answers through, so that the answer is kept with the effect."""

    tx: Tx
    scope: str
    key: str
    body_hash: bytes

    def answer(self, body: BaseModel, status: int = 201, version: int | None = None) -> Response:
        """The response, and the same one again for every repetition of this request."""
        content = body.model_dump_json()
        etag = etag_of(version) if version is not None else None
        kept = {"scope": self.scope, "key": self.key, "body_hash": self.body_hash}
        self.tx.leave(idempotency, kept | {"status": status, "answer": content, "etag": etag})
        return _response(content, status, etag)


async def _once(request: Request, tx: Transaction) -> Once:
    caller: Caller = request.state.caller
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    scope = f"{caller.subject} {request.method} {request.url.path}"
    once = Once(tx, scope, key, sha256(await request.body()).digest())
    request.state.once = once
    return once


async def kept_answer(request: Request) -> Response | None:
    """What an earlier request with this key was answered; None when there was none.

    Asked when a request could not be carried out. Raises KeyReused.
    """
    once: Once | None = getattr(request.state, "once", None)
    if once is None:
        return None
    async with request.app.state.database.begin() as tx:
        rows = await tx.read(_LOOK, once.scope, once.key)
    for kept in rows:
        if kept["body_hash"] != once.body_hash:
            raise KeyReused
        return _response(kept["answer"], kept["status"], kept["etag"], again=True)
    return None


def _response(content: str, status: int, etag: str | None, *, again: bool = False) -> Response:
    answer = Response(content, status, media_type="application/json")
    if etag:
        answer.headers["etag"] = etag
    if again:
        answer.headers["idempotent-replayed"] = "true"
    return answer


AnsweredOnce = Annotated[Once, Depends(_once)]
