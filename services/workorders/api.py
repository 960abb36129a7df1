"""Work orders over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, Strict

from services.workorders import use_cases
from services.workorders.domain.clock import Clock, State
from services.workorders.domain.order import (
    Move,
    Reply,
    Responsibility,
    Status,
    WorkOrder,
    WorkOrderId,
)
from services.workorders.store import clocks, orders, references
from services.workorders.store.orders import Aim, Wanted
from shared.auth import Called, may
from shared.db import Tx
from shared.http import Body, Expected, Instant, Line, Shown, Stamped, Transaction, Words, etag_of
from shared.page import Cursor, Limit, Page, cursor_after
from shared.privacy import mask_address

router = APIRouter(prefix="/v1", tags=["work orders"])

_READERS = ("agent", "dispatcher", "crew", "supervisor", "callback", "ops", "service")
_FIELD = ("crew", "dispatcher", "supervisor")


class ClockOut(Shown):
    """`promised` clocks are public commitments; the others are our own."""

    id: UUID
    kind: str
    generation: int
    promised: bool
    policy: str
    policy_version: str
    started_at: datetime
    due_at: datetime
    state: State
    stopped_at: datetime | None
    fired_at: datetime | None


class ReplyOut(Shown):
    cause: str
    action: str
    responsibility: Responsibility
    evidence: list[str]


class WorkOrderOut(Shown):
    id: UUID
    case_id: UUID
    case_number: str
    case_type: str
    status: Status
    level: int
    team: str | None
    team_name: str | None
    routed_because: list[str]
    region: str
    area: str
    address: str | None
    transformer: str | None
    handler: str | None
    received_at: datetime
    opened_at: datetime
    claimed_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    etr_at: datetime | None
    replied_at: datetime | None
    archived_at: datetime | None
    reply: ReplyOut | None
    clocks: list[ClockOut]
    allowed: list[Move]
    version: int


class TeamOut(Shown):
    code: str
    name: str
    region: str


class EtrIn(Body):
    """When power is expected back."""

    etr_at: Instant


class ReplyIn(Body):
    """What an order is not answered without."""

    cause: Words
    action: Words
    responsibility: Annotated[Responsibility, Strict(False)]
    evidence: Annotated[list[Line], Field(default_factory=list, max_length=20)]


class CallbackIn(Body):
    """What the customer said when asked."""

    outcome: Literal["satisfied", "dissatisfied"]
    comment: Annotated[str, Field(max_length=2000)] = ""


class RevealIn(Body):
    """Why the address is needed; it is written into the audit."""

    purpose: Words


def shown(order: WorkOrder, its_clocks: Sequence[Clock], *, masked: bool = True) -> WorkOrderOut:
    flat: dict[str, Any] = {
        name: getattr(order, name)
        for name in WorkOrderOut.model_fields
        if hasattr(order, name) and name not in ("allowed", "reply")
    }
    site, routing = order.site, order.routing
    return WorkOrderOut(
        **flat,
        team_name=routing.team_name if routing else None,
        routed_because=list(routing.because) if routing else ["no team serves this region"],
        region=site.region,
        area=site.area,
        address=mask_address(site.address) if masked else site.address,
        transformer=site.transformer,
        reply=ReplyOut.model_validate(order.reply) if order.reply else None,
        clocks=[ClockOut.model_validate(clock) for clock in its_clocks],
        allowed=order.allowed(),
    )


async def _aim(id: WorkOrderId, caller: Called, expected: Expected) -> Aim:
    return Aim(id, caller.region, expected)


async def _sight(id: WorkOrderId, caller: Called) -> Aim:
    return Aim(id, caller.region)


Aimed = Annotated[Aim, Depends(_aim)]  # to change it
Seen = Annotated[Aim, Depends(_sight)]  # to look at it


async def _answer(tx: Tx, response: Response, order: WorkOrder) -> WorkOrderOut:
    response.headers["etag"] = etag_of(order.version)
    await tx.write_what_was_left()  # clocks that were just started are shown too
    return shown(order, (await clocks.of_orders(tx, [order.id]))[order.id])


@router.get("/work-orders", dependencies=[may(*_READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    case_id: UUID | None = None,
    status: Status | None = None,
    team: Annotated[str | None, Query(max_length=40)] = None,
    region: Annotated[str | None, Query(pattern=r"^[0-9]{1,6}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WorkOrderOut]:
    """Work orders of the caller's region, newest first, with their clocks."""
    wanted = Wanted(case_id, status, team, region)
    found = await orders.page(tx, caller.region, wanted, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    ticking = await clocks.of_orders(tx, [order.id for order in found[:limit]])
    return Page(
        items=[shown(order, ticking[order.id]) for order in found[:limit]],
        next=cursor_after(last.opened_at, last.id) if last else None,
    )


@router.get("/work-orders/{id}", dependencies=[may(*_READERS)])
async def read(tx: Transaction, aim: Seen, response: Response) -> WorkOrderOut:
    return await _answer(tx, response, await orders.get(tx, aim))


@router.post("/work-orders/{id}/claim", dependencies=[may(*_FIELD)])
async def claim(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    """Somebody takes it on: the caller is its handler from now on."""
    return await _answer(tx, response, await use_cases.claim(tx, stamp, aim))


@router.post("/work-orders/{id}/departure", dependencies=[may(*_FIELD)])
async def depart(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    return await _answer(tx, response, await use_cases.depart(tx, stamp, aim))


@router.post("/work-orders/{id}/arrival", dependencies=[may(*_FIELD)])
async def arrive(tx: Transaction, stamp: Stamped, aim: Aimed, response: Response) -> WorkOrderOut:
    return await _answer(tx, response, await use_cases.arrive(tx, stamp, aim))


@router.post("/work-orders/{id}/etr", dependencies=[may(*_FIELD)])
async def set_etr(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: EtrIn
) -> WorkOrderOut:
    """Say when power is expected back; say it again whenever that changes."""
    return await _answer(tx, response, await use_cases.set_etr(tx, stamp, aim, body.etr_at))


@router.post("/work-orders/{id}/reply", dependencies=[may(*_FIELD)])
async def answer(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: ReplyIn
) -> WorkOrderOut:
    """The work is done: what was found, what was done, on whose side it was."""
    reply = Reply(body.cause, body.action, body.responsibility, tuple(body.evidence))
    return await _answer(tx, response, await use_cases.answer(tx, stamp, aim, reply))


@router.post("/work-orders/{id}/callback", dependencies=[may("callback", "supervisor")])
async def call_back(
    tx: Transaction, stamp: Stamped, aim: Aimed, response: Response, body: CallbackIn
) -> WorkOrderOut:
    """The customer was asked, by someone else than the handler: archive, or reopen one level up."""
    if body.outcome == "satisfied":
        order = await use_cases.close(tx, stamp, aim)
    else:
        order = await use_cases.reopen(tx, stamp, aim, body.comment)
    return await _answer(tx, response, order)


@router.post("/work-orders/{id}/reveal", dependencies=[may(*_FIELD)])
async def reveal(tx: Transaction, stamp: Stamped, aim: Seen, body: RevealIn) -> WorkOrderOut:
    """The order with its full address, for a stated purpose; the look is audited."""
    order = await use_cases.reveal(tx, stamp, aim, body.purpose)
    return shown(order, (await clocks.of_orders(tx, [order.id]))[order.id], masked=False)


@router.get("/teams", dependencies=[may(*_READERS)])
async def list_teams(tx: Transaction, caller: Called) -> list[TeamOut]:
    """The teams of the caller's region."""
    return [TeamOut.model_validate(team) for team in await references.all_teams(tx, caller.region)]
