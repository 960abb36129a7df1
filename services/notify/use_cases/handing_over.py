"""Claim, record, and end what nobody ended."""

from collections.abc import Sequence
from datetime import datetime

from services.notify import store
from services.notify.domain.lattice import Status
from services.notify.domain.message import Attempt, Message, Outcome, Patience, Verdict
from services.notify.store import Claimed
from services.notify.use_cases.saving import save
from shared.db import Tx
from shared.stamp import Stamp


async def claim(tx: Tx, at: datetime, patience: Patience, limit: int) -> list[Claimed]:
    """Take messages that are due, to hand them over before the lease ends."""
    return await store.claim(tx, at, patience.lease, limit)


async def record(tx: Tx, stamp: Stamp, tried: Sequence[Attempt], patience: Patience) -> None:
    """Write down how attempts to hand messages over ended."""
    before = await store.lock(tx, [attempt.message_id for attempt in tried])
    now = dict(before)
    for attempt in tried:
        store.add_attempt(tx, attempt)
        now[attempt.message_id] = now[attempt.message_id].after(attempt, patience)
    await save(tx, stamp, before.values(), now.values())


async def lapse(tx: Tx, stamp: Stamp, patience: Patience, limit: int) -> list[datetime]:
    """End the leases, waits and doubts that are over. Returns when each was."""
    overdue = await store.lock_overdue(tx, stamp.at, limit)
    for message in overdue:
        if message.status is Status.SUBMITTING:
            store.add_attempt(tx, _lost(message, stamp.at))
    await save(tx, stamp, overdue, [m.overdue(stamp.at, patience) for m in overdue])
    return [message.due_at for message in overdue if message.due_at is not None]


def _lost(message: Message, at: datetime) -> Attempt:
    began_at = message.claimed_at or message.created_at
    return Attempt(message.id, message.tries, began_at, at, Outcome(Verdict.LOST, ""))
