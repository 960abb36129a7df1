"""The HTTP door: one transaction a request, committed before the answer leaves."""

import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import Depends, FastAPI, Header, Request
from fastapi.routing import iter_route_contexts
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import telemetry
from shared.auth import Caller, Gate, Open
from shared.db import Tx
from shared.errors import PreconditionFailed, Refusal
from shared.stamp import Stamp


class Body(BaseModel):
    """What a route takes: known fields only, no coercion, no padding."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, str_strip_whitespace=True
    )


class Shown(BaseModel):
    """What a route gives."""

    model_config = ConfigDict(from_attributes=True)


def _as_text(value: object) -> object:
    """Not the seconds since 1970 that pydantic would read too."""
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", value):
        raise ValueError("write it like 2026-11-20T09:00:00+08:00")
    return value


def _of_this_age(value: datetime) -> datetime:
    """Near the ends of the calendar no zone can be reckoned with."""
    if not 2000 <= value.year < 2200:
        raise ValueError("that is not in this age")
    return value


# In a strict body these arrive as JSON text and are read as what they are.
Instant = Annotated[
    AwareDatetime, Strict(False), BeforeValidator(_as_text), AfterValidator(_of_this_age)
]
Id = Annotated[UUID, Strict(False)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["320505"])]


async def _transaction(request: Request) -> AsyncIterator[Tx]:
    async with request.app.state.database.begin() as tx:
        yield tx


async def _stamp(request: Request) -> Stamp:
    caller: Caller = request.state.caller
    trace = telemetry.here() or request.state.trace
    return Stamp(by=caller.subject, role=caller.role, at=request.app.state.clock(), trace=trace)


# scope="function": without it FastAPI commits after the response has been sent.
Transaction = Annotated[Tx, Depends(_transaction, scope="function")]
Stamped = Annotated[Stamp, Depends(_stamp)]


class MalformedIfMatch(Refusal):
    """If-Match holds one ETag of ours, such as "3"."""


def etag_of(version: int) -> str:
    return f'"{version}"'


async def _expected(if_match: Annotated[str | None, Header()] = None) -> int | None:
    if if_match is None or if_match == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', if_match)
    if match is None:
        raise MalformedIfMatch
    return int(match[1])


# The version that the caller acts upon, from If-Match; None when it did not say.
Expected = Annotated[int | None, Depends(_expected)]


def check_expected(expected: int | None, version: int) -> None:
    """Raises PreconditionFailed (412) when the caller acts upon another version than this."""
    if expected is not None and expected != version:
        raise PreconditionFailed(expected=etag_of(expected), now=etag_of(version))


class UndeclaredRoute(RuntimeError):
    """A route does not say who may call it."""


def check_declared(app: FastAPI) -> None:
    """Every route of ours stands behind a gate, or says why not. Raises UndeclaredRoute."""
    for path, methods, gates in declared(app):
        if not gates:
            raise UndeclaredRoute(f"{'|'.join(sorted(methods))} {path}: who may call it?")


def declared(app: FastAPI) -> list[tuple[str, set[str], list[Gate | Open]]]:
    """Each API route with its methods and gates."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            calls = [d.call for d in dependant.dependencies]
            gates = [c for c in calls if isinstance(c, Gate | Open)]
            found.append((str(route.path), set(route.methods or ()), gates))
    return found


class Watch:
    """Each request: a trace, a measured time by route, one log line. Pure ASGI.

    The time of what is streamed is the time to its beginning: how long it goes on is the reader's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log: Any = structlog.get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = next((v for k, v in scope["headers"] if k == b"traceparent"), b"")
        trace = telemetry.child_of(parent.decode("latin-1"))
        scope.setdefault("state", {})["trace"] = trace
        began = answered = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            ended = answered if scope["state"].get("streams") else time.perf_counter()
            seconds = ended - began
            route = getattr(scope.get("route"), "path", "unknown")
            telemetry.REQUESTS.labels(scope["method"], route, status).observe(seconds)
            if status >= 500 or seconds > 1:
                self._log.warning(
                    "http.slow_or_failed",
                    route=route,
                    status=status,
                    ms=round(seconds * 1000),
                    trace_id=telemetry.trace_id(trace),
                )


_DIGITS = 6  # of the code of a county: no region lies within one


def region_scope(column: Any, region: str) -> Any:
    """Rows of the caller's part of the country only.

    One county is one value, and so walked in the order of the next column of an index; a wider
    part is a range of values.
    """
    if len(region) == _DIGITS:
        return column == region
    return column.startswith(region, autoescape=True)
