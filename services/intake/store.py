"""Cases in and out of PostgreSQL: every query of this service is in this file."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.intake.domain import (
    Account,
    Caller,
    Case,
    CaseId,
    Commitment,
    Identity,
    Location,
    Progress,
    Promise,
    Status,
)
from services.intake.tables import accounts, cases, commitments, vault
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after


class NoSuchCase(NotFound):
    """There is no such case, or you may not see it."""


class NoSuchRegion(NotFound):
    """There is no such region, or it is not yours."""


# All that accepting needs to know, in one round trip: the account, what may be promised where it
# is, and the next serial number.
_FOR_ACCEPTANCE = """
SELECT nextval('case_serials') AS serial, a.*,
  (SELECT coalesce(json_agg(json_build_object('kind', c.kind, 'minutes', c.minutes,
     'policy', c.policy, 'policy_version', c.policy_version)), '[]')
   FROM commitments c WHERE c.case_type = $1 AND c.area = coalesce($2, a.area)) AS commitments
FROM (SELECT 1) AS one LEFT JOIN accounts a
  ON a.account_no = $3 AND starts_with(a.region, $4)
"""


async def for_acceptance(
    tx: Tx, type: str, area: str | None, account_no: str | None, region: str
) -> tuple[int, Account | None, list[Commitment]]:
    """The next serial, the account (None: none of that number in the region), the promises."""
    [row] = await tx.read(_FOR_ACCEPTANCE, type, area, account_no, region)
    known = row["account_no"] is not None
    promised = [Commitment(**c) for c in row["commitments"]]
    return row["serial"], _account(row) if known else None, promised


def add(tx: Tx, case: Case) -> None:
    """Who reported what is confidential goes into the vault, and not into the case."""
    tx.leave(cases, _row(case.as_seen()))
    if case.confidential:
        tx.leave(vault, {"case_id": case.id, **_identity(case)})


async def reveal(tx: Tx, case: Case) -> Case:
    """The case with what the vault has of it."""
    if not case.confidential:
        return case
    query = sa.select(vault).where(vault.c.case_id == case.id)
    row = (await tx.execute(query)).one()
    caller = Caller(row.caller_name, row.caller_phone)
    about = (row.account_no, row.address, row.transformer, row.description)
    return case.with_identity(Identity(caller, *about))


async def get(tx: Tx, id: CaseId, region: str) -> Case:
    """The case, if it is in the caller's region. Raises NoSuchCase."""
    where = sa.and_(cases.c.id == id, region_scope(cases.c.region, region))
    row = (await tx.execute(sa.select(cases).where(where))).one_or_none()
    if row is None:
        raise NoSuchCase(case_id=str(id))
    return _case(row)


async def lock_if_known(tx: Tx, id: CaseId) -> Case | None:
    row = (
        await tx.execute(sa.select(cases).where(cases.c.id == id).with_for_update())
    ).one_or_none()
    return _case(row) if row is not None else None


async def save(tx: Tx, case: Case) -> None:
    """Write back a locked case: what changes after acceptance."""
    changed = {
        "status": case.status,
        "order_version": case.progress.version,
        "team": case.progress.team,
        "etr_at": case.progress.etr_at,
        "version": case.version + 1,
    }
    await tx.execute(cases.update().where(cases.c.id == case.id).values(changed))


async def page(
    tx: Tx,
    region: str,
    *,
    number: str | None,
    phone: str | None,
    status: Status | None,
    cursor: str | None,
    limit: int,
) -> list[Case]:
    """Newest first, of the caller's region."""
    where = [region_scope(cases.c.region, region), after(cases.c.accepted_at, cases.c.id, cursor)]
    wanted = ((cases.c.number, number), (cases.c.caller_phone, phone), (cases.c.status, status))
    where += [column == value for column, value in wanted if value is not None]
    query = sa.select(cases).where(*where)
    newest = query.order_by(cases.c.accepted_at.desc(), cases.c.id.desc()).limit(limit)
    return [_case(row) for row in await tx.execute(newest)]


async def put_account(tx: Tx, account: Account, version: int) -> None:
    """Keep what billing says of an account, unless we know something newer."""
    row = {
        "account_no": account.account_no,
        "name": account.name,
        "phone": account.phone,
        "customer_class": account.customer_class,
        "life_support": account.life_support,
        "version": version,
    } | asdict(account.location)
    new = insert(accounts).values(row)
    newer = new.on_conflict_do_update(
        index_elements=[accounts.c.account_no],
        set_={name: new.excluded[name] for name in row},
        where=accounts.c.version < new.excluded.version,
    )
    await tx.execute(newer)


async def replace_commitments(tx: Tx, promised: Sequence[dict[str, Any]]) -> None:
    """The promises in force are these, as a whole."""
    await tx.execute(commitments.delete())
    if promised:
        await tx.execute(commitments.insert(), list(promised))


def _row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "type": case.type,
        "subtype": case.subtype,
        "danger": case.danger,
        "confidential": case.confidential,
        "channel": case.channel,
        "region": case.location.region,
        "area": case.location.area,
        **_identity(case),
        "promises": [asdict(p) | {"due_at": p.due_at.isoformat()} for p in case.promises],
        "accepted_at": case.accepted_at,
        "status": case.status,
        "order_version": case.progress.version,
        "team": case.progress.team,
        "etr_at": case.progress.etr_at,
        "version": case.version,
    }


def _identity(case: Case) -> dict[str, Any]:
    """Columns of the case, or of the vault."""
    identity = case.identity
    return {
        "caller_name": identity.caller.name,
        "caller_phone": identity.caller.phone,
        "account_no": identity.account_no,
        "address": identity.address,
        "transformer": identity.transformer,
        "description": identity.description,
    }


def _case(row: Any) -> Case:
    promises = tuple(
        Promise(**p | {"due_at": datetime.fromisoformat(p["due_at"])}) for p in row.promises
    )
    return Case(
        id=CaseId(row.id),
        number=row.number,
        type=row.type,
        channel=row.channel,
        description=row.description,
        caller=Caller(row.caller_name, row.caller_phone),
        location=Location(row.region, row.area, row.address, row.transformer),
        account_no=row.account_no,
        promises=promises,
        accepted_at=row.accepted_at,
        subtype=row.subtype,
        danger=row.danger,
        confidential=row.confidential,
        status=Status(row.status),
        progress=Progress(row.order_version, row.team, row.etr_at),
        version=row.version,
    )


def _account(row: Any) -> Account:
    return Account(
        row["account_no"],
        row["name"],
        row["phone"],
        Location(row["region"], row["area"], row["address"], row["transformer"]),
        row["customer_class"],
        row["life_support"],
    )
