"""Outages over HTTP: announced or reported, followed, restored, and asked about."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, Strict, model_validator

from services.workorders.api.field import ReplyIn
from services.workorders.api.outage_shown import (
    OutageAimed,
    OutageLine,
    OutageOut,
    OutageSeen,
    answer_with_outage,
    line,
    whole,
)
from services.workorders.api.shown import DESK, FIELD, READERS
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.outage import Kind, Status, Weather
from services.workorders.domain.parts import Reply
from services.workorders.domain.window import Window
from services.workorders.store import outages as store
from services.workorders.store.outages import Wanted
from services.workorders.use_cases import announcing, outages, restoring
from services.workorders.use_cases.announcing import Draft
from services.workorders.use_cases.restoring import Asked
from shared.auth import Called, may
from shared.contracts.intake import Area
from shared.http import Body, Id, Instant, Line, RegionCode, Stamped, Transaction, Words
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1/outages", tags=["outages"])

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,39}$")]
Codes = Annotated[list[Code], Field(default_factory=list, max_length=200)]
Evidence = Annotated[list[Line], Field(default_factory=list, max_length=20)]
Code_ = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,39}$")]


class OutageIn(Body):
    """A planned or temporary outage with its window, or a fault that somebody found.

    `exemption`: a reason code for announcing it later than the rules say, by a supervisor.
    """

    kind: Annotated[Kind, Strict(False)]
    region: RegionCode
    area: Area | None = None
    transformers: Codes
    feeders: Codes
    begins_at: Instant | None = None
    ends_at: Instant | None = None
    began_at: Instant | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    cause: Line | None = None
    exemption: Line | None = None
    evidence: Evidence

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.transformers and not self.feeders:
            raise ValueError("name at least one transformer or feeder")
        planned = self.kind is not Kind.FAULT
        if planned and (self.begins_at is None or self.ends_at is None or not self.reason.strip()):
            raise ValueError("a planned outage says when it begins and ends, and why")
        if not planned and (self.begins_at or self.ends_at or self.exemption):
            raise ValueError("a fault has no window")
        if self.exemption is not None and not self.evidence:
            raise ValueError("an exemption needs evidence")
        return self

    def draft(self) -> Draft:
        window = None
        if self.begins_at is not None and self.ends_at is not None:
            window = Window(self.begins_at, self.ends_at)
        return Draft(
            kind=self.kind,
            region=self.region,
            transformers=tuple(sorted(set(self.transformers))),
            feeders=tuple(sorted(set(self.feeders))),
            area=self.area or "",
            window=window,
            reason=self.reason,
            began_at=self.began_at,
            cause=self.cause,
            exemption=self.exemption,
            evidence=tuple(self.evidence),
        )


class ConfirmationIn(Body):
    cause: Line | None = None


class OutageEtrIn(Body):
    """When power is expected back, and why then."""

    etr_at: Instant
    because: Annotated[str, Field(max_length=500)] = ""


class ChangeIn(Body):
    """What is different. `weather` and `exemption` are a supervisor's."""

    begins_at: Instant | None = None
    ends_at: Instant | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    cause: Line | None = None
    weather: Annotated[Weather, Strict(False)] | None = None
    exemption: Line | None = None
    evidence: Evidence

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.exemption is not None and not (self.evidence and self.begins_at):
            raise ValueError("an exemption is for another window, and needs evidence")
        if (self.begins_at is None) != (self.ends_at is None):
            raise ValueError("a window has a beginning and an end")
        if not any((self.begins_at, self.reason, self.cause, self.weather)):
            raise ValueError("nothing changes")
        return self


class RestorationIn(ReplyIn):
    """Since when power is back, and what its customers are replied: cause, action, whose side."""

    restored_at: Instant | None = None


class AskedIn(Body):
    """What a customer said when asked whether power is back."""

    work_order_id: Id
    on: bool


class SupplyIn(Body):
    """The customers that were asked. `reply`: what all are replied, if that was not said yet."""

    checked: Annotated[list[AskedIn], Field(default_factory=list, max_length=100)]
    reply: ReplyIn | None = None


class EndIn(Body):
    reason: Words


def _reply(body: ReplyIn, by: str) -> Reply:
    given = (body.cause, body.action, body.responsibility, tuple(body.evidence))
    return Reply(*given, body.substantiated, by)


@router.get("", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    kind: Kind | None = None,
    status: Status | None = None,
    region: Annotated[str | None, Query(pattern=r"^[0-9]{1,6}$")] = None,
    device: Code_ = None,
    master_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OutageLine]:
    """Outages of the caller's region, newest first. `device`: a transformer or a feeder."""
    wanted = Wanted(kind, status, region, device, master_id)
    found = await store.page(tx, caller.region, wanted, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[line(outage) for outage in found[:limit]],
        next=cursor_after(last.opened_at, last.id) if last else None,
    )


@router.post("", status_code=201, response_model=OutageOut, dependencies=[may(*DESK)])
async def open_outage(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: OutageIn
) -> Response:
    """Announce a planned or temporary outage, or report a fault; with an Idempotency-Key."""
    outage = await announcing.open_outage(tx, stamp, body.draft(), caller.region)
    return once.answer(await whole(tx, outage), version=outage.version)


@router.get("/{id}", dependencies=[may(*READERS)])
async def read(tx: Transaction, aim: OutageSeen, response: Response) -> OutageOut:
    return await answer_with_outage(tx, response, await store.get(tx, aim))


@router.post("/{id}/confirmation", dependencies=[may(*DESK)])
async def confirm(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: ConfirmationIn
) -> OutageOut:
    """What was predicted from calls is an outage indeed."""
    outage = await outages.confirm(tx, stamp, aim, body.cause)
    return await answer_with_outage(tx, response, outage)


@router.post("/{id}/etr", dependencies=[may(*FIELD)])
async def set_etr(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: OutageEtrIn
) -> OutageOut:
    """Say when power is expected back; everybody who waits for it is told, each once."""
    because = body.because or f"said by {stamp.role}"
    outage = await outages.set_etr(tx, stamp, aim, body.etr_at, because)
    return await answer_with_outage(tx, response, outage)


@router.post("/{id}/change", dependencies=[may(*DESK)])
async def change(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: ChangeIn
) -> OutageOut:
    """Another window or other words; an earlier beginning keeps the notice rules too."""
    window = None
    if body.begins_at is not None and body.ends_at is not None:
        window = Window(body.begins_at, body.ends_at)
    outage = await outages.change(
        tx,
        stamp,
        aim,
        window=window,
        reason=body.reason,
        cause=body.cause,
        weather=body.weather,
        exemption=body.exemption,
        evidence=tuple(body.evidence),
    )
    return await answer_with_outage(tx, response, outage)


@router.post("/{id}/start", dependencies=[may(*FIELD)])
async def start(tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response) -> OutageOut:
    """Power goes off now; by itself it does when it was announced to."""
    return await answer_with_outage(tx, response, await outages.start(tx, stamp, aim))


@router.post("/{id}/restoration", dependencies=[may(*FIELD)])
async def restore(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: RestorationIn
) -> OutageOut:
    """Power is back: everybody who waits for it is told. Then ask some of them."""
    reply = _reply(body, stamp.by)
    outage = await restoring.restore(tx, stamp, aim, body.restored_at, reply)
    return await answer_with_outage(tx, response, outage)


@router.post("/{id}/confirmation-of-supply", dependencies=[may("callback", *FIELD)])
async def confirm_supply(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: SupplyIn
) -> OutageOut:
    """Customers were asked: those who have power again are replied to, with all who follow; those
    who have not become an outage of their own.
    """
    asked = [Asked(WorkOrderId(one.work_order_id), one.on) for one in body.checked]
    reply = _reply(body.reply, stamp.by) if body.reply else None
    outage = await restoring.confirm_supply(tx, stamp, aim, asked, reply)
    return await answer_with_outage(tx, response, outage)


@router.post("/{id}/cancellation", dependencies=[may(*DESK)])
async def cancel(
    tx: Transaction, stamp: Stamped, aim: OutageAimed, response: Response, body: EndIn
) -> OutageOut:
    """It will not take place; or, of a predicted one: it is none."""
    outage = await outages.cancel(tx, stamp, aim, body.reason)
    return await answer_with_outage(tx, response, outage)
