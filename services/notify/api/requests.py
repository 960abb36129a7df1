"""Requests over HTTP: what somebody, or a fact, asked us to write, and how far that is."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from services.notify import store
from services.notify.api.shown import READERS
from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Category
from services.notify.domain.lattice import Status
from services.notify.domain.request import RequestId, Source
from shared.auth import Called
from shared.http import Shown, Transaction

router = APIRouter(prefix="/v1/requests", tags=["messages"])


class AskedOut(Shown):
    """What messages are about: a fact, or what somebody asked for."""

    id: UUID
    source: Source
    fact: str | None
    template: str
    category: Category
    channels: list[Channel]
    region: str
    case_id: UUID | None
    by: str
    created_at: datetime
    not_after: datetime | None


class RequestOut(AskedOut):
    """With how many people it is for, and how many of its messages are in which state.

    The messages themselves: `GET /v1/messages?request_id=`.
    """

    addressees: int
    messages: dict[Status, int]


@router.get("/{id}", dependencies=[READERS])
async def read(tx: Transaction, caller: Called, id: RequestId) -> RequestOut:
    """What was asked for, and how far it is."""
    request = AskedOut.model_validate(await store.get_request(tx, id, caller.region))
    return RequestOut(
        **request.model_dump(),
        addressees=await store.addressee_count(tx, id),
        messages=await store.counts(tx, id),
    )
