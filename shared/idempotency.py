"""`Idempotency-Key`: the same request twice is one effect and the same answer.

Same key and same body: the kept answer. Another body: 422. The first still running: 409. The
answer is kept in the transaction of the effect, scoped to caller and address. Source: IETF
draft-ietf-httpapi-idempotency-key-header-07, Stripe's practice.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.auth import Called
from shared.db import Tx
from shared.errors import Conflict, Invalid, Refusal
from shared.http import Transaction, etag_of
from shared.tables import idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")

_LOOK = (
    "SELECT pg_try_advisory_xact_lock($1) AS mine, kept.body_hash, kept.status, kept.answer,"
    " kept.etag FROM (SELECT 1) AS one"
    " LEFT JOIN idempotency kept ON kept.scope = $2 AND kept.key = $3"
)


class KeyMissing(Refusal):
    """Send an Idempotency-Key header with 1 to 255 visible characters."""


class KeyReused(Invalid):
    """This Idempotency-Key was used with another body."""


class KeyInFlight(Conflict):
    """The first request with this Idempotency-Key is still running."""


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


async def _once(request: Request, tx: Transaction, caller: Called) -> Once:
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    scope = f"{caller.subject} {request.method} {request.url.path}"
    body_hash = sha256(await request.body()).digest()
    digest = blake2b(f"{scope} {key}".encode(), digest_size=8).digest()
    lock = int.from_bytes(digest, "big", signed=True)
    [kept] = await tx.run(_LOOK, lock, scope, key)
    if kept.body_hash is not None:
        if kept.body_hash != body_hash:
            raise KeyReused
        raise AlreadyAnswered(_response(kept.answer, kept.status, kept.etag, again=True))
    if not kept.mine:
        raise KeyInFlight
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
