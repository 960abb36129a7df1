"""Protected customers in and out of PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.workorders.domain.protected import ProtectedCustomer, ProtectedId
from services.workorders.tables import protected_customers
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope
from shared.page import after

_table = protected_customers.c
_NAMES = tuple(one.name for one in fields(ProtectedCustomer))


class NoSuchProtection(NotFound):
    """There is no such protected customer, or you may not see it."""


async def get(tx: Tx, id: ProtectedId, region: str) -> ProtectedCustomer:
    """Raises NoSuchProtection."""
    return await _one(tx, id, region, sa.select(protected_customers))


async def lock(tx: Tx, id: ProtectedId, region: str, expected: int | None) -> ProtectedCustomer:
    """`get`, for update. Raises PreconditionFailed when the caller acts upon another version."""
    found = await _one(tx, id, region, sa.select(protected_customers).with_for_update())
    check_expected(expected, found.version)
    return found


async def of_account(tx: Tx, account_no: str) -> list[ProtectedCustomer]:
    """All that protects an account; until this transaction ends nobody else adds to it."""
    await tx.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(account_no, 0)))
    )
    query = sa.select(protected_customers).where(_table.account_no == account_no)
    return [_customer(row) for row in await tx.execute(query.order_by(_table.valid_from))]


async def add(tx: Tx, customers: Collection[ProtectedCustomer], at: datetime) -> None:
    """They act at once, and again when they start or end."""
    rows = [_row(one) | {"created_at": at, "acts_at": at} for one in customers]
    await tx.execute(protected_customers.insert(), rows)


async def save(tx: Tx, customer: ProtectedCustomer, acts_at: datetime | None) -> None:
    changed = _row(customer) | {"acts_at": acts_at}
    await tx.execute(protected_customers.update().where(_table.id == customer.id).values(changed))


async def remove(tx: Tx, id: ProtectedId) -> None:
    await tx.execute(protected_customers.delete().where(_table.id == id))


async def page(
    tx: Tx,
    region: str,
    *,
    account_no: str | None,
    code: str | None,
    hidden: Collection[str],
    cursor: str | None,
    limit: int,
) -> list[tuple[ProtectedCustomer, datetime]]:
    """Newest first, of the caller's region, without those of hidden classes; each since when."""
    where = [region_scope(_table.region, region), after(_table.created_at, _table.id, cursor)]
    asked = ((_table.account_no, account_no), (_table.code, code))
    where += [column == value for column, value in asked if value is not None]
    where.append(_table.code.not_in(hidden))
    query = sa.select(protected_customers).where(*where)
    newest = query.order_by(_table.created_at.desc(), _table.id.desc()).limit(limit)
    return [(_customer(row), row.created_at) for row in await tx.execute(newest)]


async def lock_due(
    tx: Tx, at: datetime, limit: int
) -> Sequence[tuple[ProtectedCustomer, datetime]]:
    """At most `limit` of those that start or end by `at`, each with when; those held are left."""
    query = (
        sa.select(protected_customers)
        .where(_table.acts_at <= at)
        .order_by(_table.acts_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(_customer(row), row.acts_at) for row in await tx.execute(query)]


async def next_due(tx: Tx) -> datetime | None:
    at: datetime | None = (await tx.execute(sa.select(sa.func.min(_table.acts_at)))).scalar_one()
    return at


async def _one(tx: Tx, id: ProtectedId, region: str, query: sa.Select[Any]) -> ProtectedCustomer:
    mine = query.where(_table.id == id, region_scope(_table.region, region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchProtection(id=str(id))
    return _customer(row)


def _row(customer: ProtectedCustomer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in _NAMES}


def _customer(row: Any) -> ProtectedCustomer:
    return ProtectedCustomer(**{name: getattr(row, name) for name in _NAMES})
