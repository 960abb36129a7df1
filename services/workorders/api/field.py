"""What crews do, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, Strict

from services.workorders.api.shown import FIELD, Aimed, WorkOrderOut, answer_with
from services.workorders.domain.order import Reply, Responsibility
from services.workorders.use_cases import field
from shared.auth import may
from shared.http import Body, Instant, Line, Stamped, Transaction, Words

router = APIRouter(prefix="/v1", tags=["field work"])


class EtrIn(Body):
    """When power is expected back."""

    etr_at: Instant


class DiagnosisIn(Body):
    """What the fault is."""

    cause: Words


class ReplyIn(Body):
    """What an order is not answered without. `substantiated`: was the complaint right?"""

    cause: Words
    action: Words
    responsibility: Annotated[Responsibility, Strict(False)]
    evidence: Annotated[list[Line], Field(default_factory=list, max_length=20)]
    substantiated: bool | None = None


@router.post("/work-orders/{id}/claim", dependencies=[may(*FIELD)])
async def claim(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """Somebody takes it on: the caller is its handler from now on."""
    return await answer_with(tx, response, await field.claim(tx, stamp, aim))


@router.post("/work-orders/{id}/contact", dependencies=[may(*FIELD)])
async def contact(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The customer was spoken to."""
    return await answer_with(tx, response, await field.contact(tx, stamp, aim))


@router.post("/work-orders/{id}/departure", dependencies=[may(*FIELD)])
async def depart(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The crew is on its way."""
    return await answer_with(tx, response, await field.depart(tx, stamp, aim))


@router.post("/work-orders/{id}/arrival", dependencies=[may(*FIELD)])
async def arrive(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The crew is on site."""
    return await answer_with(tx, response, await field.arrive(tx, stamp, aim))


@router.post("/work-orders/{id}/diagnosis", dependencies=[may(*FIELD)])
async def diagnose(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DiagnosisIn
) -> WorkOrderOut:
    """The fault was found."""
    return await answer_with(tx, response, await field.diagnose(tx, stamp, aim, body.cause))


@router.post("/work-orders/{id}/etr", dependencies=[may(*FIELD)])
async def set_etr(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: EtrIn
) -> WorkOrderOut:
    """Say when power is expected back; say it again whenever that changes."""
    return await answer_with(tx, response, await field.set_etr(tx, stamp, aim, body.etr_at))


@router.post("/work-orders/{id}/repair", dependencies=[may(*FIELD)])
async def repair(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """Power is back."""
    return await answer_with(tx, response, await field.repair(tx, stamp, aim))


@router.post("/work-orders/{id}/reply", dependencies=[may(*FIELD)])
async def answer(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReplyIn
) -> WorkOrderOut:
    """The work is done: what was found, what was done, on whose side it was, and the proof."""
    reply = Reply(
        body.cause, body.action, body.responsibility, tuple(body.evidence), body.substantiated
    )
    return await answer_with(tx, response, await field.answer(tx, stamp, aim, reply))
