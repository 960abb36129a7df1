"""Escalations over HTTP: what was raised for whom, and that somebody has taken it up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.workorders.api.shown import DESK, READERS, Aimed
from services.workorders.domain.escalation import EscalationId
from services.workorders.store import escalations
from services.workorders.store.escalations import Seen
from services.workorders.use_cases.escalations import acknowledge, acknowledge_order
from shared.auth import Called, may
from shared.http import Shown, Stamped, Transaction
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1", tags=["escalations"])

Tell = Literal["supervisor", "dispatcher"]


class EscalationOut(Shown):
    """A step of a clock's ladder. `digest_id`: the message that it left with; null: not yet."""

    id: UUID
    clock_id: UUID
    work_order_id: UUID
    case_number: str
    kind: str
    because: Literal["warned", "breached"]
    step: int
    repetition: int
    tell: str
    by: str
    region: str
    team: str | None
    raised_at: datetime
    due_at: datetime
    held_until: datetime | None
    digest_id: UUID | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


def shown(seen: Sequence[Seen]) -> list[EscalationOut]:
    return [
        EscalationOut(
            id=one.id,
            clock_id=one.clock_id,
            work_order_id=one.order_id,
            case_number=case_number,
            kind=one.kind,
            because=one.because,
            step=one.step,
            repetition=one.repetition,
            tell=one.tell,
            by=one.by,
            region=one.region,
            team=one.team,
            raised_at=one.raised_at,
            due_at=one.due_at,
            held_until=one.held_until,
            digest_id=one.digest_id,
            acknowledged_at=one.acknowledged_at,
            acknowledged_by=one.acknowledged_by,
        )
        for one, case_number in seen
    ]


@router.get("/escalations", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    acknowledged: bool | None = None,
    tell: Annotated[Tell | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EscalationOut]:
    """What was raised in the caller's region, newest first."""
    found = await escalations.page(
        tx, caller.region, acknowledged=acknowledged, tell=tell, cursor=cursor, limit=limit + 1
    )
    last = found[limit - 1].escalation if len(found) > limit else None
    return Page(
        items=shown(found[:limit]), next=cursor_after(last.raised_at, last.id) if last else None
    )


@router.post("/escalations/{id}/acknowledgement", dependencies=[may(*DESK)])
async def take_up(
    tx: Transaction, stamp: Stamped, caller: Called, id: EscalationId
) -> list[EscalationOut]:
    """Somebody takes this clock up: its ladder is climbed no further. What was open before."""
    return shown(await acknowledge(tx, stamp, id, caller.region))


@router.post("/work-orders/{id}/acknowledgement", dependencies=[may(*DESK)])
async def take_up_order(tx: Transaction, stamp: Stamped, aim: Aimed) -> list[EscalationOut]:
    """The same for every clock of the order about which something was raised."""
    return shown(await acknowledge_order(tx, stamp, aim))
