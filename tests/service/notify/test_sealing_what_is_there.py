"""A database with rows in it is migrated: what lay in clear is sealed, and nobody is told twice."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic import command

from services.notify.domain.addresses import Channel
from shared import migrate
from tests.conftest import NINE
from tests.service.notify.conftest import ADDRESSES, CASE, PHONE

DUTY, LANDLINE = "15400000035", "051265001234"
OTHER, DUMB, OUTAGE = UUID(int=8), UUID(int=9), UUID(int=7)
FORMER = sha256(PHONE.encode()).hexdigest()[:32]  # how a customer was named

_MESSAGE = """
    INSERT INTO messages (id, dedupe_key, case_id, region, audience, template, category, channel,
      phone, text, status, tries, resends, created_at, said)
    VALUES (gen_random_uuid(), $1, $2, '320505', $3, $4, $5, 'sms', $6, 'x', 'queued', 0, 0, $7, 0)
    """
_RECIPIENT = """
    INSERT INTO recipients (case_id, number, phone, region, locale, order_version)
    VALUES ($1, '1', $2, '320505', 'en', 3)
    """
_ASKED = """
    SELECT m.dedupe_key, m.category AS means, m.ambiguity, m.lane, m.address, r.source, r.category,
      r.template, a.person, a.locale, a.addresses
    FROM messages m JOIN requests r ON r.id = m.request_id
      JOIN addressees a ON a.request_id = r.id AND a.id = m.addressee
    ORDER BY m.dedupe_key
    """
MESSAGES = [
    ("a", CASE, "customer", "case-accepted.v1", "ordinary", PHONE),
    ("b", OTHER, "customer", "case-accepted.v1", "ordinary", LANDLINE),
    ("c", DUMB, "customer", "case-accepted.v1", "ordinary", None),
    ("d", None, "supervisor", "escalation-raised.v1", "safety", DUTY),
    (f"e:{OUTAGE}:{FORMER}", CASE, "customer", "outage-announced.v1", "ordinary", PHONE),
]


async def _in(url: str, *statements: tuple[Any, ...]) -> list[list[Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [await connection.fetch(*statement) for statement in statements]
    finally:
        await connection.close()


@pytest.fixture
def before(settings) -> Iterator[str]:
    """A database as it was, with people in it."""
    url, server = settings.database_url("notify_before"), settings.database_url("postgres")
    drop = ('DROP DATABASE IF EXISTS "notify_before"',)
    asyncio.run(_in(server, drop))
    asyncio.run(migrate.create_database(url))
    command.upgrade(migrate.config("notify", url), "notify_0005")
    filled = [
        *((_MESSAGE, *message, NINE) for message in MESSAGES),
        (_RECIPIENT, CASE, PHONE),
        (_RECIPIENT, DUMB, None),
        ("INSERT INTO etrs_told VALUES ($1, $2, $3, $3, 1)", OUTAGE, FORMER, NINE),
        ("INSERT INTO duty_contacts VALUES ('32', '省值班', $1)", DUTY),
    ]
    asyncio.run(_in(url, *filled))
    yield url
    asyncio.run(_in(server, drop))


def clear(sealed: bytes | None) -> str | None:
    return None if sealed is None else ADDRESSES.opened(Channel.SMS, sealed)


def test_what_lay_in_clear_is_sealed_and_every_message_has_its_request(before):
    command.upgrade(migrate.config("notify", before), "head")
    asked, told, known, on_duty = asyncio.run(
        _in(
            before,
            (_ASKED,),
            ("SELECT customer FROM etrs_told",),
            ("SELECT phone, person, reachable FROM recipients ORDER BY person NULLS LAST",),
            ("SELECT phone, person, reachable FROM duty_contacts",),
        )
    )
    person = ADDRESSES.phone(PHONE).index
    assert [clear(row["address"]) for row in asked] == [PHONE, LANDLINE, None, DUTY, PHONE]
    assert [(row["means"], row["ambiguity"], row["lane"]) for row in asked] == [
        ("transactional", "at_most_once", 2),
        ("transactional", "at_most_once", 2),
        ("transactional", "at_most_once", 2),
        ("emergency", "at_least_once", 1),
        ("service", "at_most_once", 3),
    ]
    assert asked[4]["dedupe_key"] == f"e:{OUTAGE}:{person}", "so that they are not told again"
    assert {row["source"] for row in asked} == {"fact"}
    assert [row["category"] for row in asked] == [row["means"] for row in asked]
    duty, landline = ADDRESSES.phone(DUTY).index, ADDRESSES.phone(LANDLINE).index
    people = [person, landline, str(DUMB), duty, person]
    assert [row["person"] for row in asked] == people
    assert [row["locale"] for row in asked] == ["en", "zh-CN", "en", "zh-CN", "en"]
    assert [row["customer"] for row in told] == [person]
    assert [(clear(r["phone"]), r["person"], r["reachable"]) for r in known] == [
        (PHONE, person, True),
        (None, None, None),
    ]
    assert [(clear(r["phone"]), r["person"], r["reachable"]) for r in on_duty] == [
        (DUTY, duty, True)
    ]


def test_nothing_is_left_in_clear(before):
    command.upgrade(migrate.config("notify", before), "head")
    tables = ("messages", "recipients", "duty_contacts", "etrs_told", "requests", "addressees")
    rows = asyncio.run(_in(before, *((f"SELECT t::text FROM {table} t",) for table in tables)))
    kept = "".join(row[0] for found in rows for row in found)
    for phone in (PHONE, DUTY, LANDLINE):
        assert phone not in kept and phone.encode().hex() not in kept
        assert sha256(phone.encode()).hexdigest()[:16] not in kept
