"""Messages over HTTP: asked for, what a customer was told, and how far it got."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, Strict, model_validator

from services.notify import store, use_cases
from services.notify.api.requests import AskedOut
from services.notify.api.shown import (
    READERS,
    AddresseeOut,
    MessageOut,
    shown,
    shown_addressee,
)
from services.notify.domain.addresses import Addresses, Channel
from services.notify.domain.asking import Draft, To
from services.notify.domain.lattice import FINAL, Status, meaning, wording
from services.notify.domain.message import Attempt, Message, MessageId, Verdict
from services.notify.domain.request import RequestId
from services.notify.domain.telling import Desk
from services.notify.store import Receipt
from shared.auth import Called, may
from shared.db import Tx
from shared.http import Body, Id, Instant, Line, Shown, Stamped, Transaction
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after

_TEMPLATE, _VARIABLE = r"^[a-z][a-z0-9-]{0,59}\.v[0-9]{1,4}$", r"^[a-z][a-z0-9_]{0,39}$"
_LOCALE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"


class ToIn(Body):
    """One addressee: by phone (a mobile) or e-mail, or by the case of which they are the customer;
    if both, the address that is given here counts.
    """

    model_config = ConfigDict(str_strip_whitespace=False)  # a line break at the end is no padding

    phone: Annotated[str, Field(min_length=1, max_length=40, examples=["15400001234"])] | None = (
        None
    )
    email: Annotated[str, Field(min_length=1, max_length=320)] | None = None
    case_id: Id | None = None
    locale: Annotated[str, Field(pattern=_LOCALE, examples=["zh-CN"])] | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.phone is None and self.email is None and self.case_id is None:
            raise ValueError("who is it? Give a phone, an e-mail address or a case")
        return self

    def named(self) -> To:
        return To(self.phone, self.email, self.case_id, self.locale)


class AskIn(Body):
    """A template with the values of all its variables, and to whom.

    `channels`: the first that reaches somebody is used. `not_after`: it is not handed over later.
    """

    template: Annotated[str, Field(pattern=_TEMPLATE, examples=["order-arrived.v1"])]
    values: Annotated[
        dict[Annotated[str, Field(pattern=_VARIABLE)], Line],
        Field(max_length=20, examples=[{"number": "2611-2000-0001-00"}]),
    ]
    to: Annotated[list[ToIn], Field(min_length=1, max_length=200)]
    channels: Annotated[
        list[Annotated[Channel, Strict(False)]], Field(min_length=1, max_length=len(Channel))
    ] = [Channel.SMS]  # noqa: RUF012 (pydantic copies it)
    not_after: Instant | None = None

    def draft(self, region: str) -> Draft:
        to, channels = [one.named() for one in self.to], tuple(dict.fromkeys(self.channels))
        return Draft(self.template, dict(self.values), channels, to, region, self.not_after)


class QueuedOut(Shown):
    """The message to one addressee; `reason`: why it is skipped, if it is."""

    id: UUID
    status: Status
    reason: str | None


class TakenOut(Shown):
    """The request, and a message for each addressee, in their order; twice the same for who was
    named twice.
    """

    id: UUID
    messages: list[QueuedOut]


class AttemptOut(Shown):
    """One try to hand it over, and what the gateway answered."""

    number: int
    began_at: datetime
    ended_at: datetime
    verdict: Verdict
    answer: str


class ReceiptOut(Shown):
    """One receipt, and what it means; `reply` is the carrier's own wording.

    `number`: of the try it is about, 0 if unsaid. Means `queued`: the gateway let go of the
    message before any network had it, and it is handed over again.
    """

    number: int
    code: int
    means: Status
    reply: str
    received_at: datetime


class DeliveryOut(Shown):
    """A message to the same addressee, over the same channel or another one."""

    id: UUID
    channel: Channel
    status: Status
    created_at: datetime
    fallback_of: UUID | None


class StoryOut(MessageOut):
    """The message with all that led to it and happened to it.

    `deliveries`: every message to this addressee, this one too. `conflict`: its receipts contradict
    each other.
    """

    request: AskedOut
    addressee: AddresseeOut
    deliveries: list[DeliveryOut]
    attempts: list[AttemptOut]
    receipts: list[ReceiptOut]
    conflict: bool


def _receipt(receipt: Receipt) -> ReceiptOut:
    words = wording(receipt.reply).decode("ascii", "replace").replace("\x00", "")
    means = meaning(receipt.code, receipt.reply)
    return ReceiptOut(
        number=receipt.number,
        code=receipt.code,
        means=means,
        reply=words,
        received_at=receipt.received_at,
    )


def _attempt(attempt: Attempt) -> AttemptOut:
    return AttemptOut(
        number=attempt.number,
        began_at=attempt.began_at,
        ended_at=attempt.ended_at,
        verdict=attempt.outcome.verdict,
        answer=attempt.outcome.answer,
    )


async def _story(tx: Tx, message: Message, addresses: Addresses) -> StoryOut:
    about = (message.request_id, message.addressee)
    receipts = [_receipt(receipt) for receipt in await store.receipts_of(tx, message.id)]
    deliveries = await store.deliveries_of(tx, *about)
    return StoryOut(
        **shown(message, addresses).model_dump(),
        request=AskedOut.model_validate(await store.request_of(tx, message.request_id)),
        addressee=shown_addressee(await store.addressee_of(tx, *about), addresses),
        deliveries=[DeliveryOut.model_validate(one) for one in deliveries],
        attempts=[_attempt(attempt) for attempt in await store.attempts_of(tx, message.id)],
        receipts=receipts,
        conflict=len({r.means for r in receipts if r.means in FINAL}) > 1,
    )


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v1/messages", tags=["messages"])

    @routes.post(
        "",
        status_code=202,
        response_model=TakenOut,
        dependencies=[may("service", "ops", "supervisor")],
    )
    async def ask(
        tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: AskIn
    ) -> Response:
        """Write to these people. All of it is queued, or nothing. Needs an `Idempotency-Key`."""
        request, messages = await use_cases.write(tx, stamp, desk, body.draft(caller.region))
        queued = [QueuedOut.model_validate(message) for message in messages]
        return once.answer(TakenOut(id=request.id, messages=queued), status=202)

    @routes.get("/{id}", dependencies=[READERS])
    async def read(tx: Transaction, caller: Called, id: MessageId) -> StoryOut:
        """The whole story of one message: why, to whom, text, attempts, receipts."""
        return await _story(tx, await store.get(tx, id, caller.region), desk.addresses)

    @routes.get("", dependencies=[READERS])
    async def page(
        tx: Transaction,
        caller: Called,
        case_id: UUID | None = None,
        request_id: RequestId | None = None,
        status: Annotated[Status | None, Query()] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[MessageOut]:
        """Messages of the caller's region, newest first."""
        found = await store.page(
            tx,
            caller.region,
            case_id=case_id,
            request_id=request_id,
            status=status,
            cursor=cursor,
            limit=limit + 1,
        )
        last = found[limit - 1] if len(found) > limit else None
        following = cursor_after(last.created_at, last.id) if last else None
        return Page(items=[shown(m, desk.addresses) for m in found[:limit]], next=following)

    return routes
