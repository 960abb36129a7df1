"""The demo's customers are taken over once, and what is there already stays."""

import pytest
import sqlalchemy as sa

from services.billing.seed import seed

pytestmark = pytest.mark.anyio

_TABLES = ("accounts", "bills", "bill_lines", "payments")


async def rows_in(billing, *tables: str) -> int:
    count = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    [counted] = await billing.rows(f"SELECT {count} AS rows")
    return counted.rows


async def test_seeding_adds_who_is_missing_and_twice_adds_nothing(billing):
    before = await rows_in(billing, *_TABLES)
    assert await seed(billing.database) == await rows_in(billing, *_TABLES) - before > 0
    after = await rows_in(billing, *_TABLES, "outbox", "audit")
    assert await seed(billing.database) == 0
    assert await rows_in(billing, *_TABLES, "outbox", "audit") == after
    assert await rows_in(billing, "accounts") == await rows_in(billing, "outbox") > 280
    assert set(await billing.said()) == {"account-changed"}


async def test_seeding_keeps_what_was_changed(billing):
    async with billing.database.begin() as tx:
        await tx.execute(sa.text("UPDATE accounts SET name = '新名', version = 2"))
    await seed(billing.database)
    kept = await billing.rows("SELECT name FROM accounts WHERE version = 2")
    assert {row.name for row in kept} == {"新名"} and len(kept) == 40


async def test_every_account_has_six_months_and_lines_as_stored(billing):
    odd = await billing.rows(
        "SELECT account_id FROM bills GROUP BY account_id HAVING count(*) <> 6"
        " UNION SELECT id FROM accounts WHERE id NOT IN (SELECT account_id FROM bills)"
    )
    wrong = await billing.rows("SELECT 1 FROM bill_lines WHERE yuan <> kwh * yuan_per_kwh")
    assert odd == wrong == []
