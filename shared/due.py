"""The time door: what is due is a row, claimed and acted on in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from shared import telemetry
from shared.db import Database, Tx, is_outage
from shared.stamp import Stamp

log = structlog.get_logger(__name__)

_BATCH, _LONGEST_SLEEP = 500, 1.0
_YIELD_SECONDS, _MOST_YIELDS = 0.25, 20


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that becomes due.

    name: also the bell: whoever arms an earlier instant rings it.
    fire: claim at most `limit` rows due at `stamp.at` (FOR UPDATE SKIP LOCKED), act, and return
        when each was due.
    next_due: the earliest instant still armed, or None.
    yields: true while something more urgent is late; it is let go first, for a few seconds at most.
    """

    name: str
    fire: Callable[[Tx, Stamp, int], Awaitable[Sequence[datetime]]]
    next_due: Callable[[Tx], Awaitable[datetime | None]]
    yields: Callable[[Tx, datetime], Awaitable[bool]] | None = None


async def fire_due(database: Database, timer: Timer, at: datetime, limit: int = _BATCH) -> int:
    """One transaction's worth of what is due at `at`. Returns how many fired."""
    stamp = Stamp(by=f"timer:{timer.name}", at=at, trace=telemetry.new_trace())
    async with database.begin() as tx:
        fired = await timer.fire(tx, stamp, limit)
    for due_at in fired:
        telemetry.LATENESS.labels(timer.name).observe(max(0.0, (at - due_at).total_seconds()))
    return len(fired)


async def run_timer(
    database: Database, timer: Timer, clock: Callable[[], datetime], stopping: asyncio.Event
) -> None:
    """Fire until `stopping`; sleep until the next due instant, at most a second, or until rung."""
    while not stopping.is_set():
        try:
            await _let_go_first(database, timer, clock, stopping)
            if await fire_due(database, timer, clock()) == _BATCH:
                continue
            async with database.begin() as tx:
                due_at = await timer.next_due(tx)
            sleep = (due_at - clock()).total_seconds() if due_at else _LONGEST_SLEEP
            await database.wait_for(timer.name, min(max(sleep, 0.005), _LONGEST_SLEEP))
        except Exception as error:
            unexpected = not is_outage(error)
            log.warning(
                "timer.failed", timer=timer.name, error=type(error).__name__, exc_info=unexpected
            )
            await asyncio.sleep(0.5)


async def _let_go_first(
    database: Database, timer: Timer, clock: Callable[[], datetime], stopping: asyncio.Event
) -> None:
    """Wait while something more urgent is late, but not for ever."""
    if timer.yields is None:
        return
    for _ in range(_MOST_YIELDS):
        async with database.begin() as tx:
            late = await timer.yields(tx, clock())
        if not late or stopping.is_set():
            return
        await asyncio.sleep(_YIELD_SECONDS)
