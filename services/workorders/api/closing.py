"""From the reply to the end, over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.workorders.api.shown import Aimed, WorkOrderOut, answer_with
from services.workorders.use_cases import closing
from shared.auth import may
from shared.http import Body, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["closing"])


class CallbackIn(Body):
    """What the customer said when asked; `unreached` counts as an attempt."""

    outcome: Literal["satisfied", "dissatisfied", "unreached"]
    comment: Annotated[str, Field(max_length=2000)] = ""


class ReviewIn(Body):
    """What was checked, and whether it holds; one that does not sends the order back."""

    checklist: Annotated[dict[Line, bool], Field(min_length=1, max_length=30)]
    reason: Annotated[str, Field(max_length=2000)] = ""


class ReasonIn(Body):
    reason: Words


@router.post("/work-orders/{id}/review", dependencies=[may("dispatcher", "supervisor")])
async def review(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReviewIn
) -> WorkOrderOut:
    """The reply was read, by someone else than the handler: on to the callback, or sent back."""
    if all(body.checklist.values()):
        order = await closing.pass_review(tx, stamp, aim, body.checklist)
    else:
        order = await closing.send_back(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order)


@router.post("/work-orders/{id}/callback", dependencies=[may("callback", "supervisor")])
async def call_back(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: CallbackIn
) -> WorkOrderOut:
    """The customer was asked, by someone else than the handler: archive, or reopen one level up."""
    if body.outcome == "satisfied":
        order = await closing.close(tx, stamp, aim)
    elif body.outcome == "unreached":
        order = await closing.miss(tx, stamp, aim)
    else:
        order = await closing.reopen(tx, stamp, aim, body.comment)
    return await answer_with(tx, response, order)


@router.post("/work-orders/{id}/reopening", dependencies=[may("callback", "supervisor")])
async def reopen(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """It came back after it was archived."""
    return await answer_with(tx, response, await closing.reopen(tx, stamp, aim, body.reason))
