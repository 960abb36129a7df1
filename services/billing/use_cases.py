"""What one can do here. Each is one transaction, opened and committed by its door."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.billing import events, store, tariffs
from services.billing.domain import ledger
from services.billing.domain.account import Account
from services.billing.domain.compensation import Compensation
from services.billing.domain.ledger import Balance, Bill, Payment
from shared.audit import record
from shared.db import Tx
from shared.http import check_expected
from shared.outbox import publish
from shared.stamp import Stamp


async def balance(tx: Tx, account_no: str, region: str, on: date) -> Balance:
    """What the account owes on that day, as far as bills and payments are known now."""
    account = await store.get(tx, account_no, region)
    dues = await store.dues(tx, account.id)
    paid_fen = await store.paid_fen(tx, account.id) + await store.credited_fen(tx, account.id)
    return ledger.balance(dues, paid_fen, on, tariffs.late_fee(on), account.customer_class)


async def change_contact(
    tx: Tx,
    stamp: Stamp,
    account_no: str,
    region: str,
    expected: int | None,
    phone: str,
    name: str | None,
) -> Account:
    """Reach the customer there from now on. Saying what is known already changes nothing."""
    account = await store.lock(tx, account_no, region)
    check_expected(expected, account.version)
    changed = account.reach_at(phone, name)
    if changed is not account:
        await store.save(tx, changed)
        publish(tx, events.account_changed(changed, stamp.at), stamp, sequence=changed.version)
        record(tx, stamp, "account.contact-changed", changed.id, version=changed.version)
    return changed


async def take_over(
    tx: Tx,
    stamp: Stamp,
    accounts: Sequence[Account],
    bills: Sequence[Bill],
    payments: Sequence[Payment],
) -> None:
    """Take over accounts that are new here, with their history, from an older system."""
    await store.add_accounts(tx, accounts)
    await store.add_bills(tx, bills)
    await store.add_payments(tx, payments)
    for account in accounts:
        publish(tx, events.account_changed(account, stamp.at), stamp, sequence=account.version)
        record(tx, stamp, "account.taken-over", account.id)


async def book_compensation(tx: Tx, stamp: Stamp, owed: Compensation) -> None:
    """The customer is owed this sum; what is booked or waived already stays as it is."""
    if await store.add_compensation(tx, owed):
        record(tx, stamp, "compensation.booked", owed.id, rule=owed.rule, step=owed.step)


async def waive_compensation(
    tx: Tx, stamp: Stamp, owed: Compensation, at: datetime, because: str
) -> None:
    """It is not owed after all, whether or not we knew that it was."""
    waived = replace(owed, waived_at=at, waived_because=because)
    if await store.add_compensation(tx, waived) or await store.waive(tx, waived):
        record(tx, stamp, "compensation.waived", owed.id, reason=because)


async def assign_compensation(
    tx: Tx, stamp: Stamp, id: UUID, account_no: str, region: str
) -> Compensation:
    """It is this customer's. Raises NoSuchCompensation, NoSuchAccount, AssignedAlready."""
    owed = await store.lock_compensation(tx, id, region)
    account = await store.get(tx, account_no, region)
    owed = owed.assign(account.id)
    await store.save_compensation(tx, owed)
    record(tx, stamp, "compensation.assigned", owed.id, account=str(account.id))
    return owed
