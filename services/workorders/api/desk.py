"""What the desk does with an order, over HTTP."""

from fastapi import APIRouter, Response

from services.workorders.api.shown import DESK, FIELD, Aimed, WorkOrderOut, answer_with
from services.workorders.domain.order import Suspension
from services.workorders.use_cases import desk
from shared.auth import may
from shared.http import Body, Instant, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["desk"])


class ResolutionIn(Body):
    """The knowledge article that answered it."""

    article: Line


class HandbackIn(Body):
    """Why it is not theirs, and whose it is."""

    reason: Line
    target: Line


class DispatchIn(Body):
    team: Line


class ReassignmentIn(Body):
    team: Line
    reason: Words


class SuspensionIn(Body):
    """Why the work rests, and until when at the latest."""

    reason: Line
    until: Instant
    customer_told: bool


class ReasonIn(Body):
    reason: Words


class SupervisionIn(Body):
    on: bool
    reason: Words


@router.post("/work-orders/{id}/resolution", dependencies=[may("agent", "bot", *DESK)])
async def resolve(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ResolutionIn
) -> WorkOrderOut:
    """Answered on the call, from a knowledge article."""
    return await answer_with(tx, response, await desk.resolve(tx, stamp, aim, body.article))


@router.post("/work-orders/{id}/triage", dependencies=[may("agent", "bot", *DESK)])
async def pass_on(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """It could not be answered on the call: a team shall see to it."""
    return await answer_with(tx, response, await desk.pass_on(tx, stamp, aim))


@router.post("/work-orders/{id}/return", dependencies=[may(*FIELD)])
async def hand_back(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: HandbackIn
) -> WorkOrderOut:
    """Not this team's: why, and whose it is."""
    return await answer_with(
        tx, response, await desk.hand_back(tx, stamp, aim, body.reason, body.target)
    )


@router.post("/work-orders/{id}/dispatch", dependencies=[may(*DESK)])
async def send_again(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DispatchIn
) -> WorkOrderOut:
    """Where a returned order goes, or one that no team was found for."""
    return await answer_with(tx, response, await desk.send_again(tx, stamp, aim, body.team))


@router.post("/work-orders/{id}/reassignment", dependencies=[may(*DESK)])
async def reassign(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReassignmentIn
) -> WorkOrderOut:
    """Another team takes it over."""
    return await answer_with(
        tx, response, await desk.reassign(tx, stamp, aim, body.team, body.reason)
    )


@router.post("/work-orders/{id}/suspension", dependencies=[may("supervisor")])
async def suspend(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: SuspensionIn
) -> WorkOrderOut:
    """The work rests, for a stated reason, and goes on by itself at `until`."""
    rest = Suspension(
        body.reason, body.until, stamp.by, stamp.by, body.customer_told, since=stamp.at
    )
    return await answer_with(tx, response, await desk.suspend(tx, stamp, aim, rest))


@router.post("/work-orders/{id}/resumption", dependencies=[may(*FIELD)])
async def resume(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The work goes on."""
    return await answer_with(tx, response, await desk.resume(tx, stamp, aim))


@router.post("/work-orders/{id}/cancellation", dependencies=[may(*DESK)])
async def cancel(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReasonIn
) -> WorkOrderOut:
    """It will not be worked on."""
    return await answer_with(tx, response, await desk.cancel(tx, stamp, aim, body.reason))


@router.post("/work-orders/{id}/urge", dependencies=[may("agent", "bot", *DESK)])
async def urge(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The customer asks where we are."""
    return await answer_with(tx, response, await desk.urge(tx, stamp, aim))


@router.post("/work-orders/{id}/supervision", dependencies=[may("supervisor")])
async def supervise(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: SupervisionIn
) -> WorkOrderOut:
    """Somebody senior watches it, or does so no longer."""
    return await answer_with(
        tx, response, await desk.supervise(tx, stamp, aim, body.on, body.reason)
    )
