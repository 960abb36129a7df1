"""Promises with money behind them, and what is owed: in and out of PostgreSQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.outage import Exemption, Weather
from services.workorders.domain.owing import Guarantee, Owed
from services.workorders.tables import compensations, guarantees, outages, work_orders
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope
from shared.page import after

GUARANTEE_BELL = "guarantees"


class NoSuchCompensation(NotFound):
    """There is no such compensation, or you may not see it."""


def add(tx: Tx, guarantee: Guarantee) -> None:
    tx.leave(guarantees, _guarantee_row(guarantee) | {"ended_at": None})
    tx.ring(GUARANTEE_BELL)


async def restart(tx: Tx, guarantee: Guarantee) -> None:
    """It runs from another beginning, or again after it had ended."""
    await tx.execute(_of(guarantee).values(_guarantee_row(guarantee) | {"ended_at": None}))
    tx.ring(GUARANTEE_BELL)


async def go_on(tx: Tx, guarantee: Guarantee, due_at: datetime | None, at: datetime) -> None:
    """The step was taken; the next one is owed at `due_at`, or there is none."""
    further = {"step": guarantee.step + 1, "due_at": due_at or guarantee.due_at}
    ended = {"ended_at": None if due_at else at}
    await tx.execute(_of(guarantee).values(further | ended))


async def rest(tx: Tx, guarantee: Guarantee, at: datetime) -> None:
    """Another rule counts: its step was not taken, and is the next one should it run again."""
    await tx.execute(_of(guarantee).values(ended_at=at))


def _of(guarantee: Guarantee) -> sa.Update:
    key = guarantees.c.order_id == guarantee.order_id, guarantees.c.rule == guarantee.rule
    return guarantees.update().where(*key)


async def end(tx: Tx, order_ids: Collection[UUID], at: datetime) -> None:
    """What was guaranteed is done: nothing further is owed."""
    its = guarantees.c.order_id.in_(order_ids), guarantees.c.ended_at.is_(None)
    await tx.execute(guarantees.update().where(*its).values(ended_at=at))


async def begin_with_outage(tx: Tx, order_ids: Collection[UUID]) -> None:
    """A fault is known since somebody first told of it: who joins its outage waits since then."""
    known = sa.select(work_orders.c.id, outages.c.began_at).join(
        outages, outages.c.id == work_orders.c.outage_id
    )
    its = known.where(work_orders.c.id.in_(order_ids)).subquery()
    later = (
        guarantees.c.order_id == its.c.id,
        guarantees.c.began_at > its.c.began_at,
        guarantees.c.step == 1,
        guarantees.c.ended_at.is_(None),
    )
    earlier = guarantees.c.due_at - (guarantees.c.began_at - its.c.began_at)
    await tx.execute(
        guarantees.update().where(*later).values(began_at=its.c.began_at, due_at=earlier)
    )


async def begin_without_outage(tx: Tx, outage_id: UUID) -> None:
    """It was no outage: who was in it waits since they told of it themselves."""
    its = work_orders.c.id == guarantees.c.order_id, work_orders.c.outage_id == outage_id
    earlier = (
        guarantees.c.began_at < work_orders.c.received_at,
        guarantees.c.step == 1,
        guarantees.c.ended_at.is_(None),
    )
    received_at = work_orders.c.received_at
    later = guarantees.c.due_at + (received_at - guarantees.c.began_at)
    await tx.execute(
        guarantees.update().where(*its, *earlier).values(began_at=received_at, due_at=later)
    )


async def of_order(tx: Tx, order_id: UUID) -> list[Guarantee]:
    query = sa.select(guarantees).where(guarantees.c.order_id == order_id)
    return [_guarantee(row) for row in await tx.execute(query.order_by(guarantees.c.rule))]


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is owed now, with what is known of its order and its outage."""

    guarantee: Guarantee
    case_id: UUID
    case_number: str
    region: str
    account_no: str | None
    outage_id: UUID | None
    weather: Weather
    customers: int


_OF_ORDER = ("case_id", "case_number", "region", "account_no", "outage_id")


async def lock_due(tx: Tx, at: datetime, limit: int) -> list[Due]:
    """At most `limit` guarantees whose next step is due; those that others hold are left."""
    query = (
        sa.select(
            guarantees,
            *(work_orders.c[name] for name in _OF_ORDER),
            outages.c.weather,
            outages.c.customers,
        )
        .join(work_orders, work_orders.c.id == guarantees.c.order_id)
        .outerjoin(outages, outages.c.id == work_orders.c.outage_id)
        .where(guarantees.c.ended_at.is_(None), guarantees.c.due_at < at)
        .order_by(guarantees.c.due_at, guarantees.c.order_id)
        .limit(limit)
        .with_for_update(of=guarantees, skip_locked=True)
    )
    return [
        Due(
            _guarantee(row),
            **{name: getattr(row, name) for name in _OF_ORDER},
            weather=Weather(row.weather or Weather.NORMAL),
            customers=row.customers or 0,
        )
        for row in await tx.execute(query)
    ]


async def next_due(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(guarantees.c.due_at)).where(guarantees.c.ended_at.is_(None))
    due_at: datetime | None = (await tx.execute(query)).scalar_one()
    return due_at


def add_owed(tx: Tx, owed: Owed) -> None:
    tx.leave(compensations, _owed_row(owed))


async def lock_owed(tx: Tx, id: UUID, region: str, expected: int | None) -> Owed:
    """Raises NoSuchCompensation, PreconditionFailed."""
    owed = await _one(tx, sa.select(compensations).with_for_update(), id, region)
    check_expected(expected, owed.version)
    return owed


async def get_owed(tx: Tx, id: UUID, region: str) -> Owed:
    """Raises NoSuchCompensation."""
    return await _one(tx, sa.select(compensations), id, region)


async def save_owed(tx: Tx, owed: Owed) -> None:
    await tx.execute(
        compensations.update().where(compensations.c.id == owed.id).values(_owed_row(owed))
    )


async def steps_of(tx: Tx, order_id: UUID, rule: str) -> int:
    """How many steps of this rule were owed on the order so far."""
    its = compensations.c.order_id == order_id, compensations.c.rule == rule
    query = sa.select(sa.func.coalesce(sa.func.max(compensations.c.step), 0)).where(*its)
    return int((await tx.execute(query)).scalar_one())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for."""

    order_id: UUID | None = None
    outage_id: UUID | None = None
    state: str | None = None
    region: str | None = None


async def page(
    tx: Tx, region: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> list[Owed]:
    """Newest first, of the caller's region."""
    table = compensations.c
    where = [region_scope(table.region, region), after(table.due_at, table.id, cursor)]
    asked: tuple[tuple[sa.Column[Any], object], ...] = (
        (table.order_id, wanted.order_id),
        (table.outage_id, wanted.outage_id),
        (table.state, wanted.state),
    )
    where += [column == value for column, value in asked if value is not None]
    if wanted.region is not None:
        where.append(region_scope(table.region, wanted.region))
    newest = sa.select(compensations).where(*where).order_by(table.due_at.desc(), table.id.desc())
    return [_owed(row) for row in await tx.execute(newest.limit(limit))]


async def _one(tx: Tx, query: sa.Select[Any], id: UUID, region: str) -> Owed:
    mine = query.where(compensations.c.id == id, region_scope(compensations.c.region, region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchCompensation(compensation_id=str(id))
    return _owed(row)


_GUARANTEE = ("order_id", "rule", "pack", "version", "began_at", "step", "due_at")


def _guarantee_row(guarantee: Guarantee) -> dict[str, Any]:
    return {name: getattr(guarantee, name) for name in _GUARANTEE}


def _guarantee(row: Any) -> Guarantee:
    return Guarantee(**{name: getattr(row, name) for name in _GUARANTEE})


_OWED = (
    "id", "order_id", "rule", "step", "case_id", "case_number", "outage_id", "region",
    "account_no", "pack", "pack_version", "amount_minor", "currency", "began_at", "promised_at",
    "due_at", "actual_at", "version",
)  # fmt: skip


def _owed_row(owed: Owed) -> dict[str, Any]:
    exemption = owed.exemption
    proof = {"reason": exemption.reason, "evidence": list(exemption.evidence)} if exemption else {}
    return {
        **{name: getattr(owed, name) for name in _OWED},
        "state": owed.state,
        "working": list(owed.working),
        "exemption": proof | {"by": exemption.by} if exemption else None,
    }


def _owed(row: Any) -> Owed:
    exemption = row.exemption
    if exemption is not None:
        exemption = Exemption(exemption["reason"], tuple(exemption["evidence"]), exemption["by"])
    return Owed(
        **{name: getattr(row, name) for name in _OWED},
        working=tuple(row.working),
        exemption=exemption,
    )
