"""Bulk jobs and their items in and out of PostgreSQL."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.workorders.domain.bulk import Action, BulkJob, Counts, Item, JobId, Outcome
from services.workorders.tables import bulk_items, bulk_jobs
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after, number_at

BULK_BELL = "bulk_jobs"
_COUNTED = ("total", "done", "refused", "unchanged", "cancelled")
_PLAIN = (
    "id", "body", "chosen", "region", "by", "role", "created_at", "undoes", "cancelled_at",
    "cancelled_by", "finished_at",
)  # fmt: skip
_later = bulk_jobs.alias("later")
_QUERY = sa.select(
    bulk_jobs,
    sa.select(_later.c.id)
    .where(_later.c.undoes == bulk_jobs.c.id)
    .correlate(bulk_jobs)
    .scalar_subquery()
    .label("undone_by"),
)


class NoSuchJob(NotFound):
    """There is no such bulk job, or you may not see it."""


async def add(tx: Tx, job: BulkJob, items: Sequence[Item]) -> None:
    row = {name: getattr(job, name) for name in _PLAIN} | asdict(job.counts)
    await tx.execute(
        bulk_jobs.insert().values(row | {"action": job.action, "worked_at": job.created_at})
    )
    for item in items:
        named = ("job_id", "number", "order_id", "expected", "outcome")
        plain = {name: getattr(item, name) for name in named}
        tx.leave(bulk_items, plain | {"before": dict(item.before)})
    tx.ring(BULK_BELL)


async def get(tx: Tx, id: JobId, region: str) -> BulkJob:
    """Raises NoSuchJob."""
    return await _one(tx, _QUERY, id, region)


async def lock(tx: Tx, id: JobId, region: str) -> BulkJob:
    """Raises NoSuchJob."""
    return await _one(tx, _QUERY.with_for_update(of=bulk_jobs), id, region)


async def page(tx: Tx, region: str, *, cursor: str | None, limit: int) -> list[BulkJob]:
    """Newest first, of the caller's region."""
    table = bulk_jobs.c
    mine = (region_scope(table.region, region), after(table.created_at, table.id, cursor))
    newest = _QUERY.where(*mine).order_by(table.created_at.desc(), table.id.desc())
    return [_job(row) for row in await tx.execute(newest.limit(limit))]


async def items(
    tx: Tx, id: JobId, outcome: Outcome | None, *, cursor: str | None, limit: int
) -> list[Item]:
    """Of that job, by number."""
    query = sa.select(bulk_items).where(
        bulk_items.c.job_id == id, bulk_items.c.number > number_at(cursor)
    )
    if outcome is not None:
        query = query.where(bulk_items.c.outcome == outcome)
    return [
        _item(row) for row in await tx.execute(query.order_by(bulk_items.c.number).limit(limit))
    ]


async def done_items(tx: Tx, id: JobId) -> list[Item]:
    """What that job did, the last first."""
    query = sa.select(bulk_items).where(
        bulk_items.c.job_id == id, bulk_items.c.outcome == Outcome.DONE
    )
    return [_item(row) for row in await tx.execute(query.order_by(bulk_items.c.number.desc()))]


async def claim(tx: Tx, limit: int) -> tuple[BulkJob, list[Item]] | None:
    """The next items of the job that has waited longest for its turn; locked.

    What another worker has in hand is left to it. None when nothing is left to be taken.
    """
    unfinished = _QUERY.where(bulk_jobs.c.finished_at.is_(None))
    for row in await tx.execute(unfinished.order_by(bulk_jobs.c.worked_at, bulk_jobs.c.id)):
        if claimed := await lock_waiting(tx, row.id, limit):
            return _job(row), claimed
    return None


async def lock_waiting(tx: Tx, id: JobId, limit: int | None = None) -> list[Item]:
    """Items that wait and that nobody has in hand, for update."""
    query = (
        sa.select(bulk_items)
        .where(bulk_items.c.job_id == id, bulk_items.c.outcome == Outcome.WAITING)
        .order_by(bulk_items.c.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_item(row) for row in await tx.execute(query)]


async def end(tx: Tx, id: JobId, ended: Sequence[Item], at: datetime) -> None:
    """Write how these locked items ended, and count them; after the last the job is over."""
    table, items = bulk_jobs.c, bulk_items.c
    if ended:
        statement = bulk_items.update().where(
            items.job_id == id, items.number == sa.bindparam("its_number")
        )
        names = ("outcome", "problem", "before", "at")
        statement = statement.values({name: sa.bindparam(f"its_{name}") for name in names})
        await tx.execute(statement, [_ended(item) for item in ended])
    more = Counter(item.outcome.value for item in ended)
    counted = _COUNTED[1:]
    left = table.total - sum((table[name] for name in counted), sa.literal(0)) - len(ended)
    changes: dict[str, Any] = {name: table[name] + more[name] for name in counted}
    over = sa.case((left == 0, sa.literal(at, sa.DateTime(timezone=True))), else_=None)
    changes |= {"worked_at": at, "finished_at": over}
    await tx.execute(bulk_jobs.update().where(table.id == id).values(changes))


async def mark_cancelled(tx: Tx, id: JobId, at: datetime, by: str) -> None:
    changes = {"cancelled_at": at, "cancelled_by": by}
    await tx.execute(bulk_jobs.update().where(bulk_jobs.c.id == id).values(changes))


async def next_due(tx: Tx) -> datetime | None:
    """Since when something is to be done; None when nothing is."""
    query = sa.select(sa.func.min(bulk_jobs.c.worked_at)).where(bulk_jobs.c.finished_at.is_(None))
    at: datetime | None = (await tx.execute(query)).scalar_one()
    return at


async def _one(tx: Tx, query: sa.Select[Any], id: JobId, region: str) -> BulkJob:
    mine = query.where(bulk_jobs.c.id == id, region_scope(bulk_jobs.c.region, region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchJob(bulk_job_id=str(id))
    return _job(row)


def _ended(item: Item) -> dict[str, Any]:
    return {
        "its_number": item.number,
        "its_outcome": item.outcome,
        "its_problem": item.problem,
        "its_before": dict(item.before),
        "its_at": item.at,
    }


def _job(row: Any) -> BulkJob:
    plain = {name: getattr(row, name) for name in (*_PLAIN, "undone_by")}
    counts = Counts(**{name: getattr(row, name) for name in _COUNTED})
    return BulkJob(**plain, action=Action(row.action), counts=counts)


def _item(row: Any) -> Item:
    return Item(**{**row._mapping, "outcome": Outcome(row.outcome)})
