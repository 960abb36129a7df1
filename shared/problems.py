"""RFC 9457: one form for everything that goes wrong, without stack, SQL or anybody's data."""

import json
import re
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.db import is_outage, sqlstate
from shared.errors import Conflict, Refusal
from shared.idempotency import kept_answer

log = structlog.get_logger(__name__)

_TITLES = {
    400: "The request can't be read.",
    401: "Show a valid token first.",
    404: "There is no such thing, or you may not see it.",
    405: "This address does not take that method.",
    408: "The request came too slowly.",
    409: "Something else happened first; look again.",
    413: "The request is too large.",
    422: "The request breaks a rule.",
    500: "Something broke on our side; nothing was changed.",
    503: "This can't be done right now; try again soon.",
}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}", re.ASCII)
_UNIQUE, _UNTRANSLATABLE, _OUT_OF_RANGE = "23505", "22021", "22003"


def written(
    status: int, slug: str, title: str = "", detail: str = "", **facts: object
) -> dict[str, object]:
    """The body of a problem, for an answer or to be kept."""
    return {
        "type": f"/problems/{slug}",
        "title": title or _TITLES.get(status, "The request was refused."),
        "status": status,
        **({"detail": detail} if detail else {}),
        **facts,
    }


def written_refusal(error: Refusal) -> dict[str, object]:
    return written(error.status, error.slug(), error.title, error.detail, **error.facts)


def problem(status: int, slug: str, title: str = "", detail: str = "", **facts: object) -> Response:
    """The answer: `application/problem+json` with type, title, status, detail and facts."""
    body = written(status, slug, title, detail, **facts)
    headers = {"retry-after": "1"} if status == 503 else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    content = json.dumps(body, ensure_ascii=False, default=str)
    return Response(content, status, headers, media_type="application/problem+json")


async def respond(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    slug: str,
    detail: str,
    *,
    close: bool = False,
) -> None:
    """Answer from inside a middleware; `close` when the rest of the body is not wanted."""
    answer = problem(status, slug, detail=detail)
    if close:
        answer.headers["connection"] = "close"
    await answer(scope, receive, send)


async def _refused(request: Request, error: Any) -> Response:
    """The refusal; unless this request was carried out before: then that answer."""
    try:
        if (kept := await kept_answer(request)) is not None:
            return kept
    except Refusal as reused:
        error = reused
    return problem(error.status, error.slug(), error.title, error.detail, **error.facts)


def _invalid(_: Request, error: Any) -> Response:
    """Where and what, never the value: it may be personal. Neither is a name that is not ours."""
    errors = [
        {"at": ".".join(map(_step, e["loc"])), "problem": e["msg"]} for e in error.errors()[:20]
    ]
    unreadable = any(e["type"] == "json_invalid" for e in error.errors())
    if unreadable:
        return problem(400, "bad-input", detail="Not valid JSON.")
    return problem(422, "invalid-request", errors=errors)


def _step(step: object) -> str:
    return str(step) if isinstance(step, int) or _NAME.fullmatch(str(step)) else "?"


def _http(_: Request, error: Any) -> Response:
    answer = problem(error.status_code, f"http-{error.status_code}")
    answer.headers.update(error.headers or {})
    return answer


class HappenedMeanwhile(Conflict):
    """Something else happened first; look again."""


async def _database(request: Request, error: Any) -> Response:
    state = sqlstate(error)
    if state == _UNIQUE:
        return await _refused(request, HappenedMeanwhile())
    if state in (_UNTRANSLATABLE, _OUT_OF_RANGE):
        return problem(422, "invalid-request", detail="A value can't be stored.")
    return _broken(request, error)


def _broken(request: Request, error: Exception) -> Response:
    if is_outage(error):
        log.warning("http.unavailable", error=type(error).__name__)
        return problem(503, "unavailable")
    log.error("http.failed", route=request.scope.get("path"), exc_info=error)
    return problem(500, "internal-error")


def install(app: FastAPI) -> None:
    """Every error of `app` leaves in the one form."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(asyncpg.PostgresError, _database)
    for passing in (OSError, PoolTimeout, asyncpg.InterfaceError):
        app.add_exception_handler(passing, _broken)  # unlike Exception's, it ends the matter
    app.add_exception_handler(Exception, _broken)
