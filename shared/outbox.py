"""Events leave through a table: written with the change, sent after it, at least once.

The relay takes *unsent* rows, never `seq > last`: a slow transaction may commit a smaller `seq`
after a bigger one was sent. One relay at a time per service, by a session lock on the connection
that it also reads and marks with: who loses the connection loses the lock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import telemetry
from shared.contracts.envelope import Event, as_json
from shared.db import FEED_BELL, OUTBOX_BELL, Database, Tx
from shared.stamp import Stamp
from shared.tables import outbox

log = structlog.get_logger(__name__)

KEPT = timedelta(days=7)  # after it was sent: how far `resend` and a stream's resumption reach back
_RELAY_LOCK = 0x5741_5454  # the same in every service: advisory locks are per database
_BATCH, _POLL_SECONDS = 1000, 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_unsent = (
    sa.select(outbox.c.seq, outbox.c.topic, outbox.c.key, outbox.c.envelope)
    .where(outbox.c.sent_at.is_(None))
    .order_by(outbox.c.seq)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_mark = sa.text("UPDATE outbox SET sent_at = now() WHERE seq = ANY(:seqs)")


def publish(tx: Tx, event: Event, stamp: Stamp, sequence: int = 0) -> None:
    """Let `event` leave with this transaction. `sequence` is the version of what it is about."""
    envelope = as_json(event, stamp, sequence)
    tx.leave(outbox, {"topic": event.topic, "key": event.key, "envelope": envelope})
    tx.ring(OUTBOX_BELL)
    tx.ring(FEED_BELL)


class Sender(Protocol):
    """What the relay needs of a Kafka producer."""

    async def start(self) -> None: ...
    async def send_all(self, rows: Sequence[Any]) -> list[BaseException | None]: ...
    async def stop(self) -> None: ...


async def relay_once(connection: AsyncConnection, sender: Sender, limit: int = _BATCH) -> int:
    """Send what is waiting, oldest first, then mark what surely arrived. Returns how many.

    Raises the first send error after marking what was sent before it: the rows from there on stay
    unsent, also those that may have arrived, so that each key's first arrivals keep their order.
    """
    waiting = (await connection.execute(_unsent, {"limit": limit})).all()
    await connection.commit()
    telemetry.LAST_RELAY.set_to_current_time()
    if not waiting:
        return 0
    outcomes = await sender.send_all(waiting)
    error = next((o for o in outcomes if o is not None), None)
    sent = outcomes.index(error) if error is not None else len(waiting)
    await mark_sent(connection, [row.seq for row in waiting[:sent]])
    telemetry.EVENTS_SENT.inc(sent)
    if error is not None:
        raise error
    return len(waiting)


async def mark_sent(connection: AsyncConnection, seqs: list[int]) -> None:
    if seqs:
        await connection.execute(_mark, {"seqs": seqs})
        await connection.commit()


async def run_relay(
    database: Database, new_sender: Callable[[], Sender], stopping: asyncio.Event
) -> None:
    """Relay until `stopping`, then once more. Any error: everything anew, after a pause."""
    pause = _FIRST_PAUSE
    while not stopping.is_set():
        try:
            async with database.engine.connect() as connection:
                if not await _own_the_relay(connection, stopping):
                    return
                async with _started(new_sender(), connection) as sender:
                    pause = _FIRST_PAUSE
                    await _relay_with(connection, database, sender, stopping)
        except Exception as error:
            log.warning("relay.failed", error=type(error).__name__, again_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _own_the_relay(connection: AsyncConnection, stopping: asyncio.Event) -> bool:
    """Wait for the lock; False when told to stop before it was ours."""
    question = sa.select(sa.func.pg_try_advisory_lock(_RELAY_LOCK))
    while not stopping.is_set():
        owned = (await connection.execute(question)).scalar_one()
        await connection.commit()
        if owned:
            return True
        await asyncio.sleep(0.5)
    return False


@asynccontextmanager
async def _started(sender: Sender, connection: AsyncConnection) -> AsyncIterator[Sender]:
    try:
        async with asyncio.timeout(15):
            await sender.start()
        yield sender
    finally:
        await sender.stop()
        await connection.invalidate()  # gives the lock back, whatever state the session is in


async def _relay_with(
    connection: AsyncConnection, database: Database, sender: Sender, stopping: asyncio.Event
) -> None:
    while not stopping.is_set():
        if await relay_once(connection, sender) < _BATCH:
            await database.wait_for(OUTBOX_BELL, _POLL_SECONDS)
    await relay_once(connection, sender)


async def resend_since(tx: Tx, seconds: float) -> int:
    """Mark what was sent in the last `seconds` as unsent: for a broker that lost its memory."""
    statement = outbox.update().where(
        outbox.c.sent_at > sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    )
    return (await tx.execute(statement.values(sent_at=None))).rowcount


_forget = sa.text("""
    DELETE FROM outbox WHERE sent_at < :old AND (xid, seq) <
      (SELECT xid, seq FROM outbox WHERE sent_at < :old ORDER BY xid DESC, seq DESC LIMIT 1)
""").bindparams(sa.bindparam("old", type_=sa.DateTime(timezone=True)))


def forget_sent(at: datetime) -> sa.Executable:
    """Drop what was sent more than 7 days before `at`, but for the last of it.

    That one marks the place up to which something may be missing.
    """
    return _forget.bindparams(old=at - KEPT)
