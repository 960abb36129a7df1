"""What crews do, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, Strict

from services.workorders.api.shown import Aimed, WorkOrderOut, answer_with, by
from services.workorders.domain.moves import Move
from services.workorders.domain.parts import Reply, Responsibility
from services.workorders.use_cases import field
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


@router.post("/work-orders/{id}/claim", dependencies=[by(Move.CLAIM)])
async def claim(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """Somebody takes it on: the caller is its handler from now on."""
    order = await field.claim(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/contact", dependencies=[by(Move.CONTACT)])
async def contact(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The customer was spoken to."""
    order = await field.contact(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/departure", dependencies=[by(Move.DEPART)])
async def depart(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The crew is on its way."""
    order = await field.depart(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/arrival", dependencies=[by(Move.ARRIVE)])
async def arrive(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """The crew is on site."""
    order = await field.arrive(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/diagnosis", dependencies=[by(Move.DIAGNOSE)])
async def diagnose(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: DiagnosisIn
) -> WorkOrderOut:
    """The fault was found."""
    order = await field.diagnose(tx, stamp, aim, body.cause)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/etr", dependencies=[by(Move.SET_ETR)])
async def set_etr(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: EtrIn
) -> WorkOrderOut:
    """Say when power is expected back; say it again whenever that changes."""
    order = await field.set_etr(tx, stamp, aim, body.etr_at)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/repair", dependencies=[by(Move.REPAIR)])
async def repair(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """Power is back."""
    order = await field.repair(tx, stamp, aim)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/reply", dependencies=[by(Move.REPLY)])
async def answer(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReplyIn
) -> WorkOrderOut:
    """The work is done: what was found, what was done, on whose side it was, and the proof."""
    reply = Reply(
        body.cause,
        body.action,
        body.responsibility,
        tuple(body.evidence),
        body.substantiated,
        stamp.by,
    )
    order = await field.answer(tx, stamp, aim, reply)
    return await answer_with(tx, response, order, stamp.role)
