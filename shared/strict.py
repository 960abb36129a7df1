"""Before a request reaches a route: size, time and the JSON that PostgreSQL and we can live with.

Refused here, as problem+json: bodies over the limit (413) or too slow (408); not UTF-8, NaN or
Infinity, duplicate keys, absurd integers, NUL, lone surrogates (400). Pure ASGI.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import problems

_BODY_SECONDS = 10.0
_LONGEST_NUMBER = 40  # characters: beyond what any amount, id or coordinate needs


class Unacceptable(ValueError):
    """JSON that parses elsewhere but not here."""


class StrictInput:
    """Reads the whole body first, so that nothing is half-done when it turns out bad.

    `byte_queries`: paths whose query may hold bytes that are no text; they read it themselves.
    """

    def __init__(
        self, app: ASGIApp, limit: int = 256 * 1024, byte_queries: Sequence[str] = ()
    ) -> None:
        self._app, self._limit, self._byte_queries = app, limit, frozenset(byte_queries)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = b"" if scope["path"] in self._byte_queries else scope["query_string"]
        if _dirty(query) or _dirty(scope.get("raw_path") or b""):
            await problems.respond(scope, receive, send, 400, "bad-input", "Not valid UTF-8 text.")
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = await self._body(scope, dict(scope["headers"]), receive, send)
        if body is None:
            return
        kinds = [value.lower() for name, value in scope["headers"] if name == b"content-type"]
        if body and any(b"json" in kind for kind in kinds):
            try:
                check(body)
            except ValueError as error:
                detail = str(error) if isinstance(error, Unacceptable) else "Not valid JSON."
                await problems.respond(scope, receive, send, 400, "bad-input", detail)
                return
        await self._app(scope, _replay(body, receive), send)

    async def _body(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> bytes | None:
        """The body; or None after having answered that it is too big or too slow."""
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > self._limit:
            await self._too_large(scope, receive, send)
            return None
        chunks, size = [], 0
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > self._limit:
                        await self._too_large(scope, receive, send)
                        return None
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            await problems.respond(
                scope, receive, send, 408, "too-slow", "The body took too long.", close=True
            )
            return None

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"A body may have at most {self._limit} bytes."
        await problems.respond(scope, receive, send, 413, "too-large", detail, close=True)


def check(body: bytes) -> None:
    """Raises Unacceptable, or another ValueError, unless `body` is JSON in the narrow sense."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_short_int,
            parse_float=_short_float,
        )
    except RecursionError as error:
        raise Unacceptable("The JSON is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise Unacceptable("The body is not UTF-8.") from error
    if b"\\u" in body:
        _clean(value)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unacceptable("A key appears twice.")
    return found


def _no_constant(name: str) -> Any:
    raise Unacceptable(f"{name} is not a number here.")


def _short_int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise Unacceptable("A number is too long.")
    return int(digits)


def _short_float(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER:
        raise Unacceptable("A number is too long.")
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise Unacceptable("A number is too large.")
    return value


def _clean(value: Any) -> None:
    """No NUL and no lone surrogate in any key or text, at any depth."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise Unacceptable("A text holds a character that is none.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _clean(key)
            _clean(inner)
    elif isinstance(value, list):
        for inner in value:
            _clean(inner)


def _dirty(raw: bytes) -> bool:
    if b"%" not in raw:
        return b"\x00" in raw
    decoded = unquote_to_bytes(raw)
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\x00" in decoded


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
