"""Three services in one process and a pipe between them that does what Kafka may do, on purpose."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from services.intake.main import service as intake
from services.notify.main import NotifySettings
from services.notify.main import service as notify
from services.workorders.main import WorkordersSettings
from services.workorders.main import service as workorders
from services.workorders.store.teams import add_teams
from shared import auth, inbox
from shared.audit import record
from shared.db import Begin, Database, Tx
from shared.due import fire_due
from shared.outbox import relay_once
from shared.service import build_app
from shared.settings import Settings
from shared.stamp import Stamp
from tests.conftest import Clock, Running, empty
from tests.service.given import TEAMS

HEARD = "trouble.heard"


class Died(BaseException):
    """The process is gone: nothing in it may react to this."""


@dataclass
class Pipe:
    """A Sender for the relay that keeps every byte, per topic in order."""

    log: dict[str, list[tuple[str, bytes]]] = field(default_factory=lambda: defaultdict(list))
    lasts: int | None = None
    dies: bool = False

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send_all(self, rows: Sequence[Any]) -> list[BaseException | None]:
        """The first `lasts` arrive. Then the sender dies, or the rest fails; None: all arrive."""
        arrive = rows if self.lasts is None else rows[: self.lasts]
        for row in arrive:
            self.log[row.topic].append((row.key, row.envelope.encode()))
        if self.dies:
            raise Died
        return [None] * len(arrive) + [ConnectionError()] * (len(rows) - len(arrive))


def dying(begin: Begin) -> Begin:
    """Transactions whose process dies just before the commit."""

    @asynccontextmanager
    async def begun() -> AsyncIterator[Tx]:
        async with begin() as tx:
            yield tx
            raise Died

    return begun


@dataclass
class Doomed:
    """What the time door needs of a database, in a process about to die."""

    database: Database

    @property
    def begin(self) -> Begin:
        return dying(self.database.begin)


@dataclass
class Hearer:
    """A consumer's place in one topic. `position`: its committed offset."""

    name: str
    running: Running
    topic: str
    position: int = 0
    furthest: int = 0
    tries: inbox.Tries = field(default_factory=inbox.Tries)

    async def hear(self, pipe: Pipe, first: int, last: int, begin: Begin) -> inbox.Delivery | None:
        """Messages `first` up to `last`, at once."""
        messages = [
            inbox.Message(self.topic, 0, first + n, key, value)
            for n, (key, value) in enumerate(pipe.log[self.topic][first:last])
        ]
        if not messages:
            return None
        now = self.running.app.state.clock()
        heard = noting(self.running.service.heard)
        return await inbox.deliver(begin, heard, messages, now, self.tries)

    async def poll(self, pipe: Pipe, most: int, fate: str = "lives") -> None:
        """The next messages, until they are applied or parked.

        Fates: lives, dies before the commit, dies before the offset.
        """
        begin, end = self.running.database.begin, self.position + most
        if fate == "dies before the commit":
            with suppress(Died):
                await self.hear(pipe, self.position, end, dying(begin))
        reached = 0
        while fate != "dies before the commit" and reached < end:
            done = await self.hear(pipe, max(reached, self.position), end, begin)
            reached = done.next_offset if done else end
        self.furthest = max(self.furthest, min(reached, len(pipe.log[self.topic])))
        if fate == "lives":
            self.position = min(reached, len(pipe.log[self.topic]))
        else:
            self.tries = inbox.Tries()


def noting(heard: inbox.Heard) -> inbox.Heard:
    """The same listeners; each effect leaves a row that repeats only if the effect does."""

    async def noted(handle: inbox.Handler, tx: Tx, event: Any, stamp: Stamp) -> None:
        await handle(tx, event, stamp)
        facts = {"type": event.type, "key": event.key, "version": getattr(event, "version", None)}
        record(tx, stamp, HEARD, str(stamp.cause), **facts)

    return {
        type: inbox.Listener(listener.event, partial(noted, listener.handle), listener.ahead)
        for type, listener in heard.items()
    }


class World:
    """Intake, workorders and notify, with one clock."""

    def __init__(self, settings: Settings, keys: Path) -> None:
        self.clock, self.pipe, self._private = Clock(), Pipe(), keys / "private.pem"
        same = {"postgres": settings.postgres, "jwks": settings.jwks}
        parts = (
            intake(settings),
            workorders(WorkordersSettings(**same)),
            notify(NotifySettings(**same), self.clock),
        )
        self.services = {part.name: self._running(part, settings) for part in parts}
        self.hearers: list[Hearer] = []
        self._tokens: dict[str, dict[str, str]] = {}

    def _running(self, service: Any, settings: Settings) -> Running:
        database = Database(settings.database_url(service.name), pool_size=4)
        keyring = auth.Keyring(settings.jwks, service.name)
        app = build_app(service, database, keyring, self.clock)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url=f"http://{service.name}",
        )
        return Running(service, database, app, client)

    def who(self, role: str) -> dict[str, str]:
        if role not in self._tokens:
            token = auth.mint(self._private, role=role, region="3205")
            self._tokens[role] = {"authorization": f"Bearer {token}"}
        return self._tokens[role]

    async def begin_anew(self) -> None:
        """Nothing has happened yet; workorders has read its policies and knows its teams."""
        for running in self.services.values():
            await empty(running.database, running.service.metadata)
        part = self.services["workorders"]
        assert part.service.on_start is not None
        async with part.database.begin() as tx:
            await part.service.on_start(tx, Stamp(by="start", at=self.clock()))
            await add_teams(tx, TEAMS)
        self.pipe = Pipe()
        self.hearers = [
            Hearer(f"{name} hears {topic}", running, topic)
            for name, running in self.services.items()
            for topic in sorted({x.event.topic for x in running.service.heard.values()})
            if topic in self.services
        ]

    async def close(self) -> None:
        for running in self.services.values():
            await running.client.aclose()
            await running.database.close()

    async def relay(self, name: str, lasts: int | None = None, *, dies: bool = False) -> None:
        """One turn of a relay that lives, whose broker fails after `lasts`, or that dies there."""
        self.pipe.lasts, self.pipe.dies = lasts, dies
        with suppress(Died, ConnectionError):
            async with self.services[name].database.engine.connect() as connection:
                await relay_once(connection, self.pipe)

    async def fire(self, *, dies: bool = False) -> None:
        running = self.services["workorders"]
        database: Any = Doomed(running.database) if dies else running.database
        with suppress(Died):
            for timer in running.service.timers:
                await fire_due(database, timer, self.clock())

    async def release(self, running: Running) -> None:
        await inbox.release(running.database.begin, noting(running.service.heard), self.clock())

    async def unfinished(self) -> bool:
        """Something still waits: to be sent, to be heard, or parked."""
        waiting = "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL) + "
        waiting += "(SELECT count(*) FROM parked WHERE released_at IS NULL) AS many"
        for running in self.services.values():
            [row] = await running.rows(waiting)
            if row.many:
                return True
        return any(h.position < len(self.pipe.log[h.topic]) for h in self.hearers)


async def rows_of(running: Running, table: str) -> list[Any]:
    async with running.database.begin() as tx:
        return list((await tx.execute(sa.text(f"SELECT * FROM {table}"))).all())
