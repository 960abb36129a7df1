"""What every test stands on: a real PostgreSQL in the real schema, a fixed clock, real tokens."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from deploy.embedded import EmbeddedPostgres
from shared import auth, migrate, telemetry
from shared.db import Database
from shared.service import Service, build_app
from shared.settings import Settings

telemetry.log_as_json("tests", "warning")

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own, or the one that WATTLINE_TEST_POSTGRES names; migrated once."""
    if url := os.environ.get("WATTLINE_TEST_POSTGRES"):
        yield url
        return
    folder = tmp_path_factory.mktemp("pg")
    server = EmbeddedPostgres(folder)
    asyncio.run(_hurry(server.url))
    yield server.url
    server.stop()


async def _hurry(url: str) -> None:
    """Nobody pulls the plug in a test: what was written need not be on the disk."""
    connection = await asyncpg.connect(url)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    auth.new_keys(folder / "private.pem", folder / "jwks.json")
    return folder


@pytest.fixture(scope="session")
def token(keys: Path) -> Callable[..., dict[str, str]]:
    """`token("agent", region="3205")`: the headers that such a caller sends."""

    def headers(role: str, region: str = "", subject: str = "") -> dict[str, str]:
        minted = auth.mint(keys / "private.pem", role=role, region=region, subject=subject)
        return {"authorization": f"Bearer {minted}"}

    return headers


@pytest.fixture(scope="session")
def settings(postgres: str, keys: Path) -> Settings:
    return Settings(postgres=postgres, jwks=keys / "jwks.json")


class Clock:
    """Stands still until it is moved; `jumps` move it on, one at each look."""

    def __init__(self) -> None:
        self.now = NINE
        self.jumps: list[timedelta] = []

    def __call__(self) -> datetime:
        if self.jumps:
            self.now += self.jumps.pop(0)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hanging_up(app: FastAPI) -> Any:
    """A client that leaves an endless answer after its first words; the others it hears out."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        endless = left = False

        async def hear(message: Any) -> None:
            nonlocal endless, left
            if left:
                return
            if endless:
                left, message = True, message | {"more_body": False}
            kinds = dict(message.get("headers", ())).get(b"content-type", b"")
            endless = endless or kinds.startswith(b"text/event-stream")
            await send(message)

        await app(scope, receive, hear)

    return called


@dataclass
class Running:
    """One service in this process: its database, its app and a client at its HTTP door."""

    service: Service
    database: Database
    app: FastAPI
    client: httpx.AsyncClient

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.database.begin() as tx:
            return list((await tx.execute(sa.text(query), values)).all())

    async def said(self) -> list[str]:
        """The types of the events that wait in the outbox, in order."""
        rows = await self.rows("SELECT (envelope::json)->>'type' AS type FROM outbox ORDER BY seq")
        return [row.type.split(".")[1] for row in rows]


_migrated: set[str] = set()
Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(settings: Settings, clock: Clock) -> Start:
    """`async with start(service) as running`: in an empty database of the newest schema."""

    @asynccontextmanager
    async def started(service: Service, pool_size: int = 10) -> AsyncIterator[Running]:
        database = Database(settings.database_url(service.name), pool_size)
        await empty(database, service.metadata)
        app = build_app(service, database, auth.Keyring(settings.jwks, service.name), clock)
        transport = httpx.ASGITransport(hanging_up(app), raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{service.name}"
        ) as client:
            yield Running(service, database, app, client)
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        await database.close()

    return started


@pytest.fixture(scope="session", autouse=True)
def _schemas(request: pytest.FixtureRequest) -> None:
    """Migrate every database once, before a loop runs, when a test here needs PostgreSQL."""
    needed = {"postgres", "settings", "start", "suite"}
    if any(needed & set(item.fixturenames) for item in request.session.items):  # type: ignore[attr-defined]
        settings: Settings = request.getfixturevalue("settings")
        for service in ("intake", "workorders", "billing", "notify"):
            migrate.upgrade(service, settings.database_url(service))


# Tables of whose numbers some were given out, also when no row is left.
_COUNTED = """
    SELECT d.refobjid::regclass::text FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid
    WHERE d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND CASE WHEN s.relkind = 'S' THEN pg_sequence_last_value(s.oid) END IS NOT NULL
    """


async def empty(database: Database, metadata: sa.MetaData) -> None:
    """As after the migrations. Only what was written to: a TRUNCATE of all takes most of a test."""
    names = {table.name for table in metadata.sorted_tables}
    filled = (f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in sorted(names))
    async with database.begin() as tx:
        used = await tx.execute(sa.text(" UNION ALL ".join((_COUNTED, *filled))))
        if found := names & set(used.scalars()):
            await tx.execute(sa.text(f"TRUNCATE {', '.join(found)} RESTART IDENTITY CASCADE"))
