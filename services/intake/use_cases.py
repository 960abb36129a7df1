"""What one can do here. Each is one transaction, opened and committed by its door."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from services.intake import events, store
from services.intake.domain import Account, Asked, Case, CaseId, Progress, Status, spoken_number
from shared.audit import record
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp


async def accept(tx: Tx, stamp: Stamp, asked: Asked, region: str, zone: tzinfo) -> Case:
    """Take a case in. `region` is the caller's scope: a case outside it is refused as unknown."""
    serial, account, commitments = await store.for_acceptance(
        tx, asked.type, asked.area, asked.account_no, region
    )
    location = asked.location(account)
    if not location.region.startswith(region):
        raise store.NoSuchRegion(region=location.region)
    number = spoken_number(stamp.at.astimezone(zone).date(), serial)
    id = CaseId(new_id(stamp.at))
    case = Case.accept(id, number, asked, location, commitments, at=stamp.at)
    store.add(tx, case)
    publish(tx, events.accepted(case, account), stamp, sequence=case.version)
    record(tx, stamp, "case.accepted", case.id, channel=case.channel)
    return case


async def reveal(tx: Tx, stamp: Stamp, id: CaseId, region: str, purpose: str) -> Case:
    """Show a case unmasked; who looked, and why, is written down.

    Raises TooCloseToTheReporter.
    """
    case = await store.get(tx, id, region)
    case.let_know(stamp.role, region)
    action = "case.reporter-revealed" if case.confidential else "case.revealed"
    record(tx, stamp, action, case.id, purpose=purpose)
    return await store.reveal(tx, case)


async def follow(tx: Tx, id: CaseId, status: Status | None, heard: Progress) -> None:
    """The case keeps step with its work order."""
    case = await store.lock_if_known(tx, id)
    if case is not None and (followed := case.follow(status, heard)) is not case:
        await store.save(tx, followed)


async def know_account(tx: Tx, account: Account, version: int) -> None:
    await store.put_account(tx, account, version)


async def know_commitments(tx: Tx, promised: Sequence[dict[str, Any]]) -> None:
    await store.replace_commitments(tx, promised)
