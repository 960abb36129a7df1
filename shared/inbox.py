"""A message may arrive twice; its effect may not. What can't be applied is parked, never lost.

`deliver` is the batch door: up to N messages of one partition in one transaction. If that fails it
goes one by one, so that a poison message is found, tried again, then parked with its cause and its
original bytes, while everything else flows on. What comes later with the same key waits behind it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from shared import telemetry
from shared.contracts.envelope import Envelope, Event
from shared.db import Begin, Tx, is_outage
from shared.errors import NotYet, Refusal
from shared.stamp import Stamp
from shared.tables import parked

log = structlog.get_logger(__name__)

Handler = Callable[[Tx, Any, Stamp], Awaitable[object]]
Ahead = Callable[[Tx, Sequence[Any], datetime], Awaitable[object]]

_KEYS_AT_ONCE = 500
_CLAIM = (
    "INSERT INTO inbox (event_id) SELECT unnest($1::uuid[])"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
_TRIES, _FIRST_RETRY, _LONGEST_RETRY = 4, timedelta(seconds=0.25), timedelta(minutes=5)
_AFTER_OUTAGE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Listener:
    """`ahead`: asks at once for what `handle` will need of each of several events in a row."""

    event: type[Event]
    handle: Handler
    ahead: Ahead | None = None


Heard = Mapping[str, Listener]


def listeners(*heard: tuple[type[Event], Handler] | Listener) -> Heard:
    """What a service hears: event class and the function that acts on it."""
    made = (one if isinstance(one, Listener) else Listener(*one) for one in heard)
    return {listener.event.type: listener for listener in made}


@dataclass(frozen=True, slots=True)
class Message:
    """One Kafka record, as it came."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


@dataclass(slots=True)
class Delivery:
    """How far a partition got: all before `next_offset` is done; try again after `wait`."""

    next_offset: int
    wait: timedelta | None = None


@dataclass(slots=True)
class Tries:
    """Failures of the message at the head of each partition."""

    counts: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def another(self, message: Message) -> int:
        place = (message.topic, message.partition, message.offset)
        self.counts = {p: n for p, n in self.counts.items() if p[:2] != place[:2] or p == place}
        self.counts[place] = self.counts.get(place, 0) + 1
        return self.counts[place]


@dataclass(frozen=True, slots=True)
class Heading:
    """A message that was understood: what to do, and with what."""

    message: Message
    envelope: Envelope
    listener: Listener
    event: Event


async def claim(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` never applied before. Another transaction with the same id waits here."""
    return {row.event_id for row in await tx.run(_CLAIM, sorted(set(ids)))}


async def deliver(
    begin: Begin, heard: Heard, messages: Sequence[Message], now: datetime, tries: Tries
) -> Delivery:
    """Apply `messages` (one partition, in order) and say up to where."""
    done = Delivery(messages[-1].offset + 1)
    try:
        headings = [h for m in messages if (h := _read(heard, m)) is not None]
        if headings:
            await _apply_together(begin, headings, now)
        return done
    except Exception as error:
        if is_outage(error):
            return Delivery(messages[0].offset, _rest(messages[0], error))
        if len(messages) > 1:
            log.info("inbox.one_by_one", topic=messages[0].topic, error=type(error).__name__)
    for message in messages:
        wait = await _deliver_one(begin, heard, message, now, tries)
        if wait is not None:
            return Delivery(message.offset, wait)
    return done


async def _deliver_one(
    begin: Begin, heard: Heard, message: Message, now: datetime, tries: Tries
) -> timedelta | None:
    """Apply or park one message; or say how long to wait before trying it again."""
    try:
        heading = _read(heard, message)
        if heading is not None:
            await _apply_together(begin, [heading], now)
        return None
    except Exception as error:
        if is_outage(error):
            return _rest(message, error)
        tried = tries.another(message)
        hopeless = isinstance(error, Refusal | ValidationError)
        if tried < _TRIES and not hopeless:
            log.warning(
                "inbox.again",
                topic=message.topic,
                offset=message.offset,
                cause=cause_of(error),
                exc_info=not isinstance(error, NotYet),
            )
            return _pause(tried)
        retry_at = now + _pause(_TRIES) if isinstance(error, NotYet) else None
        async with begin() as tx:
            await park(tx, message, cause_of(error), now, retry_at)
        return None


def _rest(message: Message, error: Exception) -> timedelta:
    """Not the message's fault, so not one of its tries: the same pause, however long it lasts."""
    log.warning("inbox.outage", topic=message.topic, error=type(error).__name__)
    return _AFTER_OUTAGE


async def _apply_together(begin: Begin, headings: Sequence[Heading], now: datetime) -> None:
    """One transaction: claim, act, and park what must wait behind an earlier parked message."""
    async with begin() as tx:
        held_back = await _keys_with_parked(tx, [h.message for h in headings])
        free = [h for h in headings if (h.message.topic, h.message.key) not in held_back]
        fresh = await claim(tx, [h.envelope.id for h in free]) if free else set()
        once: dict[UUID, Heading] = {}  # the same id twice in one batch acts once
        for heading in free:
            if heading.envelope.id in fresh:
                once.setdefault(heading.envelope.id, heading)
        for listener, run in groupby(once.values(), key=lambda heading: heading.listener):
            await _act_on_all(tx, listener, list(run), now)
        for heading in headings:
            if (heading.message.topic, heading.message.key) in held_back:
                await park(tx, heading.message, "behind a parked message of its key", now, now)
    telemetry.EVENTS_APPLIED.inc(len(free))


def _read(heard: Heard, message: Message) -> Heading | None:
    """Understand a message; None when its type is none of ours. Raises ValidationError."""
    envelope = Envelope.model_validate_json(message.value)
    listener = heard.get(envelope.type)
    if listener is None:
        return None
    event = listener.event.model_validate(envelope.data)
    return Heading(message, envelope, listener, event)


async def _act_on_all(tx: Tx, listener: Listener, run: Sequence[Heading], now: datetime) -> None:
    if listener.ahead is not None and len(run) > 1:
        await listener.ahead(tx, [heading.event for heading in run], now)
    for heading in run:
        await _act(tx, heading, now)


async def _act(tx: Tx, heading: Heading, now: datetime) -> None:
    """Hand the event to its handler, as part of the trace that it came with."""
    envelope = heading.envelope
    with telemetry.span(f"hear {envelope.type}", envelope.traceparent):
        trace = telemetry.here() or telemetry.child_of(envelope.traceparent)
        stamp = Stamp(by=f"event:{envelope.type}", at=now, cause=envelope.id, trace=trace)
        await heading.listener.handle(tx, heading.event, stamp)


async def _keys_with_parked(tx: Tx, messages: Sequence[Message]) -> set[tuple[str, str]]:
    places = {(m.topic, m.key) for m in messages}
    query = sa.select(parked.c.topic, parked.c.key).where(
        parked.c.released_at.is_(None),
        parked.c.topic == messages[0].topic,
        parked.c.key == sa.any_(sa.bindparam("keys", [k for _, k in places], sa.ARRAY(sa.Text))),
    )
    return {(row.topic, row.key) for row in await tx.execute(query)}


async def park(
    tx: Tx, message: Message, cause: str, now: datetime, retry_at: datetime | None
) -> None:
    """Keep a message that can't be applied, with its bytes and why. Parking twice is once."""
    row = {
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "key": message.key,
        "message": message.value,
        "digest": sha256(message.value).digest(),
        "cause": cause,
        "parked_at": now,
        "tries": 0,
        "retry_at": retry_at,
    }
    await tx.execute(insert(parked).values(row).on_conflict_do_nothing())
    telemetry.EVENTS_PARKED.inc()
    log.warning("inbox.parked", topic=message.topic, offset=message.offset, cause=cause)


async def release(
    begin: Begin, heard: Heard, now: datetime, *, all_of_them: bool = False
) -> tuple[int, int]:
    """Try parked messages again, per key in order: those due, or all.

    Returns (applied, still parked). A key goes on until its first failure; its rest stays behind.
    """
    heads = (
        sa.select(parked.c.topic, parked.c.key)
        .where(parked.c.released_at.is_(None))
        .group_by(parked.c.topic, parked.c.key)
    )
    if not all_of_them:
        heads = heads.having(
            sa.func.max(parked.c.retry_at) <= now, sa.func.bool_and(parked.c.retry_at.is_not(None))
        )
    async with begin() as tx:
        some = heads if all_of_them else heads.limit(_KEYS_AT_ONCE)
        keys = (await tx.execute(some)).all()
    applied = kept = 0
    for topic, key in keys:
        done, left = await _release_key(begin, heard, topic, key, now)
        applied, kept = applied + done, kept + left
    return applied, kept


async def _release_key(
    begin: Begin, heard: Heard, topic: str, key: str, now: datetime
) -> tuple[int, int]:
    query = (
        sa.select(parked)
        .where(parked.c.topic == topic, parked.c.key == key, parked.c.released_at.is_(None))
        .order_by(parked.c.id)
    )
    async with begin() as tx:
        rows = (await tx.execute(query)).all()
    for done, row in enumerate(rows):
        try:
            await _release_one(begin, heard, row, now)
        except Exception as error:
            if is_outage(error):
                raise
            await _keep_parked(begin, row, error, now)
            return done, len(rows) - done
    return len(rows), 0


async def _release_one(begin: Begin, heard: Heard, row: sa.Row[Any], now: datetime) -> None:
    message = Message(row.topic, row.partition, row.offset, row.key, row.message)
    heading = _read(heard, message)
    async with begin() as tx:
        lock = sa.select(parked.c.released_at).where(parked.c.id == row.id).with_for_update()
        if (await tx.execute(lock)).scalar_one() is not None:
            return
        if heading is not None and await claim(tx, [heading.envelope.id]):
            await _act(tx, heading, now)
        await tx.execute(parked.update().where(parked.c.id == row.id).values(released_at=now))


async def _keep_parked(begin: Begin, row: sa.Row[Any], error: Exception, now: datetime) -> None:
    again = now + _pause(_TRIES + row.tries) if isinstance(error, NotYet) else None
    kept = {"tries": row.tries + 1, "cause": cause_of(error), "retry_at": again}
    async with begin() as tx:
        await tx.execute(parked.update().where(parked.c.id == row.id).values(kept))


def cause_of(error: Exception) -> str:
    """What went wrong, without the values: they may be personal."""
    if isinstance(error, ValidationError):
        places = (".".join(map(str, e["loc"])) + ": " + e["type"] for e in error.errors())
        return "does not fit its contract: " + "; ".join(places)
    if isinstance(error, Refusal | NotYet):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__


def _pause(tried: int) -> timedelta:
    doubled: int = 2 ** min(tried - 1, 16)
    return min(_FIRST_RETRY * doubled, _LONGEST_RETRY)
