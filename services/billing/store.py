"""Accounts, bills and payments in and out of PostgreSQL: every query of this service."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.account import Account, AccountId
from services.billing.domain.compensation import Compensation
from services.billing.domain.ledger import Bill, BillId, BillStatus, Due, Payment, Period
from services.billing.domain.tariff import Line
from services.billing.tables import accounts, bill_lines, bills, compensations, payments
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after

BILLED_IN = "CNY"  # what a fen is a hundredth of


class NoSuchAccount(NotFound):
    """There is no such account, or you may not see it."""


class NoSuchCompensation(NotFound):
    """There is no such compensation, or you may not see it."""


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


async def credited_fen(tx: Tx, id: AccountId) -> int:
    """What compensation counts for the account, in the currency that its bills are in."""
    its = (compensations.c.account_id == id, compensations.c.currency == BILLED_IN)
    query = sa.select(sa.func.coalesce(sa.func.sum(compensations.c.amount_minor), 0))
    stands = query.where(*its, compensations.c.waived_at.is_(None))
    return int((await tx.execute(stands)).scalar_one())


async def id_of(tx: Tx, account_no: str | None) -> AccountId | None:
    """Of the account with this number, whoever asks; None when there is none."""
    query = sa.select(accounts.c.id).where(accounts.c.account_no == account_no)
    id: UUID | None = (await tx.execute(query)).scalar_one_or_none()
    return AccountId(id) if id is not None else None


async def add_compensation(tx: Tx, owed: Compensation) -> bool:
    """False when it is known already: nothing is changed then."""
    new = insert(compensations).values(asdict(owed)).on_conflict_do_nothing()
    return (await tx.execute(new.returning(compensations.c.id))).one_or_none() is not None


async def waive(tx: Tx, owed: Compensation) -> bool:
    """False when it was waived already."""
    standing = (compensations.c.id == owed.id, compensations.c.waived_at.is_(None))
    why = {"waived_at": owed.waived_at, "waived_because": owed.waived_because}
    return (await tx.execute(compensations.update().where(*standing).values(why))).rowcount == 1


async def lock_compensation(tx: Tx, id: UUID, region: str) -> Compensation:
    """Raises NoSuchCompensation."""
    mine = (compensations.c.id == id, region_scope(compensations.c.region, region))
    query = sa.select(compensations).where(*mine).with_for_update()
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NoSuchCompensation
    return _compensation(row)


async def save_compensation(tx: Tx, owed: Compensation) -> None:
    """Write back a locked one: whose it is."""
    statement = compensations.update().where(compensations.c.id == owed.id)
    await tx.execute(statement.values(account_id=owed.account_id))


async def page_of_compensations(
    tx: Tx, region: str, account_id: AccountId | None, *, cursor: str | None, limit: int
) -> list[Compensation]:
    """Of that account, else those that nobody knows the customer of; newest first."""
    where = [
        compensations.c.account_id == account_id
        if account_id is not None
        else compensations.c.account_id.is_(None),
        region_scope(compensations.c.region, region) if account_id is None else sa.true(),
        after(compensations.c.booked_at, compensations.c.id, cursor),
    ]
    newest = (compensations.c.booked_at.desc(), compensations.c.id.desc())
    query = sa.select(compensations).where(*where).order_by(*newest).limit(limit)
    return [_compensation(row) for row in await tx.execute(query)]


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


def _compensation(row: Any) -> Compensation:
    return Compensation(**row._mapping)


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
