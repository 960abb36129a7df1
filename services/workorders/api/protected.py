"""Protected customers, over HTTP. What is about health is shown to those who act on it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.workorders.api.shown import DESK
from services.workorders.domain.protected import HEALTH, KNOWING, ProtectedCustomer, ProtectedId
from services.workorders.domain.protected_file import COLUMNS
from services.workorders.store import protected
from services.workorders.use_cases import protecting
from shared.auth import Called, may
from shared.http import (
    Body,
    Expected,
    Instant,
    Line,
    RegionCode,
    Shown,
    Stamped,
    Transaction,
    Words,
    etag_of,
)
from shared.idempotency import AnsweredOnce
from shared.ids import new_id
from shared.page import Cursor, Limit, Page, cursor_after
from shared.privacy import mask_account

router = APIRouter(prefix="/v1/protected-customers", tags=["protected customers"])

LOOKING = ("agent", "dispatcher", "crew", "supervisor", "ops")
_EXAMPLE = "5050000019,320505,important_l2,city list,2026-11-20 08:00:00+08:00,,\n"
Csv = Annotated[
    bytes,
    fastapi.Body(media_type="text/csv", examples=[f"{','.join(COLUMNS)}\n{_EXAMPLE}"]),
]
AccountNo = Annotated[str, Field(pattern=r"^[0-9]{6,20}$", examples=["5050000001"])]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["important_l1"])]


class ProtectionIn(Body):
    """`code`: of the class. `source`: who says so. Some classes need an end, `valid_to`."""

    code: Code
    source: Line
    valid_from: Instant
    valid_to: Instant | None = None
    note: Annotated[str, Field(max_length=2000)] = ""


class ProtectedIn(ProtectionIn):
    account_no: AccountNo
    region: RegionCode


class ProtectedOut(Shown):
    """`note` is there only after a reveal."""

    id: UUID
    account_no: str | None
    region: str
    code: str
    source: str
    valid_from: datetime
    valid_to: datetime | None
    note: str | None
    version: int


class ImportedOut(Shown):
    entered: int


class RevealIn(Body):
    """Why it must be known; it is written into the audit."""

    purpose: Words


def shown(customer: ProtectedCustomer, *, masked: bool = True) -> ProtectedOut:
    seen = ProtectedOut.model_validate(customer)
    if masked:
        seen.account_no, seen.note = mask_account(seen.account_no), None
    return seen


def hidden_from(role: str) -> frozenset[str]:
    return frozenset() if role in KNOWING else HEALTH


@router.get("", dependencies=[may(*LOOKING)])
async def page(
    tx: Transaction,
    caller: Called,
    account_no: Annotated[str | None, Query(pattern=r"^[0-9]{6,20}$")] = None,
    code: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ProtectedOut]:
    """Protected customers of the caller's region, newest first."""
    found = await protected.page(
        tx,
        caller.region,
        account_no=account_no,
        code=code,
        hidden=hidden_from(caller.role),
        cursor=cursor,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[shown(customer) for customer, _ in found[:limit]],
        next=cursor_after(last[1], last[0].id) if last else None,
    )


@router.post("", status_code=201, response_model=ProtectedOut, dependencies=[may("supervisor")])
async def protect(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: ProtectedIn
) -> Response:
    """A customer is protected, now or from a day on; open orders of the account know it at once."""
    id = ProtectedId(new_id(stamp.at))
    customer = ProtectedCustomer(id=id, **body.model_dump())
    customer = await protecting.protect(tx, stamp, customer, caller.region)
    return once.answer(shown(customer), version=customer.version)


@router.post("/import", dependencies=[may("supervisor")])
async def import_csv(tx: Transaction, stamp: Stamped, caller: Called, file: Csv) -> ImportedOut:
    """A CSV file, all of it or nothing; open orders of these accounts know it within moments."""
    lines = await protecting.import_file(tx, stamp, file, caller.region)
    return ImportedOut(entered=lines)


@router.get("/{id}", dependencies=[may(*DESK, "crew")])
async def read(
    tx: Transaction, caller: Called, id: ProtectedId, response: Response
) -> ProtectedOut:
    customer = await protected.get(tx, id, caller.region)
    response.headers["etag"] = etag_of(customer.version)
    return shown(customer)


@router.put("/{id}", dependencies=[may("supervisor")])
async def change(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    id: ProtectedId,
    expected: Expected,
    response: Response,
    body: ProtectionIn,
) -> ProtectedOut:
    """It is so from now on; whose it is does not change."""
    terms = body.model_dump()
    customer = await protecting.change(tx, stamp, id, terms, caller.region, expected)
    response.headers["etag"] = etag_of(customer.version)
    return shown(customer)


@router.delete("/{id}", status_code=204, dependencies=[may("supervisor")])
async def lift(
    tx: Transaction, stamp: Stamped, caller: Called, id: ProtectedId, expected: Expected
) -> None:
    """It was never so, or is to be forgotten; what merely ends gets a `valid_to` instead."""
    await protecting.lift(tx, stamp, id, caller.region, expected)


@router.post("/{id}/reveal", dependencies=[may(*DESK, "crew")])
async def reveal(
    tx: Transaction, stamp: Stamped, caller: Called, id: ProtectedId, body: RevealIn
) -> ProtectedOut:
    """With the account number and the note, for a stated purpose; the look is audited."""
    customer = await protecting.reveal(tx, stamp, id, caller.region, body.purpose)
    return shown(customer, masked=False)
