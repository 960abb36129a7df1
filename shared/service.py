"""A service from its parts: the three doors, the relay, health and an orderly end."""

import asyncio
import contextlib
import functools
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI

from shared import inbox, kafka, outbox, problems, tables, telemetry
from shared.auth import Keyring
from shared.db import Database, Tx
from shared.due import Timer, run_timer
from shared.feed import Feed
from shared.http import Watch, check_declared
from shared.openapi import described
from shared.operations import operations
from shared.query import words_of
from shared.settings import Settings
from shared.stamp import Stamp
from shared.strict import StrictInput

log = structlog.get_logger(__name__)

Loop = Callable[[Database, asyncio.Event], Awaitable[None]]
_DRAIN_SECONDS, _LOOPS_SECONDS = 5, 6.0
_KEEP_ANSWERS, _KEEP_INBOX = timedelta(days=2), timedelta(days=30)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """What main.py puts together. `loops` are the service's own, beside relay, consumer, timers.

    `byte_queries`: paths whose query may hold bytes that are no text and words that are not ours
    (receipts of a gateway).
    """

    name: str
    port: int
    router: APIRouter
    metadata: sa.MetaData
    heard: inbox.Heard = field(default_factory=dict)
    timers: Sequence[Timer] = ()
    loops: Sequence[Loop] = ()
    on_start: Callable[[Tx, Stamp], Awaitable[None]] | None = None
    byte_queries: Sequence[str] = ()


def build_app(
    service: Service,
    database: Database,
    keyring: Keyring,
    clock: Callable[[], datetime] = utc_now,
    *,
    docs: bool = True,
    telemetry_on: bool = False,
) -> FastAPI:
    """The HTTP door of `service`. Raises UndeclaredRoute when a route has no gate."""
    app = FastAPI(
        title=f"Wattline {service.name}",
        version="1",
        docs_url="/docs" if docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if docs else None,
        redirect_slashes=False,
        telemetry={"tracing": telemetry_on, "metrics": False, "logs": False},
    )
    app.state.database, app.state.keyring, app.state.clock = database, keyring, clock
    app.state.ready, app.state.feed = True, Feed(database)
    for router in (service.router, operations(app, database)):
        app.router.routes.extend(router.routes)  # as they are: no search through nested routers
    problems.install(app)
    app.add_middleware(StrictInput, byte_queries=service.byte_queries)
    app.add_middleware(Watch)
    check_declared(app)
    app.state.words = words_of(app, foreign=service.byte_queries)
    app.openapi = functools.partial(described, app, service.port)  # type: ignore[method-assign]
    return app


def run(service: Service, settings: Settings, *, api: bool, worker: bool) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortTaken, or what the database or the keys say."""
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    gc.set_threshold(20_000, 20, 50)
    telemetry.log_as_json(service.name, settings.log_level)
    telemetry.trace_to(settings.otlp_endpoint, service.name)
    uvloop.run(_serve(service, settings, api=api, worker=worker))


async def _serve(service: Service, settings: Settings, *, api: bool, worker: bool) -> None:
    listener = _listen(settings, _port(service, settings, api=api))
    zone = ZoneInfo(settings.utility_zone)
    database = Database(settings.database_url(service.name), settings.pool_size, zone)
    shown = service if api else _without_routes(service)
    keyring = Keyring(settings.jwks, service.name)
    app = build_app(
        shown,
        database,
        keyring,
        docs=not settings.production,
        telemetry_on=bool(settings.otlp_endpoint),
    )
    stopping = asyncio.Event()
    loops = _loops(service, settings, database) if worker else []
    if api:
        loops.append(("feed", app.state.feed.run))
    if worker and service.on_start is not None:
        async with database.begin() as tx:
            await service.on_start(tx, Stamp(by=f"start:{service.name}", at=utc_now()))
    tasks = [asyncio.create_task(_kept_alive(name, loop, stopping)) for name, loop in loops]
    try:
        await _serve_http(app, listener)
    finally:
        stopping.set()
        log.info("service.stopping", service=service.name)
        await _end(tasks)
        await kafka.quietly(database.close())


def _port(service: Service, settings: Settings, *, api: bool) -> int:
    """A worker alone serves health and metrics a hundred ports up."""
    return (settings.port or service.port) + (0 if api else 100)


def _without_routes(service: Service) -> Service:
    return Service(service.name, service.port, APIRouter(), service.metadata)


def _loops(
    service: Service, settings: Settings, database: Database
) -> list[tuple[str, Callable[[asyncio.Event], Awaitable[None]]]]:
    """Everything a worker does, by name."""
    consumer = kafka.Consumer(
        database, service.heard, settings.kafka, service.name, utc_now, settings.worker_name
    )
    new_sender = functools.partial(kafka.KafkaSender, settings.kafka, service.name)
    loops: list[tuple[str, Callable[[asyncio.Event], Awaitable[None]]]] = [
        ("relay", lambda stopping: outbox.run_relay(database, new_sender, stopping)),
        ("housekeeping", lambda stopping: _keep_house(database, stopping)),
    ]
    if service.heard:
        loops.append(("consumer", consumer.run))
        loops.append(("parked", lambda stopping: _release_due(database, service.heard, stopping)))
    for timer in service.timers:
        loops.append((timer.name, functools.partial(run_timer, database, timer, utc_now)))
    for number, loop in enumerate(service.loops):
        loops.append((f"loop-{number}", functools.partial(loop, database)))
    return loops


async def _kept_alive(
    name: str, loop: Callable[[asyncio.Event], Awaitable[None]], stopping: asyncio.Event
) -> None:
    """Run a loop until `stopping`; if it falls, say so and start it again."""
    while not stopping.is_set():
        try:
            await loop(stopping)
        except Exception:
            log.exception("loop.fell", loop=name)
            await asyncio.sleep(1)


class PortTaken(RuntimeError):
    """Another process listens there."""


def _listen(settings: Settings, port: int) -> socket.socket:
    """The listening socket; with `reuse_port` several processes share one port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} on {settings.host} is taken: {error.strerror}") from error
    return listener


async def _serve_http(app: FastAPI, listener: socket.socket) -> None:
    """Serve until a signal; in-flight requests get a few seconds, half-sent ones no more."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, functools.partial(_stop_taking, app, server))
    with _signals_are_ours(server):
        await server.serve(sockets=[listener])


def _stop_taking(app: FastAPI, server: uvicorn.Server) -> None:
    """Readiness off first, then the listener."""
    app.state.ready = False
    server.should_exit = True


@contextlib.contextmanager
def _signals_are_ours(server: uvicorn.Server) -> Any:
    """uvicorn would raise the signal again after serving and cut our own shutdown short."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    yield


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let the loops finish what they hold; then cancel what is left."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=_LOOPS_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _release_due(database: Database, heard: inbox.Heard, stopping: asyncio.Event) -> None:
    """Try again, about every second, what was parked only because it came early."""
    while not stopping.is_set():
        with contextlib.suppress(sa.exc.DBAPIError, OSError, TimeoutError):
            await inbox.release(database.begin, heard, utc_now())
        await _nap(stopping, 1.0)


async def _keep_house(database: Database, stopping: asyncio.Event) -> None:
    """Hourly: forget what was sent, answered and heard long ago."""
    while not stopping.is_set():
        with contextlib.suppress(sa.exc.DBAPIError, OSError, TimeoutError):
            await forget_old(database, utc_now())
        await _nap(stopping, 3600.0)


async def forget_old(database: Database, at: datetime) -> None:
    """Drop sent events, kept answers and inbox ids past their time (7, 2 and 30 days)."""
    old = (
        outbox.forget_sent(at),
        tables.idempotency.delete().where(tables.idempotency.c.at < at - _KEEP_ANSWERS),
        tables.inbox.delete().where(tables.inbox.c.received_at < at - _KEEP_INBOX),
        tables.parked.delete().where(tables.parked.c.released_at < at - _KEEP_INBOX),
    )
    for statement in old:
        async with database.begin() as tx:
            await tx.execute(statement)


async def _nap(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


@contextlib.asynccontextmanager
async def opened(service: Service, settings: Settings) -> AsyncIterator[Database]:
    """A database for a command that is not a server: seed, replay."""
    zone = ZoneInfo(settings.utility_zone)
    database = Database(settings.database_url(service.name), pool_size=2, zone=zone)
    try:
        yield database
    finally:
        await database.close()
