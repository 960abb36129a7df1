"""Receipts in and out of PostgreSQL: as they came, also those about messages not known here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from services.notify.domain.message import MessageId
from services.notify.tables import EARLY, receipts
from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the gateway reported, as it came. `number`: of the try it is about, 0 if unsaid."""

    message_id: MessageId
    number: int
    code: int
    reply: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt that is written down, and where."""

    id: int
    receipt: Receipt
    retry_at: datetime | None = None


_KEEP = """
    INSERT INTO receipts (message_id, number, code, reply, reply_hash, received_at)
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::bytea[], $5::bytea[],
      $6::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING *
    """

_RETRY = """
    UPDATE receipts r SET retry_at = n.retry_at
    FROM unnest($1::bigint[], $2::timestamptz[]) AS n(id, retry_at) WHERE r.id = n.id
    """


async def keep_receipts(tx: Tx, heard: Sequence[Receipt]) -> list[Kept]:
    """Store receipts as they came. Returns those that are new.

    Everybody writes them in one order: two who store the same ones wait, and do not embrace.
    """
    hashed = [(r.message_id, r.number, r.code, sha256(r.reply).digest(), r) for r in heard]
    hashed.sort(key=lambda one: one[:4])
    kept = await tx.run(
        _KEEP,
        [r.message_id for *_, r in hashed],
        [r.number for *_, r in hashed],
        [r.code for *_, r in hashed],
        [r.reply for *_, r in hashed],
        [digest for *_, digest, _ in hashed],
        [r.received_at for *_, r in hashed],
    )
    return [_kept(row) for row in kept]


async def try_later(tx: Tx, early: Sequence[tuple[int, datetime | None]]) -> None:
    """When to look again for the message of each receipt; None: never more."""
    if early:
        await tx.run(_RETRY, [id for id, _ in early], [retry_at for _, retry_at in early])


async def lock_early(tx: Tx, at: datetime, limit: int) -> list[Kept]:
    """Receipts without a message that are to be tried again at `at`, and that nobody holds now."""
    due = sa.select(receipts).where(EARLY, receipts.c.retry_at <= at)
    query = due.order_by(receipts.c.retry_at).limit(limit).with_for_update(skip_locked=True)
    return [_kept(row) for row in await tx.execute(query)]


async def next_early(tx: Tx) -> datetime | None:
    """When the next of them is to be tried again."""
    query = sa.select(sa.func.min(receipts.c.retry_at)).where(EARLY)
    earliest: datetime | None = (await tx.execute(query)).scalar_one()
    return earliest


async def receipts_of(tx: Tx, id: MessageId) -> list[Receipt]:
    """As they came in."""
    query = sa.select(receipts).where(receipts.c.message_id == id).order_by(receipts.c.id)
    return [_kept(row).receipt for row in await tx.execute(query)]


def _kept(row: Any) -> Kept:
    about = (MessageId(row.message_id), row.number)
    return Kept(row.id, Receipt(*about, row.code, row.reply, row.received_at), row.retry_at)
