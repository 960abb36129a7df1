"""Accounts, bills and balances over HTTP."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from services.billing import store, use_cases
from services.billing.domain.account import Account, AccountId
from services.billing.domain.ledger import BillStatus
from shared.auth import Called, may
from shared.contracts.intake import Area
from shared.db import Tx
from shared.errors import Invalid
from shared.http import Body, Expected, Line, Shown, Stamped, Transaction, etag_of
from shared.page import Cursor, Limit, Page, cursor_after
from shared.phone import phone_of
from shared.privacy import mask_address, mask_name, mask_phone

router = APIRouter()
_accounts = APIRouter(prefix="/v1/accounts", tags=["accounts"])
_compensations = APIRouter(prefix="/v1/compensations", tags=["compensations"])

Digits = r"^[0-9]{6,20}$"
AccountNo = Annotated[str, Path(pattern=Digits, examples=["5050000001"])]
Phone = Annotated[str, Field(min_length=5, max_length=24)]

readers = may("agent", "supervisor", "callback", "service")


class WhoseAccount(Invalid):
    """Say the phone number or the account number to look for."""


class ContactIn(Body):
    """How the customer is reached from now on. Without a name the name stays."""

    phone: Phone
    name: Line | None = None


class AccountOut(Shown):
    """An account as a screen shows it: the person masked, the number in full as its address."""

    id: UUID
    account_no: str
    name: str
    phone: str | None
    address: str
    region: str
    area: Area
    transformer: str | None
    feeder: str | None
    customer_class: str
    life_support: bool
    tariff: str
    opened_on: date
    version: int


class BalanceOut(Shown):
    """What is owed at `as_of`: positive is owed by the customer, negative is a credit.

    `late_fee_fen` comes on top if the overdue bills are paid on that day; `overdue_since` is the
    oldest due day among them.
    """

    account_no: str
    balance_fen: int
    overdue_fen: int
    late_fee_fen: int
    overdue_since: date | None
    as_of: datetime


class PeriodOut(Shown):
    """Both days included."""

    first_on: date
    last_on: date


class LineOut(Shown):
    """What was used within one tier; `yuan` is exact, only the bill's total is rounded."""

    tier: int
    kwh: Decimal
    yuan_per_kwh: Decimal
    yuan: Decimal


class BillOut(Shown):
    id: UUID
    period: PeriodOut
    kwh: Decimal
    total_fen: int
    tariff: str
    tariff_version: str
    issued_on: date
    due_on: date
    status: BillStatus
    lines: list[LineOut]


class CompensationOut(Shown):
    """A sum that a broken promise costs, as it was reckoned; `waived_at`: it is not owed after all.

    `amount_minor` is in the smallest unit of `currency` (ISO 4217); `step` counts the sums of one
    rule for one order.
    """

    id: UUID
    work_order_id: UUID
    case_number: str
    amount_minor: int
    currency: str
    pack: str
    pack_version: str
    rule: str
    step: int
    promised_at: datetime
    booked_at: datetime
    waived_at: datetime | None
    waived_because: str | None


class AssignmentIn(Body):
    """Whose it is."""

    account_no: Annotated[str, Field(pattern=Digits)]


def shown(account: Account) -> AccountOut:
    out = AccountOut.model_validate(account)
    out.name = mask_name(account.name) or ""
    out.phone = mask_phone(account.phone)
    out.address = mask_address(account.address) or ""
    return out


def _place(on: date, id: UUID) -> str:
    """The cursor of what stands at (day, id)."""
    return cursor_after(datetime.combine(on, time(), UTC), id)


@_accounts.get("", dependencies=[readers])
async def page(
    tx: Transaction,
    caller: Called,
    phone: Annotated[str | None, Query(max_length=24)] = None,
    account_no: Annotated[str | None, Query(pattern=Digits)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AccountOut]:
    """The accounts of a phone or account number in the caller's region, newest first."""
    if not phone and not account_no:
        raise WhoseAccount
    found = await store.page(
        tx,
        caller.region,
        phone=phone_of(phone) if phone else None,
        account_no=account_no,
        cursor=cursor,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    following = _place(last.opened_on, last.id) if last else None
    return Page(items=[shown(account) for account in found[:limit]], next=following)


@_accounts.get("/{account_no}", dependencies=[readers])
async def read(
    tx: Transaction, caller: Called, account_no: AccountNo, response: Response
) -> AccountOut:
    account = await store.get(tx, account_no, caller.region)
    response.headers["etag"] = etag_of(account.version)
    return shown(account)


@_accounts.get("/{account_no}/balance", dependencies=[readers])
async def balance(
    tx: Transaction, stamp: Stamped, caller: Called, account_no: AccountNo
) -> BalanceOut:
    """What the customer owes now, what of it is overdue, and the late fee if paid today."""
    as_of = stamp.at.astimezone(tx.zone)
    owed = await use_cases.balance(tx, account_no, caller.region, as_of.date())
    return BalanceOut(
        account_no=account_no,
        balance_fen=owed.balance_fen,
        overdue_fen=owed.overdue_fen,
        late_fee_fen=owed.late_fee_fen,
        overdue_since=owed.overdue_since,
        as_of=as_of,
    )


@_accounts.get("/{account_no}/bills", dependencies=[readers])
async def bills(
    tx: Transaction,
    caller: Called,
    account_no: AccountNo,
    cursor: Cursor = None,
    limit: Limit = 12,
) -> Page[BillOut]:
    """The bills of an account with their lines, newest first."""
    account = await store.get(tx, account_no, caller.region)
    found = await store.page_of_bills(tx, account.id, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = _place(last.issued_on, last.id) if last else None
    return Page(items=[BillOut.model_validate(bill) for bill in found[:limit]], next=following)


@_accounts.post("/{account_no}/contact", dependencies=[may("agent", "supervisor")])
async def change_contact(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    account_no: AccountNo,
    expected: Expected,
    body: ContactIn,
    response: Response,
) -> AccountOut:
    """Reach the customer there from now on. `If-Match` holds the ETag that was read."""
    account = await use_cases.change_contact(
        tx, stamp, account_no, caller.region, expected, body.phone, body.name
    )
    response.headers["etag"] = etag_of(account.version)
    return shown(account)


@_accounts.get("/{account_no}/compensations", dependencies=[readers])
async def compensations(
    tx: Transaction,
    caller: Called,
    account_no: AccountNo,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CompensationOut]:
    """What the customer is owed for broken promises, newest first; the waived ones too."""
    account = await store.get(tx, account_no, caller.region)
    return await _compensation_page(tx, caller.region, account.id, cursor, limit)


@_compensations.get("", dependencies=[may("ops", "supervisor")])
async def unassigned(
    tx: Transaction, caller: Called, cursor: Cursor = None, limit: Limit = 50
) -> Page[CompensationOut]:
    """Sums of which nobody knows yet whose they are, in the caller's region, newest first."""
    return await _compensation_page(tx, caller.region, None, cursor, limit)


@_compensations.post("/{id}/account", dependencies=[may("supervisor")])
async def assign(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, body: AssignmentIn
) -> CompensationOut:
    """It is this customer's, and counts in what the account owes from now on."""
    owed = await use_cases.assign_compensation(tx, stamp, id, body.account_no, caller.region)
    return CompensationOut.model_validate(owed)


async def _compensation_page(
    tx: Tx, region: str, account_id: AccountId | None, cursor: str | None, limit: int
) -> Page[CompensationOut]:
    found = await store.page_of_compensations(
        tx, region, account_id, cursor=cursor, limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_after(last.booked_at, last.id) if last else None
    items = [CompensationOut.model_validate(owed) for owed in found[:limit]]
    return Page(items=items, next=following)


router.include_router(_accounts)
router.include_router(_compensations)
