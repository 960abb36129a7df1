"""Mutations of how events leave and are heard: outbox, relay, inbox."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared import inbox, outbox
from shared.db import Tx
from shared.tables import outbox as rows
from tests.mutations.breaking import Mutations, put


def marked_sent_before_sending() -> None:
    async def relay_once(connection: Any, sender: outbox.Sender, limit: int = 1000) -> int:
        waiting = (await connection.execute(outbox._unsent, {"limit": limit})).all()
        await outbox.mark_sent(connection, [row.seq for row in waiting])
        return await _send(sender, waiting)

    put(outbox, "relay_once", relay_once)


def relay_by_last_seq() -> None:
    async def relay_once(connection: Any, sender: Any, limit: int = 1000) -> int:
        newer = sa.select(rows).where(rows.c.seq > getattr(sender, "last", 0))
        waiting = (await connection.execute(newer.order_by(rows.c.seq).limit(limit))).all()
        sent = await _send(sender, waiting)
        if waiting:
            sender.last = waiting[-1].seq
        await outbox.mark_sent(connection, [row.seq for row in waiting])
        return sent

    put(outbox, "relay_once", relay_once)


def all_marked_after_an_error() -> None:
    async def relay_once(connection: Any, sender: outbox.Sender, limit: int = 1000) -> int:
        waiting = (await connection.execute(outbox._unsent, {"limit": limit})).all()
        try:
            return await _send(sender, waiting)
        finally:
            await outbox.mark_sent(connection, [row.seq for row in waiting])

    put(outbox, "relay_once", relay_once)


async def _send(sender: outbox.Sender, waiting: Sequence[Any]) -> int:
    outcomes = await sender.send_all(waiting) if waiting else []
    for error in outcomes:
        if error is not None:
            raise error
    return len(waiting)


def producer_kept_after_an_error() -> None:
    original = outbox.run_relay
    put(outbox, "run_relay", lambda db, new, stopping: original(db, cache(new), stopping))


def second_relay_without_the_lock() -> None:
    async def owned(connection: Any, stopping: Any) -> bool:
        return True

    put(outbox, "_own_the_relay", owned)


def no_inbox() -> None:
    async def claim(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
        return set(ids)

    put(inbox, "claim", claim)


def inbox_in_its_own_transaction() -> None:
    async def claim(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
        async with tx._connection.engine.begin() as another:
            return await original(Tx(another), ids)

    original = put(inbox, "claim", claim)


def no_skip_for_parked_keys() -> None:
    async def nobody(tx: Tx, messages: Sequence[inbox.Message]) -> set[tuple[str, str]]:
        return set()

    put(inbox, "_keys_with_parked", nobody)


def poison_is_dropped() -> None:
    async def park(*_: Any) -> None: ...

    put(inbox, "park", park)


def outage_taken_for_poison() -> None:
    put(inbox, "is_outage", lambda error: False)


_SHARED = "tests/service/shared"
_TROUBLE = "tests/service/test_trouble.py"

# Each with the tests that must notice.
MUTATIONS: Mutations = {
    marked_sent_before_sending: _TROUBLE,
    no_inbox: _TROUBLE,
    inbox_in_its_own_transaction: _TROUBLE,
    all_marked_after_an_error: f"{_SHARED}/test_relay.py",
    relay_by_last_seq: f"{_SHARED}/test_relay.py",
    producer_kept_after_an_error: f"{_SHARED}/test_relay.py",
    second_relay_without_the_lock: f"{_SHARED}/test_relay.py",
    no_skip_for_parked_keys: f"{_SHARED}/test_batch_door.py",
    poison_is_dropped: f"{_SHARED}/test_batch_door.py",
    outage_taken_for_poison: f"{_SHARED}/test_commit_fails.py",
}
