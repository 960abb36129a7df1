"""Protected customers: entered, changed, ended; each acts on the open orders of its account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from services.workorders.domain import concerns
from services.workorders.domain.policy import Pack, rules
from services.workorders.domain.protected import (
    ProtectedClasses,
    ProtectedCustomer,
    ProtectedId,
    protections,
)
from services.workorders.domain.protected_file import read_protected
from services.workorders.store import orders, protected, references
from services.workorders.use_cases import watching
from services.workorders.use_cases.moved import note, settle
from shared.audit import record
from shared.db import Tx
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import new_id
from shared.stamp import Stamp

PROTECTION_BELL = "protections"


class NotYourRegion(NotFound):
    """There is no such region, or it is not yours."""


class ProtectedAlready(Conflict):
    """The customer has this protection at that time already."""


async def protect(
    tx: Tx, stamp: Stamp, customer: ProtectedCustomer, region: str
) -> ProtectedCustomer:
    """Raises NotYourRegion, UnknownCode, ProtectionEnds, MissingField, ProtectedAlready."""
    packs = await _checked(tx, stamp, customer, region)
    await protected.add(tx, [customer], stamp.at)
    tx.ring(PROTECTION_BELL)
    record(tx, stamp, "protection.entered", customer.id)
    await _act(tx, stamp, packs, customer.account_no)
    return customer


async def import_file(tx: Tx, stamp: Stamp, raw: bytes, region: str) -> int:
    """All of the file, or nothing. Returns how many. Raises BadSheet with every place."""
    classes = rules(await references.packs_in_force(tx, stamp.at), ProtectedClasses)
    lines, faults = read_protected(raw)
    accounts = sorted({line.account_no for line in lines})
    known = {account_no: await protected.of_account(tx, account_no) for account_no in accounts}
    found = []
    for line in lines:
        terms = {name: value for name, value in asdict(line).items() if name != "number"}
        customer = ProtectedCustomer(id=ProtectedId(new_id(stamp.at)), **terms)
        fault = _fault(customer, region, classes, known[line.account_no])
        if fault is not None:
            faults.add(line.number, *fault)
        known[line.account_no].append(customer)
        found.append(customer)
    faults.check()
    await protected.add(tx, found, stamp.at)
    tx.ring(PROTECTION_BELL)
    record(tx, stamp, "protections.imported", "protections", lines=len(found))
    return len(found)


def _fault(
    customer: ProtectedCustomer,
    region: str,
    classes: ProtectedClasses,
    known: Sequence[ProtectedCustomer],
) -> tuple[str, str] | None:
    """The column and what is wrong with it, if anything is."""
    if not customer.region.startswith(region):
        return "region", "not in yours"
    try:
        customer.checked(classes)
        refuse_twice(customer, known)
    except ProtectedAlready as refusal:
        return "valid_from", refusal.title
    except Invalid as refusal:
        return str(refusal.facts.get("field", "valid_to")), refusal.title
    return None


async def change(
    tx: Tx,
    stamp: Stamp,
    id: ProtectedId,
    terms: Mapping[str, Any],
    region: str,
    expected: int | None,
) -> ProtectedCustomer:
    """These are its terms now, all but whose it is. Raises as `protect`, and NoSuchProtection."""
    before = await protected.lock(tx, id, region, expected)
    customer = replace(before, **terms, version=before.version + 1)
    packs = await _checked(tx, stamp, customer, region)
    await protected.save(tx, customer, acts_at=stamp.at)
    tx.ring(PROTECTION_BELL)
    record(tx, stamp, "protection.changed", customer.id, version=customer.version)
    await _act(tx, stamp, packs, customer.account_no)
    return customer


async def lift(tx: Tx, stamp: Stamp, id: ProtectedId, region: str, expected: int | None) -> None:
    """It was never so, or is to be forgotten. Raises NoSuchProtection."""
    customer = await protected.lock(tx, id, region, expected)
    await protected.remove(tx, id)
    record(tx, stamp, "protection.lifted", id)
    await _act(tx, stamp, await references.packs_in_force(tx, stamp.at), customer.account_no)


async def reveal(
    tx: Tx, stamp: Stamp, id: ProtectedId, region: str, purpose: str
) -> ProtectedCustomer:
    """With the account number and the note, for a stated purpose; the look is audited."""
    customer = await protected.get(tx, id, region)
    record(tx, stamp, "protection.revealed", id, purpose=purpose)
    return customer


async def act_due(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """What starts or ends does so on the open orders of its account. Returns when each was due."""
    found = await protected.lock_due(tx, stamp.at, limit)
    packs = await references.packs_in_force(tx, stamp.at) if found else []
    for customer, _ in found:
        await protected.save(tx, customer, customer.acts_at(stamp.at))
    for account_no in sorted({customer.account_no for customer, _ in found}):
        await _act(tx, stamp, packs, account_no)
    return [acts_at for _, acts_at in found]


async def _checked(
    tx: Tx, stamp: Stamp, customer: ProtectedCustomer, region: str
) -> Sequence[Pack]:
    if not customer.region.startswith(region):
        raise NotYourRegion(region=customer.region)
    packs = await references.packs_in_force(tx, stamp.at)
    customer.checked(rules(packs, ProtectedClasses))
    refuse_twice(customer, await protected.of_account(tx, customer.account_no))
    return packs


def refuse_twice(customer: ProtectedCustomer, known: Collection[ProtectedCustomer]) -> None:
    """Raises ProtectedAlready."""
    for other in known:
        if other.id != customer.id and customer.overlaps(other):
            raise ProtectedAlready(id=str(other.id))


async def _act(tx: Tx, stamp: Stamp, packs: Sequence[Pack], account_no: str) -> None:
    """Every open order of the account knows what protects its customer now."""
    now = protections(await protected.of_account(tx, account_no), stamp.at)
    for order in await orders.lock_open_of(tx, account_no):
        if order.protected == now:
            continue
        began = {one.code for one in now} - {one.code for one in order.protected}
        order = watching.scored(concerns.protect(order, now), packs)
        note(tx, stamp, order, "protection_changed")
        order = watching.alert(tx, stamp, order, packs, began)
        await settle(tx, stamp, watching.watched(tx, stamp, order, packs, began))
