"""What this service says, in an order that a reader can resume from: place by place, none skipped.

Numbers of a sequence commit out of order, so "after the last number seen" would lose rows. A row's
place is therefore its transaction and its number, and a row is shown only when every transaction
that began to write before it is decided. A long transaction delays what comes after it; it can't
hide anything. One reader a process asks the database, however many listen.
"""

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import structlog

from shared.db import FEED_BELL, Database, is_outage
from shared.errors import Invalid, Unavailable
from shared.outbox import KEPT

log = structlog.get_logger(__name__)

_TICK_SECONDS, _SOON_SECONDS, _LOOK_UP_SECONDS = 0.25, 0.02, 1.0
_BATCH, _REMEMBERED = 500, 4000
_LISTENERS, _CATCHING_UP = 1000, 4
_SENT_IN_DISORDER = timedelta(hours=1)  # more than by how much sending may differ from the order

# What is decided after a place; with it, up to where all is decided, and whether more waits there.
_DECIDED = """
SELECT horizon.xid AS upto, horizon.waiting, fact.xid, fact.seq, fact.envelope
FROM (
  SELECT xid, EXISTS (SELECT 1 FROM outbox WHERE outbox.xid >= decided.xid) AS waiting
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid OFFSET 0) AS decided OFFSET 0
) AS horizon
LEFT JOIN LATERAL (
  SELECT xid, seq, envelope FROM outbox
  WHERE (xid, seq) > ($1::xid8, $2::bigint) AND xid < horizon.xid
  ORDER BY xid, seq LIMIT $3
) AS fact ON true
"""
# Forgetting leaves the last of what is old: when that comes next, what came before it may be gone.
_GONE = """
SELECT $1::xid8 > pg_snapshot_xmax(pg_current_snapshot()) OR coalesce((
  SELECT sent_at < $3 FROM outbox WHERE (xid, seq) > ($1::xid8, $2::bigint)
  ORDER BY xid, seq LIMIT 1), false) AS gone
"""
_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid"


class BadPlace(Invalid):
    """That is no place in this stream."""


class TooManyListeners(Unavailable):
    """As many listen as can be served; try again soon."""


class Place(NamedTuple):
    """Where a reader stands: all up to here is known to it. Written `<transaction>-<number>`."""

    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises BadPlace."""
        xid, _, seq = text.partition("-")
        if not (xid.isascii() and xid.isdigit() and seq.isascii() and seq.isdigit()):
            raise BadPlace
        place = cls(int(xid), int(seq))
        if max(place) >= 2**63:
            raise BadPlace
        return place


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One event as it left, with its place."""

    place: Place
    envelope: dict[str, Any]


_place_of = attrgetter("place")


class Feed:
    """The facts of one service's outbox, for readers that come, go, lag and come back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._facts: list[Fact] = []  # the latest: all after `_since`, up to `_upto`
        self._since: Place | None = None
        self._upto: Place | None = None
        self._listeners = 0
        self._wanted, self._news = asyncio.Event(), asyncio.Event()
        self._turn = asyncio.Semaphore(_CATCHING_UP)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While somebody does, the feed reads. Raises TooManyListeners."""
        if self._listeners >= _LISTENERS:
            raise TooManyListeners
        self._listeners += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1

    async def now(self) -> Place:
        """The place before all that is not yet decided."""
        async with self._turn, self._database.begin() as tx:
            [row] = await tx.read(_NOW)
        return Place(row["xid"], 0)

    async def lost(self, place: Place, at: datetime) -> bool:
        """Whether something after `place` may be forgotten by now, or `place` is not of this feed.

        `at`: by the clock that forgets.
        """
        async with self._turn, self._database.begin() as tx:
            [row] = await tx.read(_GONE, place.xid, place.seq, at - KEPT + _SENT_IN_DISORDER)
        return bool(row["gone"])

    async def after(self, place: Place) -> tuple[Sequence[Fact], Place]:
        """The next facts after `place`, at most some hundreds, and the place reached by them.

        From memory; from the database for a reader that lags behind what is remembered.
        """
        if self._since is not None and self._upto is not None and place >= self._since:
            first = bisect_right(self._facts, place, key=_place_of)
            facts = self._facts[first : first + _BATCH]
            reached = self._upto if first + len(facts) == len(self._facts) else facts[-1].place
            return facts, max(place, reached)
        async with self._turn:
            facts, reached, _ = await self._read(place)
        return facts, reached

    async def wait(self, place: Place, seconds: float) -> None:
        """Until there is something after `place`, at most `seconds`."""
        if not (self._facts and self._facts[-1].place > place):
            await _set_within(self._news, seconds)

    async def run(self, stopping: asyncio.Event) -> None:
        """Read on while somebody listens, until `stopping`."""
        while not stopping.is_set():
            if not self._listeners:
                self._facts, self._since, self._upto = [], None, None
                self._wanted.clear()
                await _set_within(self._wanted, _LOOK_UP_SECONDS)
                continue
            try:
                pause = await self._tick()
            except Exception as error:
                log.warning(
                    "feed.failed", error=type(error).__name__, exc_info=not is_outage(error)
                )
                pause = _LOOK_UP_SECONDS
            if pause:
                await self._database.wait_for(FEED_BELL, pause)
        self._tell()

    async def _tick(self) -> float:
        """Ask once for what was decided since the last time. Returns how long to rest."""
        if self._upto is None:
            self._since = self._upto = await self.now()
        facts, self._upto, waiting = await self._read(self._upto)
        if facts:
            self._facts += facts
            if (surplus := len(self._facts) - _REMEMBERED) > 0:
                self._since = self._facts[surplus - 1].place
                del self._facts[:surplus]
            self._tell()
        if len(facts) == _BATCH:
            return 0.0
        return _SOON_SECONDS if waiting else _TICK_SECONDS

    async def _read(self, place: Place) -> tuple[list[Fact], Place, bool]:
        async with self._database.begin() as tx:
            rows = await tx.read(_DECIDED, place.xid, place.seq, _BATCH)
        facts = [
            Fact(Place(row["xid"], row["seq"]), json.loads(row["envelope"]))
            for row in rows
            if row["xid"] is not None
        ]
        reached = facts[-1].place if len(facts) == _BATCH else Place(rows[0]["upto"], 0)
        return facts, max(place, reached), rows[0]["waiting"]

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Until it is set, at most `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
