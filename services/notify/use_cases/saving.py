"""What changes in messages, and what follows from it for the others."""

from collections.abc import Iterable
from dataclasses import replace

from services.notify import events, store
from services.notify.domain.lattice import Status
from services.notify.domain.message import Message
from services.notify.use_cases.telling import QUEUED_BELL
from shared import telemetry
from shared.db import Tx
from shared.outbox import publish
from shared.stamp import Stamp


async def save(tx: Tx, stamp: Stamp, before: Iterable[Message], now: Iterable[Message]) -> None:
    """Write what changed and say what follows, in the trace of what each message is about."""
    saved = []
    for was, message in zip(before, now, strict=True):
        if message is was:
            continue
        facts = list(events.between(was, message))
        about = replace(stamp, cause=message.cause, trace=telemetry.child_of(message.trace))
        for number, fact in enumerate(facts, start=message.said + 1):
            publish(tx, fact, about, sequence=number)
        saved.append(replace(message, said=message.said + len(facts)))
        if message.status is Status.QUEUED:
            tx.ring(QUEUED_BELL)
    await store.save(tx, saved)
