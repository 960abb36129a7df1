"""Accounts, bills and payments in and out of PostgreSQL: every query of this service."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.billing.domain.account import Account, AccountId
from services.billing.domain.ledger import Bill, BillId, BillStatus, Due, Payment, Period
from services.billing.domain.tariff import Line
from services.billing.tables import accounts, bill_lines, bills, payments
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after


class NoSuchAccount(NotFound):
    """There is no such account, or you may not see it."""


async def get(tx: Tx, account_no: str, region: str) -> Account:
    """The account, if it is in the caller's region. Raises NoSuchAccount."""
    return await _one(tx, sa.select(accounts), account_no, region)


async def lock(tx: Tx, account_no: str, region: str) -> Account:
    """As `get`, and nobody else changes it until this transaction ends."""
    return await _one(tx, sa.select(accounts).with_for_update(), account_no, region)


async def _one(tx: Tx, query: sa.Select[Any], account_no: str, region: str) -> Account:
    mine = (accounts.c.account_no == account_no, region_scope(accounts.c.region, region))
    row = (await tx.execute(query.where(*mine))).one_or_none()
    if row is None:
        raise NoSuchAccount
    return _account(row)


async def page(
    tx: Tx,
    region: str,
    *,
    phone: str | None,
    account_no: str | None,
    cursor: str | None,
    limit: int,
) -> list[Account]:
    """The accounts of that phone or number in the caller's region, newest first."""
    where = [
        region_scope(accounts.c.region, region),
        after(accounts.c.opened_on, accounts.c.id, cursor),
    ]
    wanted = ((accounts.c.phone, phone), (accounts.c.account_no, account_no))
    where += [column == value for column, value in wanted if value is not None]
    newest = (accounts.c.opened_on.desc(), accounts.c.id.desc())
    query = sa.select(accounts).where(*where).order_by(*newest).limit(limit)
    return [_account(row) for row in await tx.execute(query)]


async def save(tx: Tx, account: Account) -> None:
    """Write back a locked account: what changes after it was opened."""
    changed = {"name": account.name, "phone": account.phone, "version": account.version}
    await tx.execute(accounts.update().where(accounts.c.id == account.id).values(changed))


async def known(tx: Tx, account_nos: Sequence[str]) -> set[str]:
    """Those of these numbers that are taken."""
    query = sa.select(accounts.c.account_no).where(accounts.c.account_no.in_(account_nos))
    return set((await tx.execute(query)).scalars())


async def dues(tx: Tx, id: AccountId) -> list[Due]:
    """What every bill of the account asks for, paid or not."""
    query = sa.select(bills.c.id, bills.c.total_fen, bills.c.due_on).where(bills.c.account_id == id)
    return [Due(BillId(row.id), row.total_fen, row.due_on) for row in await tx.execute(query)]


async def paid_fen(tx: Tx, id: AccountId) -> int:
    """All that was ever paid on the account."""
    query = sa.select(sa.func.coalesce(sa.func.sum(payments.c.amount_fen), 0))
    return int((await tx.execute(query.where(payments.c.account_id == id))).scalar_one())


async def page_of_bills(tx: Tx, id: AccountId, *, cursor: str | None, limit: int) -> list[Bill]:
    """The bills of the account with their lines, newest first."""
    mine = (bills.c.account_id == id, after(bills.c.issued_on, bills.c.id, cursor))
    newest = (bills.c.issued_on.desc(), bills.c.id.desc())
    query = sa.select(bills).where(*mine).order_by(*newest).limit(limit)
    found = (await tx.execute(query)).all()
    lines = await _lines_of(tx, [row.id for row in found])
    return [_bill(row, lines[row.id]) for row in found]


async def _lines_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[Line]]:
    query = sa.select(bill_lines).where(bill_lines.c.bill_id.in_(ids)).order_by(bill_lines.c.tier)
    found: dict[UUID, list[Line]] = defaultdict(list)
    for row in await tx.execute(query):
        found[row.bill_id].append(Line(row.tier, row.kwh, row.yuan_per_kwh))
    return found


async def add_accounts(tx: Tx, new: Sequence[Account]) -> None:
    if new:
        await tx.execute(accounts.insert(), [asdict(account) for account in new])


async def add_bills(tx: Tx, new: Sequence[Bill]) -> None:
    rows = [_bill_row(bill) for bill in new]
    lines = [_line_row(bill.id, line) for bill in new for line in bill.lines]
    if rows:
        await tx.execute(bills.insert(), rows)
    if lines:
        await tx.execute(bill_lines.insert(), lines)


async def add_payments(tx: Tx, new: Sequence[Payment]) -> None:
    if new:
        await tx.execute(payments.insert(), [asdict(payment) for payment in new])


def _account(row: Any) -> Account:
    return Account(**row._mapping)


def _bill_row(bill: Bill) -> dict[str, Any]:
    row = asdict(bill)
    period: dict[str, Any] = row.pop("period")
    del row["lines"]
    return row | period


def _line_row(bill_id: BillId, line: Line) -> dict[str, Any]:
    return asdict(line) | {"bill_id": bill_id, "yuan": line.yuan}


def _bill(row: Any, lines: Sequence[Line]) -> Bill:
    return Bill(
        id=BillId(row.id),
        account_id=AccountId(row.account_id),
        period=Period(row.first_on, row.last_on),
        kwh=Decimal(row.kwh),
        total_fen=row.total_fen,
        tariff=row.tariff,
        tariff_version=row.tariff_version,
        issued_on=row.issued_on,
        due_on=row.due_on,
        lines=tuple(lines),
        status=BillStatus(row.status),
    )
