"""What is owed for broken promises, over HTTP: looked at, waived with proof, claimed."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, Strict

from services.workorders.api.outage_shown import ExemptionOut
from services.workorders.api.shown import DESK, READERS, Aimed
from services.workorders.domain.owing import Owed
from services.workorders.store import guarantees as store
from services.workorders.store.guarantees import Wanted
from services.workorders.use_cases import compensation
from shared.auth import Called, may
from shared.http import Body, Expected, Instant, Line, Shown, Stamped, Transaction, etag_of
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after
from shared.privacy import mask_account

router = APIRouter(prefix="/v1", tags=["compensations"])

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Evidence = Annotated[list[Line], Field(min_length=1, max_length=20)]


class CompensationOut(Shown):
    """What is owed for one step of one rule on one order. `working`: how the sum came about."""

    id: UUID
    order_id: UUID
    case_id: UUID
    case_number: str
    outage_id: UUID | None
    region: str
    account_no: str | None
    rule: str
    step: int
    amount_minor: int
    currency: str
    pack: str
    pack_version: str
    began_at: datetime
    promised_at: datetime
    due_at: datetime
    state: Literal["owed", "exempt"]
    working: list[str]
    exemption: ExemptionOut | None
    version: int


class ExemptIn(Body):
    """A reason that the pack knows, and where the proof is."""

    reason: Code
    evidence: Evidence


class ApplianceIn(Body):
    """A household appliance that we damaged. `price_minor`: in the smallest unit, as bought."""

    kind: Code
    price_minor: Annotated[int, Field(ge=1, le=10_000_000_00)]
    bought_on: Annotated[date, Strict(False)]
    damaged_at: Instant
    evidence: Evidence


def _shown(owed: Owed) -> CompensationOut:
    shown = CompensationOut.model_validate(owed)
    return shown.model_copy(update={"account_no": mask_account(owed.account_no)})


@router.get("/compensations", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    order_id: UUID | None = None,
    outage_id: UUID | None = None,
    state: Literal["owed", "exempt"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CompensationOut]:
    """What is owed in the caller's region, newest first."""
    wanted = Wanted(order_id, outage_id, state)
    found = await store.page(tx, caller.region, wanted, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[_shown(one) for one in found[:limit]],
        next=cursor_after(last.due_at, last.id) if last else None,
    )


@router.get("/compensations/{id}", dependencies=[may(*READERS)])
async def read(tx: Transaction, caller: Called, response: Response, id: UUID) -> CompensationOut:
    owed = await store.get_owed(tx, id, caller.region)
    response.headers["etag"] = etag_of(owed.version)
    return _shown(owed)


@router.post("/compensations/{id}/exemption", dependencies=[may("supervisor")])
async def exempt(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    expected: Expected,
    response: Response,
    id: UUID,
    body: ExemptIn,
) -> CompensationOut:
    """Nothing is owed for it, for a reason that the pack knows, with proof."""
    owed = await compensation.exempt(
        tx, stamp, id, caller.region, expected, body.reason, tuple(body.evidence)
    )
    response.headers["etag"] = etag_of(owed.version)
    return _shown(owed)


@router.post(
    "/work-orders/{id}/appliance-claim",
    status_code=201,
    response_model=CompensationOut,
    dependencies=[may("agent", *DESK)],
)
async def claim_appliance(
    tx: Transaction, stamp: Stamped, aim: Aimed, once: AnsweredOnce, body: ApplianceIn
) -> Response:
    """What we owe for an appliance that we damaged; with an Idempotency-Key."""
    owed = await compensation.claim_appliance(
        tx, stamp, aim, body.kind, body.price_minor, body.bought_on, body.damaged_at,
        tuple(body.evidence),
    )  # fmt: skip
    return once.answer(_shown(owed), version=owed.version)
