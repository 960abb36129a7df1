"""Messages are handed over between transactions: claim, send, record, all three at a time.

A claimer takes no more than there are idle lanes, each lane has one message at the gateway, a
recorder writes down together what has ended by then. What is claimed and not yet recorded is
bounded. Who dies on the way leaves leases behind, of messages that really were on their way:
`lapsing` ends them.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Counter, Histogram

from services.notify import store, use_cases
from services.notify.domain.addresses import Addresses
from services.notify.domain.message import Attempt, MessageId, Outcome, Patience, Verdict
from services.notify.gateways import Gateway, Line
from services.notify.store import Claimed
from shared import telemetry
from shared.db import Database, is_outage
from shared.sealed import Unreadable
from shared.stamp import Stamp

log = structlog.get_logger(__name__)

_BATCH, _LONGEST_SLEEP, _AFTER_TROUBLE = 200, 1.0, 0.5
_GATHER_SECONDS = 0.02
_FEWEST = 8  # a claim for fewer idle lanes would cost more than it brings
_HELD_PER_LANE = 2  # at the gateway, waiting to be written down
_NOT_SENT = Outcome(Verdict.PUT_BACK, "told to stop, or held for longer than the lease")
_NO_KEY = Outcome(Verdict.NOT_TAKEN, "no key of ours opens its address")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

ATTEMPTS = Counter("wattline_notify_attempts", "Tries to hand over", ["verdict", "category"])
HANDED = Histogram("wattline_notify_handed_seconds", "Composed to taken", buckets=_SECONDS)


@dataclass(frozen=True, slots=True)
class Clear:
    """A message as the gateway is to have it: for as long as that takes."""

    id: MessageId
    number: int
    phone: str
    text: str


def _count(message: Claimed, tried: Attempt) -> None:
    ATTEMPTS.labels(tried.outcome.verdict, message.category).inc()
    if tried.outcome.verdict is Verdict.TAKEN:
        HANDED.observe((tried.ended_at - message.created_at).total_seconds())


@dataclass(frozen=True, slots=True)
class HandingOver:
    """The loop of a worker: `run` hands over what is due until it is told to stop."""

    gateway: Gateway
    addresses: Addresses
    patience: Patience
    clock: Callable[[], datetime]
    lanes: int

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        await _Shift(self, database, stopping).work()


class _Shift:
    """One run of the loop: what is in its hands."""

    def __init__(self, way: HandingOver, database: Database, stopping: asyncio.Event) -> None:
        self._way, self._database, self._stopping = way, database, stopping
        self._claimed: asyncio.Queue[Claimed | None] = asyncio.Queue()
        self._ended: asyncio.Queue[Attempt | None] = asyncio.Queue()
        self._room = self._most = _HELD_PER_LANE * way.lanes
        self._idle = way.lanes
        self._more_room = asyncio.Event()

    async def work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._record())
            async with asyncio.TaskGroup() as senders:
                senders.create_task(self._claim())
                for _ in range(self._way.lanes):
                    senders.create_task(self._send())
            self._ended.put_nowait(None)

    async def _claim(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._claim_what_is_due()
            except Exception as error:
                log.warning("handing_over.claim_failed", error=type(error).__name__)
                await asyncio.sleep(_AFTER_TROUBLE)
        for _ in range(self._way.lanes):
            self._claimed.put_nowait(None)

    async def _claim_what_is_due(self) -> None:
        """One claim for the idle lanes; then sleep until there is more to do, or room."""
        way, asked = self._way, min(self._room, self._idle)
        if asked < min(_FEWEST, way.lanes):
            self._more_room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more_room.wait(), _LONGEST_SLEEP)
            return
        async with self._database.begin() as tx:
            claimed = await use_cases.claim(tx, way.clock(), way.patience, asked)
            next_at = await store.next_queued(tx) if len(claimed) < asked else None
        self._room -= len(claimed)
        self._idle -= len(claimed)
        for message in claimed:
            self._claimed.put_nowait(message)
        if len(claimed) < asked:
            sleep = (next_at - way.clock()).total_seconds() if next_at else _LONGEST_SLEEP
            bell, longest = use_cases.QUEUED_BELL, _LONGEST_SLEEP
            await self._database.wait_for(bell, min(max(sleep, 0.005), longest))

    async def _send(self) -> None:
        """One lane."""
        clock = self._way.clock
        async with self._way.gateway.line() as line:
            while (message := await self._claimed.get()) is not None:
                began_at, outcome = clock(), _NOT_SENT
                if not self._stopping.is_set() and began_at < message.lease_ends_at:
                    outcome = await self._send_on(line, message)
                tried = Attempt(message.id, message.number, began_at, clock(), outcome)
                self._idle += 1
                self._more_room.set()
                self._ended.put_nowait(tried)
                _count(message, tried)

    async def _send_on(self, line: Line, message: Claimed) -> Outcome:
        try:
            address = self._way.addresses.opened(message.channel, message.address)
        except Unreadable:
            return _NO_KEY
        return await line.send(Clear(message.id, message.number, address, message.text))

    async def _record(self) -> None:
        """Write down together what has ended, until the lanes have."""
        while (attempt := await self._ended.get()) is not None:
            batch = [attempt]
            if self._room < self._most - len(batch):  # more is on its way
                await asyncio.sleep(_GATHER_SECONDS)
            while len(batch) < _BATCH and not self._ended.empty():
                another = self._ended.get_nowait()
                if another is None:
                    self._ended.put_nowait(None)
                    break
                batch.append(another)
            await self._write(batch)
            self._room += len(batch)
            self._more_room.set()

    async def _write(self, batch: list[Attempt]) -> None:
        """In one transaction; one by one when that fails. What can't be written, its lease ends."""
        while True:
            try:
                return await self._write_together(batch)
            except Exception as error:
                log.warning(
                    "handing_over.record_failed", error=type(error).__name__, attempts=len(batch)
                )
                if is_outage(error):
                    await asyncio.sleep(_AFTER_TROUBLE)
                    continue
            if len(batch) > 1:
                for attempt in batch:
                    await self._write([attempt])
            return None

    async def _write_together(self, batch: list[Attempt]) -> None:
        at = self._way.clock()
        stamp = Stamp(by="loop:handing-over", at=at, trace=telemetry.new_trace())
        async with self._database.begin() as tx:
            await use_cases.record(tx, stamp, batch, self._way.patience)
