"""How calls were grouped, over HTTP: looked at, changed by hand, undone."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from services.workorders.api.outage_shown import (
    DecisionOut,
    OutageAimed,
    OutageOut,
    answer_with_outage,
)
from services.workorders.api.shown import READERS, Aimed, WorkOrderOut, answer_with, by
from services.workorders.domain.decision import Kind
from services.workorders.domain.moves import Move
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.outage import OutageId
from services.workorders.store import grouping_log
from services.workorders.store.grouping_log import Wanted
from services.workorders.store.orders import Aim
from services.workorders.store.outages import OutageAim
from services.workorders.use_cases import regrouping, undoing
from shared.auth import Called, may
from shared.http import Body, Id, Stamped, Transaction, Words
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1", tags=["grouping"])


class SplitIn(Body):
    """Orders that follow the outage, and why they are another one."""

    work_order_ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    because: Words


class IntoIn(Body):
    """The outage that this one becomes a part of, and why."""

    into: Id
    because: Words


class MergeIn(Body):
    """The order that this one is to follow, and why."""

    master_id: Id
    because: Words


class BecauseIn(Body):
    because: Words


@router.post("/outages/{id}/split", status_code=201, dependencies=[by(Move.UNMERGE)])
async def split(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: SplitIn
) -> OutageOut:
    """These are another outage: the first of them is dispatched, the others follow it."""
    chosen = [WorkOrderId(id) for id in dict.fromkeys(body.work_order_ids)]
    outage = await regrouping.split(tx, stamp, aim, chosen, body.because)
    return await answer_with_outage(tx, response, outage)


@router.post("/outages/{id}/merge", dependencies=[by(Move.MERGE)])
async def merge_outages(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    aim: OutageAimed,
    response: Response,
    body: IntoIn,
) -> OutageOut:
    """It is a part of another outage, which is the answer."""
    into = OutageAim(OutageId(body.into), caller.region)
    outage = await regrouping.merge_outages(tx, stamp, aim, into, body.because)
    return await answer_with_outage(tx, response, outage)


@router.post("/work-orders/{id}/merge", dependencies=[by(Move.MERGE)])
async def merge_order(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    aim: Aimed,
    response: Response,
    body: MergeIn,
) -> WorkOrderOut:
    """It is about what another open order is about, and follows that."""
    master = Aim(WorkOrderId(body.master_id), caller.region)
    order = await regrouping.put_order_under(tx, stamp, aim, master, body.because)
    return await answer_with(tx, response, order, stamp.role)


@router.post("/work-orders/{id}/unmerge", dependencies=[by(Move.UNMERGE)])
async def take_out(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: BecauseIn
) -> WorkOrderOut:
    """It is not about what it follows: it is dispatched by itself."""
    order = await regrouping.take_out(tx, stamp, aim, body.because)
    return await answer_with(tx, response, order, stamp.role)


@router.get("/outage-decisions", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    outage_id: UUID | None = None,
    order_id: UUID | None = None,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DecisionOut]:
    """How calls of the caller's region were grouped, newest first."""
    wanted = Wanted(outage_id, order_id, kind)
    found = await grouping_log.page(tx, caller.region, wanted, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[DecisionOut.model_validate(one) for one in found[:limit]],
        next=cursor_after(last.at, last.id) if last else None,
    )


@router.post("/outage-decisions/{id}/undo", dependencies=[by(Move.UNMERGE)])
async def undo(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, body: BecauseIn
) -> DecisionOut:
    """The groups are again as they were before this decision."""
    decision = await undoing.undo(tx, stamp, id, caller.region, body.because)
    return DecisionOut.model_validate(decision)
