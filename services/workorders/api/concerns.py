"""What is added to an order while it is worked on, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from services.workorders.api.shown import (
    ANSWERING,
    DESK,
    FIELD,
    Aimed,
    WorkOrderOut,
    answer_with,
)
from services.workorders.domain.parts import Relabelling
from services.workorders.use_cases import concerns
from shared.auth import may
from shared.contracts.intake import CaseType
from shared.http import Body, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["concerns"])
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class AnswerIn(Body):
    """What the customer was told."""

    answer: Words


class DangerIn(Body):
    danger: bool
    reason: Words


class TagsIn(Body):
    """What the customer is known for; tags that are classes of customers count."""

    add: Annotated[list[Code], Field(max_length=20, default_factory=list)]
    remove: Annotated[list[Code], Field(max_length=20, default_factory=list)]
    reason: Words


class SupervisionIn(Body):
    """`level` 1 is the county, then the city, the province. `owner`: who answers for it."""

    on: bool
    reason: Words
    level: Annotated[int, Field(ge=1, le=3)] = 1
    owner: Line | None = None


class RelabellingIn(Body):
    """What kind of case it really is."""

    case_type: CaseType
    subtype: Code | None = None
    reason: Words


class DecisionIn(Body):
    """Whether it is so, and why."""

    agreed: bool
    reason: Words


@router.post("/work-orders/{id}/urge", dependencies=[may(*ANSWERING)])
async def urge(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The customer asks where we are; asked too often, and a supervisor watches."""
    order = await concerns.urge(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/urge-answer", dependencies=[may("agent", *FIELD)])
async def answer_urge(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: AnswerIn
) -> WorkOrderOut:
    """The customer has been told where we are."""
    order = await concerns.answer_urge(tx, stamp, aim, body.answer)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/danger", dependencies=[may("agent", *FIELD)])
async def endanger(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DangerIn
) -> WorkOrderOut:
    """Somebody or something is in danger, or is no longer."""
    order = await concerns.endanger(tx, stamp, aim, body.danger, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/tags", dependencies=[may("agent", *DESK)])
async def tag(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: TagsIn
) -> WorkOrderOut:
    """What the customer is known for, added and taken away."""
    order = await concerns.tag(tx, stamp, aim, body.add, body.remove, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/supervision", dependencies=[may("supervisor")])
async def supervise(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: SupervisionIn
) -> WorkOrderOut:
    """Somebody senior watches it, or does so no longer."""
    if body.on:
        order = await concerns.supervise(tx, stamp, aim, body.level, body.owner, body.reason)
    else:
        order = await concerns.release(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/relabelling", dependencies=[may("agent", *FIELD)])
async def relabel(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: RelabellingIn
) -> WorkOrderOut:
    """It is another kind of case; where that could hide a complaint, a second person decides."""
    wanted = Relabelling(body.case_type, body.subtype, body.reason, stamp.by)
    order = await concerns.relabel(tx, stamp, aim, wanted)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/relabelling-decision", dependencies=[may(*DESK)])
async def decide_relabelling(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DecisionIn
) -> WorkOrderOut:
    """A second person agrees that it is another kind of case, or does not."""
    decide = concerns.confirm_relabelling if body.agreed else concerns.refuse_relabelling
    order = await decide(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)
