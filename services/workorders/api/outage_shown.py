"""What an outage looks like from outside, and which one a caller means."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.workorders.api.shown import ReplyOut
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.outage import (
    Kind,
    Move,
    Outage,
    OutageId,
    Scope,
    Status,
    Weather,
)
from services.workorders.store import etrs, groups
from services.workorders.store.etrs import Etr
from services.workorders.store.groups import Group
from services.workorders.store.outages import OutageAim
from shared.auth import Called
from shared.db import Tx
from shared.http import Expected, Shown, etag_of


class DeviceOut(Shown):
    scope: Scope
    code: str


class EtrOut(Shown):
    """When power was expected back, said when, by whom and why."""

    number: int
    etr_at: datetime
    set_at: datetime
    by: str
    because: str


class ExemptionOut(Shown):
    reason: str
    evidence: list[str]
    by: str


class OutageLine(Shown):
    """An outage in a list.

    `root_id`: what its customers hear of; itself unless it was merged. `master_id`: the order that
    is worked on. `nested_in`: still off after that one was restored, so it began when that did.
    """

    id: UUID
    kind: Kind
    status: Status
    scope: Scope
    region: str
    area: str
    devices: list[DeviceOut]
    feeder: str | None
    customers: int
    opened_at: datetime
    began_at: datetime | None
    begins_at: datetime | None
    ends_at: datetime | None
    reason: str
    exemption: ExemptionOut | None
    etr_at: datetime | None
    master_id: UUID | None
    root_id: UUID
    merged_into: UUID | None
    nested_in: UUID | None
    weather: Weather
    cause: str | None
    restored_at: datetime | None
    closed_at: datetime | None
    ended_because: str | None
    reply: ReplyOut | None
    allowed: list[Move]
    version: int


class OutageOut(OutageLine):
    """An outage with every ETR, and how far the first and the last one were off, in minutes.

    Positive: power came back later than that. `followers`: orders that wait for it.
    """

    etrs: list[EtrOut]
    first_etr_off_minutes: int | None
    last_etr_off_minutes: int | None
    followers: int


class DecisionOut(Shown):
    """How calls were grouped, by whom and why. `order_id`: the order that it was about."""

    id: UUID
    at: datetime
    by: str
    kind: Decided
    because: str
    region: str
    outage_id: UUID | None
    order_id: UUID | None
    undone_at: datetime | None
    undone_by: str | None
    undone_because: str | None


def line(outage: Outage) -> OutageLine:
    window = outage.window
    names = set(OutageLine.model_fields) - {"begins_at", "ends_at", "allowed"}
    flat = {name: getattr(outage, name) for name in names}
    return OutageLine(
        **flat,
        begins_at=window.begins_at if window else None,
        ends_at=window.ends_at if window else None,
        allowed=outage.allowed(),
    )


def _whole(outage: Outage, etrs: Sequence[Etr], followers: int) -> OutageOut:
    return OutageOut(
        **line(outage).model_dump(),
        etrs=[EtrOut.model_validate(etr) for etr in etrs],
        first_etr_off_minutes=_off(outage, etrs[0]) if etrs else None,
        last_etr_off_minutes=_off(outage, etrs[-1]) if etrs else None,
        followers=followers,
    )


def _off(outage: Outage, etr: Etr) -> int | None:
    if outage.restored_at is None:
        return None
    return round((outage.restored_at - etr.etr_at).total_seconds() / 60)


async def _aim(id: OutageId, caller: Called, expected: Expected) -> OutageAim:
    return OutageAim(id, caller.region, expected)


async def _sight(id: OutageId, caller: Called) -> OutageAim:
    return OutageAim(id, caller.region)


OutageAimed = Annotated[OutageAim, Depends(_aim)]  # to change it
OutageSeen = Annotated[OutageAim, Depends(_sight)]  # to look at it


async def answer_with_outage(tx: Tx, response: Response, outage: Outage) -> OutageOut:
    """The outage as it is now, with its ETag."""
    response.headers["etag"] = etag_of(outage.version)
    return await whole(tx, outage)


async def whole(tx: Tx, outage: Outage) -> OutageOut:
    followers = await groups.count_followers(tx, Group(outage_id=outage.id))
    return _whole(outage, await etrs.of_outage(tx, outage.id), followers)
