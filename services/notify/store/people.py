"""Customers of cases and supervisors on duty, in and out of PostgreSQL: addresses sealed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.notify.domain.addresses import Address
from services.notify.domain.people import DutyContact, Recipient
from services.notify.tables import duty_contacts
from shared.db import Tx

RECIPIENT = (
    "case_id, number, phone, person, reachable, region, locale, order_version, transformer,"
    " confidential"
)

# Writing down whom a fact concerns and finding out whether they know already: one round trip.
_PUT_CUSTOMER = f"""
    WITH new AS (
      INSERT INTO recipients ({RECIPIENT})
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING)
    SELECT EXISTS (
      SELECT 1 FROM messages WHERE dedupe_key = $11 AND audience = 'customer') AS told
    """

_CUSTOMER = f"""
    WITH known AS (
      SELECT {RECIPIENT} FROM recipients WHERE case_id = $1 FOR UPDATE),
    newer AS (
      UPDATE recipients r SET order_version = $3 FROM known
      WHERE r.case_id = known.case_id AND known.order_version < $3)
    SELECT known.*, EXISTS (
      SELECT 1 FROM messages WHERE dedupe_key = $2 AND audience = 'customer') AS told
    FROM known
    """

_ON_DUTY = """
    SELECT d.*, EXISTS (
      SELECT 1 FROM messages WHERE dedupe_key = $2 AND audience = 'supervisor') AS told
    FROM (SELECT 1) AS one
    LEFT JOIN duty_contacts d ON starts_with($1, d.region)
    ORDER BY length(d.region) DESC NULLS LAST LIMIT 1
    """


async def put_customer(tx: Tx, recipient: Recipient, key: str) -> bool:
    """Keep what intake says of a case's customer, unless the case is known. Was `key` told?"""
    r, phone = recipient, recipient.phone
    reached = (phone.sealed, phone.index, phone.reachable) if phone else (None, None, None)
    who = (r.case_id, r.number, *reached, r.region, r.locale)
    [row] = await tx.run(_PUT_CUSTOMER, *who, r.order_version, r.transformer, r.confidential, key)
    told: bool = row.told
    return told


async def customer(
    tx: Tx, case_id: UUID, key: str, order_version: int | None
) -> tuple[Recipient, bool] | None:
    """The customer of a case and whether `key` was told; None when we don't know the case yet.

    The recipient is as before this fact; its `order_version` rises with it.
    """
    rows = await tx.run(_CUSTOMER, case_id, key, order_version or 0)
    if not rows:
        return None
    [row] = rows
    *known, told = row
    return recipient_of(known), told


async def on_duty(tx: Tx, region: str, key: str) -> tuple[DutyContact | None, bool]:
    """Who is on duty for `region` (the longest prefix wins), and whether `key` was told."""
    [row] = await tx.run(_ON_DUTY, region, key)
    if row.region is None:
        return None, row.told
    phone = Address(row.phone, row.person, row.reachable)
    return DutyContact(row.region, row.name, phone), row.told


async def add_duty_contacts(tx: Tx, contacts: Sequence[DutyContact]) -> int:
    """Those of regions that have nobody yet. Returns how many were new."""
    rows = [
        {
            "region": c.region,
            "name": c.name,
            "phone": c.phone.sealed,
            "person": c.phone.index,
            "reachable": c.phone.reachable,
        }
        for c in contacts
    ]
    new = insert(duty_contacts).values(rows).on_conflict_do_nothing()
    return len((await tx.execute(new.returning(duty_contacts.c.region))).all())


def recipient_of(row: Any) -> Recipient:
    """From the columns `RECIPIENT`, in their order."""
    case_id, number, sealed, person, reachable, *rest = row
    phone = Address(sealed, person, reachable) if sealed is not None else None
    return Recipient(case_id, number, phone, *rest)
