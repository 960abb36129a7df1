"""Who is to hear of an outage, and what they have heard."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.notify.domain.people import Recipient
from services.notify.store.people import RECIPIENT, recipient_of
from services.notify.tables import messages
from shared.db import Tx

_THERE = f"""
    SELECT DISTINCT ON (coalesce(person, case_id::text)) {RECIPIENT}
    FROM recipients WHERE transformer = ANY($2::text[]) OR outage_id = $1
    ORDER BY coalesce(person, case_id::text), case_id DESC
    """

# One row for each customer and outage: who tells the same customer waits for its lock.
_EXPECT = """
    INSERT INTO etrs_told AS told (outage_id, customer, etr_at, as_of, times)
    VALUES ($1, $2, $3, $4, 1)
    ON CONFLICT (outage_id, customer) DO UPDATE
      SET etr_at = excluded.etr_at, as_of = excluded.as_of, times = told.times + 1
      WHERE told.as_of <= excluded.as_of AND told.etr_at <> excluded.etr_at
    RETURNING times
    """

_TOLD = "SELECT 1 FROM messages WHERE dedupe_key = $1 AND audience = 'customer'"


async def known_there(tx: Tx, outage_id: UUID, transformers: Sequence[str]) -> list[Recipient]:
    """Customers with a case from one of these transformers, or linked to the outage.

    Each once, with their newest case, however many they have.
    """
    return [recipient_of(row) for row in await tx.run(_THERE, outage_id, list(transformers))]


async def expect(
    tx: Tx, outage_id: UUID, customer: str, etr_at: datetime, as_of: datetime
) -> int | None:
    """The how-manieth ETR this is for the customer; None when they know it, or a newer one."""
    rows = await tx.run(_EXPECT, outage_id, customer, etr_at, as_of)
    return rows[0].times if rows else None


async def was_told(tx: Tx, key: str) -> bool:
    """Whether a customer was told `key`, also in this transaction."""
    if any(row["dedupe_key"] == key for row in tx.left(messages)):
        return True
    return bool(await tx.run(_TOLD, key))


async def link(tx: Tx, case_id: UUID, outage_id: UUID | None) -> None:
    """The case belongs to this announced outage from now on, or to none."""
    await tx.run("UPDATE recipients SET outage_id = $2 WHERE case_id = $1", case_id, outage_id)
