"""Messages over HTTP: what a customer was told, and how far it got."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.notify import store
from services.notify.domain.lattice import FINAL, Status, meaning, wording
from services.notify.domain.message import Audience, Category, Message, MessageId, Verdict
from services.notify.store import Receipt
from shared.auth import Called, may
from shared.http import Shown, Transaction
from shared.page import Cursor, Limit, Page, cursor_after
from shared.privacy import mask_phone

router = APIRouter(prefix="/v1/messages", tags=["messages"])
_readers = may("agent", "supervisor", "ops", "callback", "service")


class MessageOut(Shown):
    """A message as a screen shows it: the phone masked, or left out of one to whoever reported
    something in confidence.
    """

    id: UUID
    case_id: UUID | None
    audience: Audience
    template: str
    category: Category
    channel: str
    region: str
    phone: str | None
    text: str
    status: Status
    reason: str | None
    tries: int
    created_at: datetime
    handed_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None


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


class StoryOut(MessageOut):
    """The message with all that happened to it. `conflict`: its receipts contradict each other."""

    attempts: list[AttemptOut]
    receipts: list[ReceiptOut]
    conflict: bool


def shown(message: Message) -> MessageOut:
    out = MessageOut.model_validate(message)
    out.phone = None if message.confidential else mask_phone(message.phone)
    return out


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


@router.get("/{id}", dependencies=[_readers])
async def read(tx: Transaction, caller: Called, id: MessageId) -> StoryOut:
    """The whole story of one message: text, attempts, receipts."""
    message = await store.get(tx, id, caller.region)
    tried = await store.attempts_of(tx, id)
    receipts = [_receipt(receipt) for receipt in await store.receipts_of(tx, id)]
    return StoryOut(
        **shown(message).model_dump(),
        attempts=[
            AttemptOut(
                number=attempt.number,
                began_at=attempt.began_at,
                ended_at=attempt.ended_at,
                verdict=attempt.outcome.verdict,
                answer=attempt.outcome.answer,
            )
            for attempt in tried
        ],
        receipts=receipts,
        conflict=len({r.means for r in receipts if r.means in FINAL}) > 1,
    )


@router.get("", dependencies=[_readers])
async def page(
    tx: Transaction,
    caller: Called,
    case_id: UUID | None = None,
    status: Annotated[Status | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[MessageOut]:
    """Messages of the caller's region, newest first."""
    found = await store.page(
        tx, caller.region, case_id=case_id, status=status, cursor=cursor, limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_after(last.created_at, last.id) if last else None
    return Page(items=[shown(message) for message in found[:limit]], next=following)
