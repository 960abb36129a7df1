"""`Idempotency-Key`: the same request twice is one effect and the same answer.

Same key and same body: the kept answer. Another body: 422. The answer is kept in the transaction
of the effect, scoped to caller and address, so of two at once the second can't commit: 409.
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


class AlreadyAnswered(Exception):
    """Carries the kept answer past the route."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


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
    body_hash = sha256(await request.body()).digest()
    for kept in await tx.read(_LOOK, scope, key):
        if kept["body_hash"] != body_hash:
            raise KeyReused
        answer = _response(kept["answer"], kept["status"], kept["etag"], again=True)
        raise AlreadyAnswered(answer)
    return Once(tx, scope, key, body_hash)


def _response(content: str, status: int, etag: str | None, *, again: bool = False) -> Response:
    answer = Response(content, status, media_type="application/json")
    if etag:
        answer.headers["etag"] = etag
    if again:
        answer.headers["idempotent-replayed"] = "true"
    return answer


def answered(_: Request, already: AlreadyAnswered) -> Response:
    return already.answer


AnsweredOnce = Annotated[Once, Depends(_once)]
