"""A service after a year of work, to see how PostgreSQL goes about what it asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import httpx

from services.workorders.main import WorkordersSettings, service
from shared import auth, migrate
from shared.db import Database
from shared.service import build_app
from shared.settings import Settings
from shared.stamp import Stamp
from tests.conftest import NINE, Clock
from tests.service.workorders.asked import Asked, Plan, listening_in
from tests.service.workorders.plenty import BIG, MANY, fill

_NAME = "workorders_plenty"


class NotForGood(Exception):
    """What was done is undone."""


@dataclass
class Center:
    """`raw`: looks at plans, as the service's own connections would make them."""

    database: Database
    client: httpx.AsyncClient
    raw: asyncpg.Connection
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def asked(self, ask: Callable[[], Awaitable[Any]]) -> list[Asked]:
        """What `ask` asks of tables of which much is read."""
        with listening_in(self.database) as asked:
            await ask()
        return [one for one in asked if any(table in one.sql for table in MANY)]

    async def plans(self, ask: Callable[[], Awaitable[Any]]) -> list[Plan]:
        """How that is gone about; what was looked at before is not again."""
        found = []
        for one in await self.asked(ask):
            key = (one.sql, repr(one.values))
            if key not in self.seen:
                self.seen.add(key)
                found += await one.plans(self.raw)
        return found

    async def tried(self, what: Callable[..., Awaitable[Any]], *values: Any, **named: Any) -> None:
        with suppress(NotForGood):
            async with self.database.begin() as tx:
                await what(tx, *values, **named)
                raise NotForGood


@asynccontextmanager
async def year_of_work(settings: Settings) -> AsyncIterator[Center]:
    """In a database of its own, for what is known of its tables to be nobody else's."""
    url = settings.database_url(_NAME)
    admin = await asyncpg.connect(settings.database_url("postgres"))
    await admin.execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")
    await anyio.to_thread.run_sync(migrate.upgrade, "workorders", url)
    await fill(url)
    its_own = WorkordersSettings(postgres=settings.postgres, jwks=settings.jwks)
    workorders, database = service(its_own), Database(url, pool_size=2)
    app = build_app(workorders, database, auth.Keyring(settings.jwks, "workorders"), Clock())
    assert workorders.on_start is not None
    async with database.begin() as tx:
        await workorders.on_start(tx, Stamp(by="start", at=NINE))
        ours = await tx.read("SELECT name, setting FROM pg_settings WHERE source = 'client'")
    raw = await asyncpg.connect(url, server_settings=dict(ours))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://workorders") as client:
        yield Center(database, client, raw)
    await raw.close()
    await database.close()
    await admin.execute(f"DROP DATABASE {_NAME} WITH (FORCE)")
    await admin.close()


def reads_at_most(most: int, plans: list[Plan]) -> None:
    for plan in plans:
        assert not plan.walked() & BIG, f"read from one end to the other:\n{plan}"
        assert plan.work() <= most, f"{plan.work()} rows or pages read:\n{plan}"


def id_of(letter: str, number: int) -> UUID:
    """As in plenty.py."""
    return UUID(f"019a9f3a-5c00-7{letter}00-8000-{number:012x}")
