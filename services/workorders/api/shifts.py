"""Shifts and what one hands to the next, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.workorders.api.roster import PLANNERS, Code, Person, csv_like
from services.workorders.api.shown import FIELD, READERS
from services.workorders.domain.columns import SHIFT
from services.workorders.domain.handover import Handover, Side
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.roster import Shift, ShiftId
from services.workorders.store import handovers, shifts
from services.workorders.use_cases import handover
from services.workorders.use_cases.shifts import Plan, cancel, import_shifts, plan
from shared.auth import Called, may
from shared.http import Body, Expected, Instant, Shown, Stamped, Transaction, etag_of
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1", tags=["shifts"])

ShiftFile = Annotated[
    bytes,
    csv_like(SHIFT, "GX-01,2026-11-21 08:00+08:00,2026-11-21 16:00+08:00,crew-1,crew-1;crew-2,12"),
]


class ShiftIn(Body):
    """capacity: orders at a time while it runs; null: as the team's own."""

    team: Code
    starts_at: Instant
    ends_at: Instant
    lead: Person
    members: Annotated[list[Person], Field(min_length=1, max_length=100)]
    capacity: Annotated[int, Field(ge=0, le=10_000)] | None = None


class ShiftOut(Shown):
    """state: an overdue shift is over, but was not closed."""

    id: UUID
    team: str
    starts_at: datetime
    ends_at: datetime
    lead: str
    members: list[str]
    capacity: int | None
    state: Literal["planned", "running", "overdue", "closed"]
    closed_at: datetime | None
    closed_by: str | None
    version: int


class PlannedOut(Shown):
    """How many shifts the file held."""

    planned: int


class ItemOut(Shown):
    """An order as it was when it was listed."""

    order_id: UUID
    status: str
    at_risk: bool
    due_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class HandoverOut(Shown):
    """What is open, the most pressing first. next_id: null when the desk takes over."""

    shift_id: UUID
    next_id: UUID | None
    opened_at: datetime
    opened_by: str
    given_by: str | None
    given_at: datetime | None
    taken_by: str | None
    taken_at: datetime | None
    open: int
    at_risk: int
    unacknowledged: int
    items: list[ItemOut]
    version: int


class SignatureIn(Body):
    """For which side the caller signs."""

    side: Literal["outgoing", "incoming"]


@router.get("/shifts", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    team: Annotated[str | None, Query(max_length=40)] = None,
    state: Literal["planned", "running", "overdue", "closed"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ShiftOut]:
    """Shifts of the caller's region, the latest start first."""
    found = await shifts.page(
        tx, caller.region, stamp.at, team=team, state=state, cursor=cursor, limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[_shown(shift, stamp.at) for shift in found[:limit]],
        next=cursor_after(last.starts_at, last.id) if last else None,
    )


@router.post("/shifts", status_code=201, response_model=ShiftOut, dependencies=[may(*PLANNERS)])
async def plan_shift(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: ShiftIn
) -> Response:
    """Nobody is on two shifts at once."""
    wanted = Plan(**body.model_dump() | {"members": tuple(body.members)})
    shift = await plan(tx, stamp, wanted, caller.region)
    return once.answer(_shown(shift, stamp.at), version=shift.version)


@router.post(
    "/shifts/import", status_code=201, response_model=PlannedOut, dependencies=[may(*PLANNERS)]
)
async def import_csv(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, file: ShiftFile
) -> Response:
    """A CSV file of shifts: all of it, or nothing, with every bad line and column named.

    Members are separated by semicolons; moments carry an offset.
    """
    planned = await import_shifts(tx, stamp, file, caller.region)
    return once.answer(PlannedOut(planned=len(planned)))


@router.get("/shifts/{id}", dependencies=[may(*READERS)])
async def read(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, response: Response
) -> ShiftOut:
    shift = await shifts.get(tx, ShiftId(id), caller.region)
    response.headers["etag"] = etag_of(shift.version)
    return _shown(shift, stamp.at)


@router.post("/shifts/{id}/cancellation", dependencies=[may(*PLANNERS)])
async def cancel_shift(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, expected: Expected
) -> ShiftOut:
    """It has not begun, and will not take place."""
    shift = await cancel(tx, stamp, ShiftId(id), caller.region, expected)
    return _shown(shift, stamp.at)


@router.get("/shifts/{id}/handover", dependencies=[may(*READERS)])
async def read_handover(tx: Transaction, caller: Called, id: UUID) -> HandoverOut:
    shift = await shifts.get(tx, ShiftId(id), caller.region)
    return _handover(await handovers.get(tx, shift.id))


@router.post("/shifts/{id}/handover", dependencies=[may(*FIELD)])
async def open_handover(tx: Transaction, stamp: Stamped, caller: Called, id: UUID) -> HandoverOut:
    """The team's open orders, listed at this moment. Again: what came since is added, and who had
    signed signs anew.
    """
    return _handover(await handover.open_handover(tx, stamp, ShiftId(id), caller.region))


@router.post("/shifts/{id}/handover/items/{order_id}/acknowledgement", dependencies=[may(*FIELD)])
async def acknowledge(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, order_id: UUID
) -> HandoverOut:
    """Somebody of the next shift, or a supervisor, knows of this order."""
    order = WorkOrderId(order_id)
    return _handover(await handover.acknowledge(tx, stamp, ShiftId(id), caller.region, order))


@router.post("/shifts/{id}/handover/signature", dependencies=[may(*FIELD)])
async def sign(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, body: SignatureIn
) -> HandoverOut:
    """The lead of that side signs, or a supervisor in its place; never one person for both."""
    side = Side(body.side)
    return _handover(await handover.sign(tx, stamp, ShiftId(id), caller.region, side))


@router.post("/shifts/{id}/closing", dependencies=[may(*FIELD)])
async def close(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, expected: Expected
) -> ShiftOut:
    """The shift is over: all is acknowledged, both sides have signed.

    What its crew claimed and did not begin goes back to the team.
    """
    shift = await handover.close(tx, stamp, ShiftId(id), caller.region, expected)
    return _shown(shift, stamp.at)


def _shown(shift: Shift, at: datetime) -> ShiftOut:
    fields = {name: getattr(shift, name) for name in Shift.__dataclass_fields__}
    return ShiftOut.model_validate(fields | {"state": shift.state(at)})


def _handover(handover: Handover) -> HandoverOut:
    fields = {name: getattr(handover, name) for name in Handover.__dataclass_fields__}
    counts = {
        "open": len(handover.items),
        "at_risk": sum(item.at_risk for item in handover.items),
        "unacknowledged": sum(item.acknowledged_at is None for item in handover.items),
    }
    return HandoverOut.model_validate(fields | counts)
