"""What was asked for, and for whom, in and out of PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notify.domain.addresses import Channel, packed, unpacked
from services.notify.domain.lattice import Status
from services.notify.domain.people import Audience, Recipient
from services.notify.domain.request import AddresseeId, Request, RequestId
from services.notify.domain.telling import Addressee
from services.notify.store.people import RECIPIENT, recipient_of
from services.notify.tables import addressees, messages, requests
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope


class NoSuchRequest(NotFound):
    """There is no such request, or you may not see it."""


@dataclass(frozen=True, slots=True)
class Named:
    """An addressee as it was written down."""

    id: AddresseeId
    person: str
    audience: Audience
    region: str
    locale: str
    case_id: UUID | None
    addresses: dict[Channel, bytes]
    confidential: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of an addressee, in short."""

    id: UUID
    channel: str
    status: Status
    created_at: datetime
    fallback_of: UUID | None


_CASES = f"SELECT {RECIPIENT} FROM recipients WHERE case_id = ANY($1::uuid[])"


def add_request(tx: Tx, request: Request) -> None:
    row = {
        "id": request.id,
        "source": request.source,
        "key": request.key,
        "fact": request.fact,
        "template": request.template,
        "category": request.category,
        "channels": list(request.channels),
        "values": dict(request.values),
        "region": request.region,
        "case_id": request.case_id,
        "not_after": request.not_after,
        "by": request.by,
        "cause": request.cause,
        "trace": request.trace,
        "created_at": request.created_at,
    }
    tx.leave(requests, row)


def add_addressee(tx: Tx, request: RequestId, id: AddresseeId, to: Addressee) -> None:
    row = {
        "request_id": request,
        "id": id,
        "person": to.person,
        "audience": to.audience,
        "region": to.region,
        "locale": to.locale,
        "case_id": to.case_id,
        "addresses": packed(to.addresses),
        "confidential": to.confidential,
    }
    tx.leave(addressees, row)


async def customers(tx: Tx, cases: Collection[UUID]) -> dict[UUID, Recipient]:
    """The customers of those of these cases that are known here."""
    found = await tx.read(_CASES, list(cases)) if cases else []
    return {one.case_id: one for one in map(recipient_of, found)}


async def get_request(tx: Tx, id: RequestId, region: str) -> Any:
    """The row, if it is in the caller's region. Raises NoSuchRequest."""
    where = sa.and_(requests.c.id == id, region_scope(requests.c.region, region))
    row = (await tx.execute(sa.select(requests).where(where))).one_or_none()
    if row is None:
        raise NoSuchRequest(request_id=str(id))
    return row


async def request_of(tx: Tx, id: RequestId) -> Any:
    """The row of a message that the caller may see."""
    return (await tx.execute(sa.select(requests).where(requests.c.id == id))).one()


async def counts(tx: Tx, id: RequestId) -> dict[Status, int]:
    """How many messages of a request are in which state."""
    query = sa.select(messages.c.status, sa.func.count()).where(messages.c.request_id == id)
    found = await tx.execute(query.group_by(messages.c.status))
    return {Status(status): number for status, number in found}


async def addressee_count(tx: Tx, id: RequestId) -> int:
    query = sa.select(sa.func.count()).where(addressees.c.request_id == id)
    number: int = (await tx.execute(query)).scalar_one()
    return number


async def addressee_of(tx: Tx, request: RequestId, id: AddresseeId) -> Named:
    where = sa.and_(addressees.c.request_id == request, addressees.c.id == id)
    row = (await tx.execute(sa.select(addressees).where(where))).one()
    return Named(
        id=row.id,
        person=row.person,
        audience=Audience(row.audience),
        region=row.region,
        locale=row.locale,
        case_id=row.case_id,
        addresses=unpacked(row.addresses),
        confidential=row.confidential,
    )


async def deliveries_of(tx: Tx, request: RequestId, addressee: AddresseeId) -> Sequence[Delivery]:
    """Every message to one addressee of a request, oldest first."""
    m = messages.c
    query = sa.select(m.id, m.channel, m.status, m.created_at, m.fallback_of).where(
        m.request_id == request, m.addressee == addressee
    )
    found = await tx.execute(query.order_by(m.created_at, m.id))
    return [Delivery(r.id, r.channel, Status(r.status), r.created_at, r.fallback_of) for r in found]
