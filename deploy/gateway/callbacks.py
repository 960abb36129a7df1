"""Delivers callbacks as Kannel's smsbox does: from memory, and a bounded number of times."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import httpx

LINES = 64
TIMEOUT = httpx.Timeout(10).as_dict()
TLS = httpx.create_ssl_context()  # one for all lines: each takes 30 ms to make
ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=3)
TAKEN = (200, 202)  # every other answer is asked again: smsbox.c, url_result_thread


@dataclass(slots=True)
class Callback:
    url: str
    done: Callable[[int | None], None]
    """Hears the last status, None if there was no answer."""
    tries: int = 0


class Callbacks:
    """Every line has a connection of its own: httpx walks through a shared pool at every call."""

    def __init__(self, retries: int, retry_after: float) -> None:
        self._retries = retries
        self._retry_after = retry_after
        self.ok = 0
        self.failed = 0

    async def __aenter__(self) -> Self:
        self._due: asyncio.Queue[Callback] = asyncio.Queue()
        self.waiting = 0
        self._lines = [asyncio.create_task(self._line()) for _ in range(LINES)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def send(self, url: str, done: Callable[[int | None], None]) -> None:
        self.waiting += 1
        self._due.put_nowait(Callback(url, done))

    async def _line(self) -> None:
        async with httpx.AsyncHTTPTransport(verify=TLS, limits=ONE_CONNECTION) as transport:
            while True:
                callback = await self._due.get()
                self._settle(callback, await _get(transport, callback.url))

    def _settle(self, callback: Callback, status: int | None) -> None:
        callback.tries += 1
        if status not in TAKEN and callback.tries <= self._retries:
            loop = asyncio.get_running_loop()
            loop.call_later(self._retry_after, self._due.put_nowait, callback)
            return
        self.waiting -= 1
        if status in TAKEN:
            self.ok += 1
        else:
            self.failed += 1
        callback.done(status)


async def _get(transport: httpx.AsyncHTTPTransport, url: str) -> int | None:
    try:
        request = httpx.Request("GET", url, extensions={"timeout": TIMEOUT})
        response = await transport.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    except Exception as error:  # a line outlives every surprise, and its callback is asked again
        print(f"callback: {error!r}", file=sys.stderr, flush=True)
        return None
    return response.status_code
