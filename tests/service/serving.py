"""A service on a real port, in this loop: for what goes on while it is answered."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from shared.service import _stop_taking
from tests.conftest import Running


@dataclass
class Served:
    """`client` speaks to it over TCP; `stop` is what SIGTERM does."""

    client: httpx.AsyncClient
    port: int
    server: uvicorn.Server
    running: Running

    def stop(self) -> None:
        _stop_taking(self.running.app, self.server)


async def cut_off(running: Running, address: str, headers: dict[str, str], how: str) -> Any:
    """Asks, and is gone when the answer begins: `lost` connection, or a `cancelled` task.

    Returns what it came to: as long as somebody holds it, nothing is cleared away by chance.
    """
    path, _, query = address.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "server": ("x", 80), "client": ("x", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        raise OSError if how == "lost" else asyncio.CancelledError

    try:
        await running.app(scope, receive, send)
    except (Exception, asyncio.CancelledError) as came_to:
        return came_to
    raise AssertionError("nobody noticed")


async def until(holds: Callable[[], object]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


@asynccontextmanager
async def serving(running: Running) -> AsyncIterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        running.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        tasks.create_task(running.app.state.feed.run(stopping))
        await until(lambda: server.started)
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
        try:
            yield Served(client, port, server, running)
        finally:
            await client.aclose()
            running.app.state.ready, server.should_exit = False, True
            stopping.set()


@dataclass(frozen=True)
class Said:
    """One server-sent event, as a browser would give it."""

    id: str
    event: str
    data: str


class Listener:
    """An open stream. `last_id` is what a browser would send when it comes back."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer, self.last_id = answer, ""
        self.beats: list[str] = []  # ids that came without an event
        self._events: asyncio.Queue[Said | None] = asyncio.Queue()

    async def hear(self) -> None:
        """Take in what comes, until the other side ends or breaks off."""
        field: dict[str, str] = {}
        with suppress(httpx.HTTPError):
            async for line in self.answer.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    field[name] = value.removeprefix(" ")
                    continue
                if "data" in field:
                    said = Said(field["id"], field["event"], field["data"])
                    self._events.put_nowait(said)
                elif "id" in field:
                    self.beats.append(field["id"])
                field = {}
        self._events.put_nowait(None)

    async def next(self, seconds: float = 5) -> Said:
        """The next event. Raises EOFError at the end, TimeoutError when none comes."""
        async with asyncio.timeout(seconds):
            event = await self._events.get()
        if event is None:
            raise EOFError
        self.last_id = event.id
        return event

    async def some(self, many: int, seconds: float = 10) -> list[Said]:
        return [await self.next(seconds) for _ in range(many)]

    async def quiet(self, seconds: float = 0.6) -> bool:
        """Nothing comes for so long."""
        await asyncio.sleep(seconds)
        return self._events.empty()


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, headers: dict[str, str], left_at: str = "", **query: Any
) -> AsyncIterator[Listener]:
    if left_at:
        headers = headers | {"last-event-id": left_at}
    opened = client.stream("GET", "/v1/board/stream", headers=headers, params=query)
    async with opened as answer:
        assert answer.status_code == 200, await answer.aread()
        listener = Listener(answer)
        hearing = asyncio.create_task(listener.hear())
        try:
            yield listener
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
