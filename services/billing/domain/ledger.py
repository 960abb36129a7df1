"""Bills, payments, and what is owed after both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.billing.domain.account import AccountId
from services.billing.domain.tariff import LateFeePolicy, Line, Tariff, price, total_fen

BillId = NewType("BillId", UUID)


class BillStatus(StrEnum):
    """Whether payments cover it, the oldest bill first."""

    ISSUED = "issued"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Period:
    """From its first to its last day, both included (rule R1)."""

    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Due:
    """What one bill asks for, and until when."""

    bill_id: BillId
    total_fen: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Bill:
    id: BillId
    account_id: AccountId
    period: Period
    kwh: Decimal
    total_fen: int
    tariff: str
    tariff_version: str
    issued_on: date
    due_on: date
    lines: tuple[Line, ...]
    status: BillStatus = BillStatus.ISSUED

    @classmethod
    def issue(
        cls, id: BillId, account_id: AccountId, period: Period, kwh: Decimal, tariff: Tariff
    ) -> "Bill":
        lines = price(kwh, tariff)
        issued_on = period.last_on + timedelta(days=tariff.issued_after_days)
        return cls(
            id=id,
            account_id=account_id,
            period=period,
            kwh=kwh,
            total_fen=total_fen(lines),
            tariff=tariff.code,
            tariff_version=tariff.version,
            issued_on=issued_on,
            due_on=issued_on + timedelta(days=tariff.due_after_days),
            lines=lines,
        )

    @property
    def due(self) -> Due:
        return Due(self.id, self.total_fen, self.due_on)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in. A method never gives the same reference twice."""

    id: UUID
    account_id: AccountId
    amount_fen: int
    paid_at: datetime
    method: str
    reference: str


def unpaid(dues: Iterable[Due], paid_fen: int) -> list[Due]:
    """What is left of each bill when payments (and credits) settle the oldest first."""
    pool, left = paid_fen, []
    asked = sorted(dues, key=lambda due: (due.due_on, due.bill_id))
    pool -= sum(due.total_fen for due in asked if due.total_fen < 0)
    for due in asked:
        settled = min(max(due.total_fen, 0), pool)
        pool -= settled
        if due.total_fen > settled:
            left.append(replace(due, total_fen=due.total_fen - settled))
    return left


def settle(bills: Sequence[Bill], paid_fen: int) -> list[Bill]:
    """The bills of one account, each marked by whether `paid_fen` covers it."""
    open_ids = {due.bill_id for due in unpaid((bill.due for bill in bills), paid_fen)}
    marks = {True: BillStatus.ISSUED, False: BillStatus.PAID}
    return [replace(bill, status=marks[bill.id in open_ids]) for bill in bills]


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account owes on a day. Positive is owed by the customer, negative is a credit.

    late_fee_fen: what would be added to the overdue bills if they were paid on that day.
    """

    balance_fen: int
    overdue_fen: int
    late_fee_fen: int
    overdue_since: date | None


def balance(
    dues: Sequence[Due], paid_fen: int, on: date, late: LateFeePolicy, customer_class: str
) -> Balance:
    overdue = [due for due in unpaid(dues, paid_fen) if due.due_on < on]
    return Balance(
        balance_fen=sum(due.total_fen for due in dues) - paid_fen,
        overdue_fen=sum(due.total_fen for due in overdue),
        late_fee_fen=sum(late.fee_fen(d.total_fen, d.due_on, on, customer_class) for d in overdue),
        overdue_since=min((due.due_on for due in overdue), default=None),
    )
