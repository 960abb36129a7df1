"""What the desk does with an order, over HTTP."""

from fastapi import APIRouter, Response

from services.workorders.api.shown import FIELD, Aimed, WorkOrderOut, answer_with, by
from services.workorders.domain.moves import Move
from services.workorders.use_cases import desk
from shared.auth import may
from shared.http import Body, Instant, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["desk"])


class ResolutionIn(Body):
    """The knowledge article that answered it."""

    article: Line


class HandbackIn(Body):
    """Why it is not theirs (a code), and whose it is (a team)."""

    reason: Line
    target: Line


class DispatchIn(Body):
    team: Line


class ReassignmentIn(Body):
    team: Line
    reason: Words


class SuspensionIn(Body):
    """Why the work should rest (a code), until when, and whether the customer knows."""

    reason: Line
    until: Instant
    customer_told: bool


class ReasonIn(Body):
    reason: Words


@router.post("/work-orders/{id}/resolution", dependencies=[by(Move.RESOLVE)])
async def resolve(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ResolutionIn
) -> WorkOrderOut:
    """Answered on the call, from a knowledge article."""
    order = await desk.resolve(tx, stamp, aim, body.article)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/triage", dependencies=[by(Move.TRIAGE)])
async def pass_on(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """It could not be answered on the call: a team shall see to it."""
    order = await desk.pass_on(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/return", dependencies=[by(Move.RETURN)])
async def hand_back(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: HandbackIn
) -> WorkOrderOut:
    """Not this team's: why, and whose it is. There it goes; the next time a supervisor decides."""
    order = await desk.hand_back(tx, stamp, aim, body.reason, body.target)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/dispatch", dependencies=[by(Move.DISPATCH)])
async def send_again(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DispatchIn
) -> WorkOrderOut:
    """Where a returned order goes, or one that no team was found for."""
    order = await desk.send_again(tx, stamp, aim, body.team)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/reassignment", dependencies=[by(Move.REASSIGN)])
async def reassign(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReassignmentIn
) -> WorkOrderOut:
    """Another team takes it over."""
    order = await desk.reassign(tx, stamp, aim, body.team, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/suspension-request", dependencies=[by(Move.SUSPEND)])
async def ask_to_suspend(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: SuspensionIn
) -> WorkOrderOut:
    """The work should rest: it does so when another person approves, or at once where none must."""
    order = await desk.ask_to_suspend(tx, stamp, aim, body.reason, body.until, body.customer_told)
    return await answer_with(tx, response, order, stamp.role)


@router.post(
    "/work-orders/{id}/suspension-approval", dependencies=[may("supervisor", "dispatcher")]
)
async def suspend(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The work rests from now on, as somebody else asked, and goes on by itself at the end."""
    order = await desk.suspend(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/suspension-refusal", dependencies=[may(*FIELD)])
async def refuse_to_suspend(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """The work goes on; who asked may take it back this way too."""
    order = await desk.refuse_to_suspend(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/resumption", dependencies=[by(Move.RESUME)])
async def resume(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The work goes on."""
    order = await desk.resume(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/cancellation", dependencies=[by(Move.CANCEL)])
async def cancel(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """It will not be worked on."""
    order = await desk.cancel(tx, stamp, aim, body.reason)
    return await answer_with(tx, response, order, stamp.role)
