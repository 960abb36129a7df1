"""The log of how calls were grouped."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.decision import Decision, Kind
from services.workorders.tables import outage_decisions
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after


class NoSuchDecision(NotFound):
    """There is no such decision, or you may not see it."""


def add(tx: Tx, decision: Decision) -> None:
    tx.leave(outage_decisions, _row(decision))


async def lock(tx: Tx, id: UUID, region: str) -> Decision:
    """Raises NoSuchDecision."""
    query = sa.select(outage_decisions).where(
        outage_decisions.c.id == id, region_scope(outage_decisions.c.region, region)
    )
    row = (await tx.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise NoSuchDecision(decision_id=str(id))
    return _decision(row)


def last_of(tx: Tx, order_id: UUID) -> UUID:
    """The decision about this order that was taken last in this transaction, not yet written."""
    left = [row for row in tx.left(outage_decisions) if row["order_id"] == order_id]
    id: UUID = left[-1]["id"]
    return id


async def mark_undone(tx: Tx, id: UUID, at: datetime, by: str, because: str) -> None:
    undone = {"undone_at": at, "undone_by": by, "undone_because": because}
    await tx.execute(outage_decisions.update().where(outage_decisions.c.id == id).values(undone))


async def undone(tx: Tx, kind: Kind, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders of which somebody undid a decision of this kind."""
    query = sa.select(outage_decisions.c.order_id).where(
        outage_decisions.c.kind == kind,
        outage_decisions.c.order_id.in_(order_ids),
        outage_decisions.c.undone_at.is_not(None),
    )
    return {row.order_id for row in await tx.execute(query)}


async def split_off(tx: Tx, outage_ids: Collection[UUID]) -> set[UUID]:
    """Those of these outages that somebody split off another one, which still holds."""
    query = sa.select(outage_decisions.c.outage_id).where(
        outage_decisions.c.kind == Kind.SPLIT,
        outage_decisions.c.outage_id.in_(outage_ids),
        outage_decisions.c.undone_at.is_(None),
    )
    return {row.outage_id for row in await tx.execute(query)}


async def mark_followed_undone(tx: Tx, order_id: UUID, at: datetime, by: str, because: str) -> None:
    """What put this order where it was is undone with it."""
    undone = {"undone_at": at, "undone_by": by, "undone_because": because}
    standing = (
        outage_decisions.c.order_id == order_id,
        outage_decisions.c.kind == Kind.FOLLOWED,
        outage_decisions.c.undone_at.is_(None),
    )
    await tx.execute(outage_decisions.update().where(*standing).values(undone))


async def still_off(tx: Tx, outage_id: UUID) -> list[tuple[UUID, list[UUID]]]:
    """Orders that are in this outage for they were still off when another was restored: that one,
    and they.
    """
    data = outage_decisions.c.data
    query = sa.select(data).where(
        outage_decisions.c.outage_id == outage_id, data.has_key("still_off")
    )
    found = (await tx.execute(query)).scalars()
    return [(UUID(one["nested_in"]), [UUID(id) for id in one["still_off"]]) for one in found]


async def standing(tx: Tx, outage_id: UUID) -> list[UUID]:
    """Decisions by which something was taken into this outage and is still in it."""
    query = sa.select(outage_decisions.c.id).where(
        outage_decisions.c.outage_id == outage_id,
        outage_decisions.c.kind.in_([Kind.SPREAD, Kind.MERGED]),
        outage_decisions.c.undone_at.is_(None),
    )
    return list((await tx.execute(query.order_by(outage_decisions.c.id))).scalars())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for."""

    outage_id: UUID | None = None
    order_id: UUID | None = None
    kind: Kind | None = None


async def page(
    tx: Tx, region: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> list[Decision]:
    """Newest first, of the caller's region."""
    table = outage_decisions.c
    where = [region_scope(table.region, region), after(table.at, table.id, cursor)]
    asked: tuple[tuple[sa.Column[Any], object], ...] = (
        (table.outage_id, wanted.outage_id),
        (table.order_id, wanted.order_id),
        (table.kind, wanted.kind),
    )
    where += [column == value for column, value in asked if value is not None]
    newest = sa.select(outage_decisions).where(*where).order_by(table.at.desc(), table.id.desc())
    return [_decision(row) for row in await tx.execute(newest.limit(limit))]


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "at": decision.at,
        "by": decision.by,
        "kind": decision.kind,
        "region": decision.region,
        "outage_id": decision.outage_id,
        "order_id": decision.order_id,
        "because": decision.because,
        "data": dict(decision.data),
    }


def _decision(row: Any) -> Decision:
    return Decision(**{**row._mapping, "kind": Kind(row.kind)})
