"""From the reply to the end, over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.workorders.api.shown import Aimed, WorkOrderOut, answer_with, by
from services.workorders.domain.moves import Move
from services.workorders.domain.refusals import MissingField
from services.workorders.use_cases import closing
from shared.errors import Invalid
from shared.http import Body, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["closing"])
_DISSATISFIED = "dissatisfied"


class NotSatisfied(Invalid):
    """A customer without power is not satisfied."""


class CallbackIn(Body):
    """What the customer said when asked.

    `unreached` counts as an attempt and needs a `result`: the code of why.
    """

    outcome: Literal["satisfied", "dissatisfied", "unreached"]
    result: Line | None = None
    still_without_power: bool = False
    comment: Annotated[str, Field(max_length=2000)] = ""


class ReviewIn(Body):
    """What was checked, and whether it holds; one that does not sends the order back."""

    checklist: Annotated[dict[Line, bool], Field(min_length=1, max_length=30)]
    reason: Annotated[str, Field(max_length=2000)] = ""


class ReasonIn(Body):
    reason: Words


@router.post("/work-orders/{id}/review", dependencies=[by(Move.PASS)])
async def review(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReviewIn
) -> WorkOrderOut:
    """The reply was read, by someone else than the handler: on to the callback, or sent back."""
    order = await closing.review(tx, stamp, aim, body.checklist, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/callback", dependencies=[by(Move.ARCHIVE)])
async def call_back(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: CallbackIn
) -> WorkOrderOut:
    """The customer was asked, by nobody who worked on it: archive, or reopen one level up."""
    if body.still_without_power and body.outcome == "satisfied":
        raise NotSatisfied(field="outcome")
    if body.outcome == "satisfied":
        order = await closing.close(tx, stamp, aim)
    elif body.outcome == "unreached":
        if body.result is None:
            raise MissingField("say why the customer was not reached", missing=["result"])
        order = await closing.miss(tx, stamp, aim, body.result)
    else:
        reason, off = body.comment or _DISSATISFIED, body.still_without_power
        order = await closing.reopen(tx, stamp, aim, reason, still_off=off)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/reopening", dependencies=[by(Move.REOPEN)])
async def reopen(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """It came back after it was archived, not too long ago."""
    order = await closing.reopen(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/exemption", dependencies=[by(Move.EXEMPT)])
async def exempt(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """Closed without a reply or without asking the customer: on record, with who said so."""
    order = await closing.exempt(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)
