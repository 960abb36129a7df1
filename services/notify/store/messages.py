"""Messages and their attempts, in and out of PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Ambiguity, Category
from services.notify.domain.lattice import Status
from services.notify.domain.message import Attempt, Message, MessageId, Outcome, Verdict
from services.notify.domain.people import Audience
from services.notify.domain.request import RequestId
from services.notify.domain.telling import TOO_LATE
from services.notify.tables import QUEUED, WATCHED, attempts, messages
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after


class NoSuchMessage(NotFound):
    """There is no such message, or you may not see it."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in our hands until `lease_ends_at`; `number` is this try's. address: sealed."""

    id: MessageId
    number: int
    lease_ends_at: datetime
    channel: Channel
    address: bytes
    text: str
    category: Category
    created_at: datetime


_CLAIM = """
    WITH over AS (
      UPDATE messages SET status = 'skipped', reason = $4, due_at = NULL
      WHERE status = 'queued' AND not_after <= $1)
    UPDATE messages m
    SET status = 'submitting', due_at = $2, claimed_at = $1, tries = m.tries + 1
    FROM (SELECT id FROM messages WHERE status = 'queued' AND due_at <= $1
            AND (not_after IS NULL OR not_after > $1)
          ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
    WHERE m.id = due.id
    RETURNING m.id, m.tries, m.due_at, m.channel, m.address, m.text, m.category, m.created_at
    """

_SAVE = """
    UPDATE messages m
    SET status = n.status, reason = n.reason, due_at = n.due_at, tries = n.tries,
      resends = n.resends, handed_at = n.handed_at, delivered_at = n.delivered_at,
      failed_at = n.failed_at, said = n.said, let_go = n.let_go
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[],
      $6::integer[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::integer[],
      $11::integer[])
      AS n(id, status, reason, due_at, tries, resends, handed_at, delivered_at, failed_at, said,
        let_go)
    WHERE m.id = n.id
    """


def add(tx: Tx, message: Message) -> None:
    """Written just before the commit; a key that another transaction used meanwhile fails it."""
    tx.leave(messages, {f.name: getattr(message, f.name) for f in fields(message)})


async def claim(tx: Tx, at: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take at most `limit` messages that are due at `at`, oldest first.

    What nobody wants to read any more is skipped.
    """
    claimed = await tx.run(_CLAIM, at, at + lease, limit, TOO_LATE)
    return [
        Claimed(
            id=MessageId(row.id),
            number=row.tries,
            lease_ends_at=row.due_at,
            channel=Channel(row.channel),
            address=row.address,
            text=row.text,
            category=Category(row.category),
            created_at=row.created_at,
        )
        for row in claimed
    ]


async def next_queued(tx: Tx) -> datetime | None:
    """When the next message is to be handed over."""
    return await _earliest(tx, QUEUED)


async def next_watched(tx: Tx) -> datetime | None:
    """When the next lease, wait or doubt ends."""
    return await _earliest(tx, WATCHED)


async def _earliest(tx: Tx, which: sa.TextClause) -> datetime | None:
    query = sa.select(sa.func.min(messages.c.due_at)).where(which)
    earliest: datetime | None = (await tx.execute(query)).scalar_one()
    return earliest


async def lock(tx: Tx, ids: Collection[MessageId]) -> dict[MessageId, Message]:
    """Those of `ids` that exist; everybody locks in the order of the ids."""
    wanted = sa.bindparam("ids", sorted(set(ids)), sa.ARRAY(sa.Uuid))
    query = sa.select(messages).where(messages.c.id == sa.any_(wanted))
    locked = await tx.execute(query.order_by(messages.c.id).with_for_update())
    return {message.id: message for message in map(_message, locked)}


async def lock_overdue(tx: Tx, at: datetime, limit: int) -> list[Message]:
    """Messages whose lease, wait or doubt has ended at `at`, and that nobody holds now."""
    overdue = sa.select(messages).where(WATCHED, messages.c.due_at <= at)
    query = overdue.order_by(messages.c.due_at).limit(limit)
    return [_message(row) for row in await tx.execute(query.with_for_update(skip_locked=True))]


async def save(tx: Tx, changed: Sequence[Message]) -> None:
    """Write back locked messages: what changes after composing."""
    columns = (
        [m.id for m in changed],
        [m.status for m in changed],
        [m.reason for m in changed],
        [m.due_at for m in changed],
        [m.tries for m in changed],
        [m.resends for m in changed],
        [m.handed_at for m in changed],
        [m.delivered_at for m in changed],
        [m.failed_at for m in changed],
        [m.said for m in changed],
        [m.let_go for m in changed],
    )
    if changed:
        await tx.run(_SAVE, *columns)


def add_attempt(tx: Tx, attempt: Attempt) -> None:
    row = {
        "message_id": attempt.message_id,
        "number": attempt.number,
        "began_at": attempt.began_at,
        "ended_at": attempt.ended_at,
        "verdict": attempt.outcome.verdict,
        "answer": attempt.outcome.answer,
    }
    tx.leave(attempts, row)


async def get(tx: Tx, id: MessageId, region: str) -> Message:
    """The message, if it is in the caller's region. Raises NoSuchMessage."""
    where = sa.and_(messages.c.id == id, region_scope(messages.c.region, region))
    row = (await tx.execute(sa.select(messages).where(where))).one_or_none()
    if row is None:
        raise NoSuchMessage(message_id=str(id))
    return _message(row)


async def attempts_of(tx: Tx, id: MessageId) -> list[Attempt]:
    query = sa.select(attempts).where(attempts.c.message_id == id).order_by(attempts.c.id)
    return [
        Attempt(id, r.number, r.began_at, r.ended_at, Outcome(Verdict(r.verdict), r.answer))
        for r in await tx.execute(query)
    ]


async def page(
    tx: Tx,
    region: str,
    *,
    case_id: UUID | None,
    request_id: RequestId | None,
    status: Status | None,
    cursor: str | None,
    limit: int,
) -> list[Message]:
    """Newest first, of the caller's region."""
    where = [
        region_scope(messages.c.region, region),
        after(messages.c.created_at, messages.c.id, cursor),
    ]
    m = messages.c
    wanted = ((m.case_id, case_id), (m.request_id, request_id), (m.status, status))
    where += [column == value for column, value in wanted if value is not None]
    query = sa.select(messages).where(*where)
    newest = query.order_by(messages.c.created_at.desc(), messages.c.id.desc()).limit(limit)
    return [_message(row) for row in await tx.execute(newest)]


def _message(row: Any) -> Message:
    found: Mapping[str, Any] = row._mapping
    words = {
        "status": Status(row.status),
        "audience": Audience(row.audience),
        "category": Category(row.category),
        "ambiguity": Ambiguity(row.ambiguity),
        "channel": Channel(row.channel),
    }
    return Message(**{**found, **words})
