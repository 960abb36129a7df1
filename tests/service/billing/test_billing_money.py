"""Bills come newest first with their lines; the balance is bills less payments."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.anyio

_OWED = """
    SELECT account_no, customer_class, billed - paid AS owed FROM accounts,
      LATERAL (SELECT coalesce(sum(total_fen), 0) AS billed FROM bills b
               WHERE b.account_id = accounts.id) AS b,
      LATERAL (SELECT coalesce(sum(amount_fen), 0) AS paid FROM payments p
               WHERE p.account_id = accounts.id) AS p
"""


async def test_bills_page_newest_first_with_lines_that_add_up(look):
    first = (await look("/5050000002/bills", limit="4")).json()
    second = (await look("/5050000002/bills", limit="4", cursor=first["next"])).json()
    assert len(first["items"]) == 4 and len(second["items"]) == 2 and second["next"] is None
    bills = first["items"] + second["items"]
    months = [bill["period"]["first_on"] for bill in bills]
    assert months == sorted(months, reverse=True) and len(set(months)) == 6
    for bill in bills:
        assert sum(Decimal(line["kwh"]) for line in bill["lines"]) == Decimal(bill["kwh"])
        yuan = sum(Decimal(line["yuan"]) for line in bill["lines"])
        assert abs(yuan * 100 - bill["total_fen"]) <= Decimal("0.5")


async def test_a_bill_names_its_tariff_period_and_days(look):
    [october] = (await look("/5050000001/bills", limit="1")).json()["items"]
    assert october["period"] == {"first_on": "2026-10-01", "last_on": "2026-10-31"}
    assert (october["tariff"], october["tariff_version"]) == ("BJ", "2012.1")
    assert (october["issued_on"], october["due_on"]) == ("2026-11-05", "2026-11-25")


async def test_every_balance_is_bills_less_payments(billing, look):
    for row in (await billing.rows(_OWED))[::10]:
        balance = (await look(f"/{row.account_no}/balance")).json()
        assert balance["balance_fen"] == row.owed
        assert 0 <= balance["overdue_fen"] <= max(0, row.owed)


async def test_who_pays_all_owes_nothing_and_more_is_a_credit(billing, look):
    async with billing.database.begin() as tx:
        await tx.execute(_pay("5050000001"))
    balance = (await look("/5050000001/balance")).json()
    assert balance["balance_fen"] < 0
    assert balance["overdue_fen"] == balance["late_fee_fen"] == 0
    assert balance["overdue_since"] is None


async def test_a_bill_becomes_overdue_after_its_due_day_and_costs_a_late_fee(billing, look, clock):
    async with billing.database.begin() as tx:
        await tx.execute(_nothing_paid("5050000001"))
    bills = (await look("/5050000001/bills")).json()["items"]
    oldest = bills[-1]
    clock.now = datetime(2026, 6, 25, 15, 59, tzinfo=UTC)  # 23:59 of the due day, in China
    assert oldest["due_on"] == "2026-06-25"
    assert (await look("/5050000001/balance")).json()["overdue_fen"] == 0
    clock.now += timedelta(minutes=1)
    balance = (await look("/5050000001/balance")).json()
    assert balance["overdue_fen"] == oldest["total_fen"]
    assert balance["late_fee_fen"] == 100  # the minimum
    assert balance["overdue_since"] == "2026-06-25"
    assert balance["as_of"] == "2026-06-26T00:00:00+08:00"
    assert balance["balance_fen"] == sum(bill["total_fen"] for bill in bills)


async def test_paid_bills_are_marked(billing):
    [row] = await billing.rows(
        "SELECT count(*) FILTER (WHERE status = 'paid') AS paid,"
        " count(*) FILTER (WHERE status = 'issued') AS open FROM bills"
    )
    assert row.paid > row.open > 0


def _pay(account_no: str):
    return sa.text(
        "INSERT INTO payments (id, account_id, amount_fen, paid_at, method, reference)"
        " SELECT gen_random_uuid(), id, 10000000, now(), 'bank', 'all' FROM accounts"
        " WHERE account_no = :no"
    ).bindparams(no=account_no)


def _nothing_paid(account_no: str):
    return sa.text(
        "DELETE FROM payments USING accounts a WHERE account_id = a.id AND account_no = :no"
    ).bindparams(no=account_no)
