"""Corrections of clocks in and out of PostgreSQL."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.clock import ClockId
from services.workorders.domain.correcting import (
    CorrectionId,
    CorrectionPending,
    NothingProposed,
    Proposal,
    Standing,
)
from services.workorders.domain.counted import Correction, Wrong
from services.workorders.tables import clock_corrections
from shared.db import Tx

_its = clock_corrections.c


async def add(tx: Tx, new: Proposal) -> None:
    """To be called with the clock locked. Raises CorrectionPending."""
    if await _find(tx, new.clock_id) is not None:
        raise CorrectionPending(clock_id=str(new.clock_id))
    await tx.execute(clock_corrections.insert().values(_row(new)))


async def pending(tx: Tx, clock_id: UUID) -> Proposal:
    """Raises NothingProposed."""
    found = await _find(tx, clock_id)
    if found is None:
        raise NothingProposed(clock_id=str(clock_id))
    return found


async def save(tx: Tx, decided: Proposal) -> None:
    changed = clock_corrections.update().where(_its.id == decided.id)
    await tx.execute(changed.values(_row(decided)))


async def of_clock(tx: Tx, clock_id: UUID) -> list[Proposal]:
    """All of them, the oldest first."""
    query = sa.select(clock_corrections).where(_its.clock_id == clock_id)
    return [_proposal(row) for row in await tx.execute(query.order_by(_its.proposed_at, _its.id))]


async def _find(tx: Tx, clock_id: UUID) -> Proposal | None:
    its = (_its.clock_id == clock_id, _its.standing == Standing.PROPOSED)
    row = (await tx.execute(sa.select(clock_corrections).where(*its))).one_or_none()
    return _proposal(row) if row is not None else None


def _row(one: Proposal) -> dict[str, Any]:
    return {
        "id": one.id,
        "clock_id": one.clock_id,
        "wrong": one.correction.wrong,
        "since": one.correction.since,
        "until": one.correction.until,
        "reason": one.reason,
        "proposed_by": one.proposed_by,
        "proposed_at": one.proposed_at,
        "standing": one.standing,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "decided_because": one.decided_because,
    }


def _proposal(row: Any) -> Proposal:
    return Proposal(
        id=CorrectionId(row.id),
        clock_id=ClockId(row.clock_id),
        correction=Correction(Wrong(row.wrong), row.since, row.until),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        standing=Standing(row.standing),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decided_because=row.decided_because,
    )
