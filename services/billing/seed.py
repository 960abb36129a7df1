"""The demo's customers: taken over once, with their bills and payments, from `demo/*.csv`.

readings.csv has a column a month; payments.csv names the bill by its month and says which part of
it was paid. Bills are computed here, by the tariff engine, under the tariff of their day.
"""

import csv
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from services.billing import store, tariffs, use_cases
from services.billing.domain.account import Account, AccountId
from services.billing.domain.ledger import Bill, BillId, Payment, Period, settle
from shared.db import Database
from shared.ids import new_id
from shared.service import utc_now
from shared.stamp import Stamp

_FOLDER = Path(__file__).parent / "demo"
_Row = dict[str, str]


async def seed(database: Database, demo: "Demo | None" = None) -> int:
    """Take over the demo accounts that are not here yet; returns how many rows that added."""
    stamp = Stamp(by="seed:billing", at=utc_now())
    demo = demo or Demo.read()
    async with database.begin() as tx:
        known = await store.known(tx, [row["account_no"] for row in demo.accounts])
        accounts, bills, payments = demo.books(known, stamp.at)
        await use_cases.take_over(tx, stamp, accounts, bills, payments)
    lines = sum(len(bill.lines) for bill in bills)
    return len(accounts) + len(bills) + lines + len(payments)


@dataclass(frozen=True, slots=True)
class Demo:
    """The rows of the files, by account number."""

    accounts: list[_Row]
    readings: dict[str, _Row]
    payments: dict[str, list[_Row]]

    @classmethod
    def read(cls, folder: Path = _FOLDER) -> "Demo":
        payments = defaultdict(list)
        for row in _rows(folder / "payments.csv"):
            payments[row["account_no"]].append(row)
        readings = {row.pop("account_no"): row for row in _rows(folder / "readings.csv")}
        return cls(list(_rows(folder / "accounts.csv")), readings, payments)

    def books(
        self, known: set[str], at: datetime
    ) -> tuple[list[Account], list[Bill], list[Payment]]:
        """What `known` does not hold yet: accounts, their bills marked paid or not, payments."""
        accounts = [_account(row, at) for row in self.accounts if row["account_no"] not in known]
        bills: list[Bill] = []
        payments: list[Payment] = []
        for account in accounts:
            months = self.readings[account.account_no]
            issued = {
                month: _bill(account, month, Decimal(kwh), at) for month, kwh in months.items()
            }
            paid = [
                _payment(account, issued[row["month"]], row, at)
                for row in self.payments.get(account.account_no, [])
            ]
            bills += settle(list(issued.values()), sum(p.amount_fen for p in paid))
            payments += paid
        return accounts, bills, payments


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _account(row: _Row, at: datetime) -> Account:
    return Account(
        id=AccountId(new_id(at)),
        account_no=row["account_no"],
        name=row["name"],
        phone=row["phone"] or None,
        address=row["address"],
        region=row["region"],
        area=row["area"],
        transformer=row["transformer"] or None,
        feeder=row["feeder"] or None,
        customer_class=row["customer_class"],
        life_support=row["life_support"] == "yes",
        tariff=row["tariff"],
        opened_on=date.fromisoformat(row["opened_on"]),
    )


def _bill(account: Account, month: str, kwh: Decimal, at: datetime) -> Bill:
    first_on = date.fromisoformat(f"{month}-01")
    last_on = first_on.replace(day=monthrange(first_on.year, first_on.month)[1])
    in_force = tariffs.tariff(account.tariff, last_on)
    return Bill.issue(BillId(new_id(at)), account.id, Period(first_on, last_on), kwh, in_force)


def _payment(account: Account, bill: Bill, row: _Row, at: datetime) -> Payment:
    part = Decimal(row["percent"]) / 100
    return Payment(
        id=new_id(at),
        account_id=account.id,
        amount_fen=int((bill.total_fen * part).quantize(Decimal(1), ROUND_HALF_UP)),
        paid_at=datetime.fromisoformat(row["paid_at"]),
        method=row["method"],
        reference=f"{account.account_no}-{row['month']}",
    )
