"""One action on many orders: taken down at once, done by the worker in batches.

Each item stands or falls by itself, as if who asked had called the route for that order alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from services.workorders.domain.bulk import (
    Action,
    BulkJob,
    Counts,
    Item,
    JobId,
    NamedTwice,
    NoOrders,
    Outcome,
    TooManyOrders,
    numbered,
)
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.policy import board_rules
from services.workorders.store import bulk_jobs, lists, references
from services.workorders.store.lists import Sight, Wanted
from services.workorders.store.orders import Aim
from services.workorders.use_cases.bulk_actions import UNCHANGED, do, take_back
from shared.audit import record
from shared.db import Tx, is_outage
from shared.errors import Refusal
from shared.ids import new_id
from shared.problems import written, written_refusal
from shared.stamp import Stamp

log = structlog.get_logger(__name__)

_BATCH = 20  # items a transaction: so few locks are held at once, so little is done again


async def begin(
    tx: Tx,
    stamp: Stamp,
    region: str,
    action: Action,
    body: Mapping[str, Any],
    orders: Sequence[tuple[UUID, int | None]],
) -> BulkJob:
    """For these orders, each with the version it is expected to have.

    Raises NoOrders, TooManyOrders, NamedTwice. An order that there is not, or that the caller may
    not see, is refused as an item.
    """
    most = board_rules(await references.packs_in_force(tx, stamp.at)).most_items
    chosen = dict(orders)
    if len(chosen) < len(orders):
        raise NamedTwice(field="orders")
    return await _taken_down(tx, stamp, region, action, body, chosen, most)


async def begin_found(
    tx: Tx,
    stamp: Stamp,
    sight: Sight,
    action: Action,
    body: Mapping[str, Any],
    wanted: Wanted,
    chosen: Mapping[str, Any],
) -> BulkJob:
    """For the orders that a list would show now; what comes later is not among them.

    Raises NoOrders, TooManyOrders.
    """
    most = board_rules(await references.packs_in_force(tx, stamp.at)).most_items
    found: dict[UUID, int | None] = dict.fromkeys(await lists.ids(tx, wanted, sight, most + 1))
    return await _taken_down(tx, stamp, sight.region, action, body, found, most, chosen)


async def _taken_down(
    tx: Tx,
    stamp: Stamp,
    region: str,
    action: Action,
    body: Mapping[str, Any],
    orders: Mapping[UUID, int | None],
    most: int,
    chosen: Mapping[str, Any] | None = None,
) -> BulkJob:
    if not orders:
        raise NoOrders
    if len(orders) > most:
        raise TooManyOrders(most=most)
    job = _new(stamp, region, action, body, len(orders))
    job = replace(job, chosen=chosen)
    await bulk_jobs.add(tx, job, numbered(job.id, orders))
    record(tx, stamp, "bulk_job.begun", job.id, move=action, orders=len(orders))
    return job


def _new(stamp: Stamp, region: str, action: Action, body: Mapping[str, Any], total: int) -> BulkJob:
    id = JobId(new_id(stamp.at))
    return BulkJob(id, action, body, region, stamp.by, stamp.role, stamp.at, counts=Counts(total))


async def cancel(tx: Tx, stamp: Stamp, id: JobId, region: str) -> BulkJob:
    """What has not had its turn stays as it is; what a worker has in hand is still done.

    Raises NoSuchJob, JobIsOver.
    """
    job = await bulk_jobs.lock(tx, id, region)
    job.check_cancel()
    await bulk_jobs.mark_cancelled(tx, id, stamp.at, stamp.by)
    left = [_left(item, stamp) for item in await bulk_jobs.lock_waiting(tx, id)]
    await bulk_jobs.end(tx, id, left, stamp.at)
    record(tx, stamp, "bulk_job.cancelled", id, left=len(left))
    return await bulk_jobs.get(tx, id, region)


async def undo(tx: Tx, stamp: Stamp, id: JobId, region: str, because: str) -> BulkJob:
    """Another job, which takes back what this one did, the last first.

    Raises NoSuchJob, and what `check_undo` does.
    """
    first = await bulk_jobs.lock(tx, id, region)
    rules = board_rules(await references.packs_in_force(tx, stamp.at))
    first.check_undo(stamp.at, rules.undo_within)
    done = await bulk_jobs.done_items(tx, id)
    job = _new(stamp, region, first.action, {"because": because}, len(done))
    job = replace(job, undoes=first.id)
    orders = {item.order_id: None for item in done}
    before = {item.order_id: item.before for item in done}
    await bulk_jobs.add(tx, job, numbered(job.id, orders, before))
    record(tx, stamp, "bulk_job.undone", id, by_job=str(job.id), reason=because)
    return job


async def work_on(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    """One batch of one job, its items' outcomes with it: a restart goes on from there."""
    claimed = await bulk_jobs.claim(tx, min(limit, _BATCH))
    if claimed is None:
        return ()
    job, items = claimed
    if job.cancelled_at is not None:
        ended = [_left(item, stamp) for item in items]
    else:
        theirs = replace(stamp, by=job.by, role=job.role, cause=job.id)
        ended = [await _ended(tx, theirs, job, item) for item in items]
    await bulk_jobs.end(tx, job.id, ended, stamp.at)
    return ()


async def _ended(tx: Tx, stamp: Stamp, job: BulkJob, item: Item) -> Item:
    """How it ended. What fails on our side is refused too, so that it stops no other item."""
    try:
        async with tx.apart():
            before = await _done(tx, stamp, job, item)
        return replace(item, outcome=Outcome.DONE, before=before, at=stamp.at)
    except UNCHANGED as why:
        problem, outcome = written_refusal(why), Outcome.UNCHANGED
    except Refusal as why:
        problem, outcome = written_refusal(why), Outcome.REFUSED
    except Exception as error:
        if is_outage(error):
            raise
        log.error("bulk_item.failed", bulk_job_id=str(job.id), number=item.number, exc_info=error)
        problem, outcome = written(500, "internal-error"), Outcome.REFUSED
    return replace(item, outcome=outcome, problem=problem, at=stamp.at)


async def _done(tx: Tx, stamp: Stamp, job: BulkJob, item: Item) -> Mapping[str, Any]:
    aim = Aim(WorkOrderId(item.order_id), job.region, item.expected)
    before: Mapping[str, Any] = item.before
    if job.undoes is not None:
        await take_back(tx, stamp, aim, job.action, item, job.body)
    else:
        before = await do(tx, stamp, aim, job.action, job.body)
    noun = "undone_in_bulk" if job.undoes else "done_in_bulk"
    record(tx, stamp, f"order.{noun}", item.order_id, bulk_job=str(job.id), asked_for=job.action)
    return before


def _left(item: Item, stamp: Stamp) -> Item:
    return replace(item, outcome=Outcome.CANCELLED, at=stamp.at)
