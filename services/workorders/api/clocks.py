"""Clocks over HTTP: how they stand, why they are due, who burned the time, corrections."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Strict

from services.workorders.api.clocks_shown import (
    ClockDetail,
    ClocksOut,
    CorrectionOut,
    DifferenceOut,
    ExplanationOut,
    IntervalOut,
    RebuiltOut,
    burned_shown,
    correction_shown,
    detail,
    line_shown,
)
from services.workorders.api.shown import READERS, Seen
from services.workorders.domain.burned import burned
from services.workorders.domain.clock import Clock
from services.workorders.domain.counted import Correction, Wrong, consumed, runs_of
from services.workorders.domain.explaining import ahead, as_it_was, counted, in_words
from services.workorders.store import clocks, corrections, ledgers, orders
from services.workorders.use_cases import clock_changes
from shared.auth import Called, may
from shared.db import Tx
from shared.http import Body, Expected, Instant, Stamped, Transaction, Words, etag_of
from shared.idempotency import AnsweredOnce

router = APIRouter(prefix="/v1", tags=["clocks"])

_MOST_INTERVALS, _MOST_LINES = 200, 500


class CorrectionIn(Body):
    """How it was in truth: an instant, or a stretch from `since` to `until`."""

    wrong: Annotated[Wrong, Strict(False)]
    since: Instant
    until: Instant | None = None
    reason: Words


class RejectionIn(Body):
    reason: Words


@router.get("/work-orders/{id}/clocks", dependencies=[may(*READERS)])
async def of_order(tx: Transaction, stamp: Stamped, aim: Seen) -> ClocksOut:
    """Every clock of an order, and how much of each promise went by during which step."""
    order = await orders.get(tx, aim)
    found = (await clocks.of_orders(tx, [order.id]))[order.id]
    lines = await ledgers.of_clocks(tx, [clock.id for clock in found])
    runs = [(clock, runs_of(lines[clock.id])) for clock in found]
    return ClocksOut(
        as_of=stamp.at,
        clocks=[detail(clock, found, stamp.at) for clock in found],
        burned=[burned_shown(one) for one in burned(runs, stamp.at)],
    )


@router.get("/clocks/{id}", dependencies=[may(*READERS)])
async def read(
    tx: Transaction, stamp: Stamped, caller: Called, response: Response, id: UUID
) -> ClockDetail:
    clock, _ = await clocks.get(tx, id, caller.region)
    return await _answer(tx, response, clock, stamp.at)


@router.get("/clocks/{id}/explanation", dependencies=[may(*READERS)])
async def explain(
    tx: Transaction, stamp: Stamped, caller: Called, response: Response, id: UUID
) -> ExplanationOut:
    """What was counted, by which calendars and policies, and why it is due when it is due."""
    clock, _ = await clocks.get(tx, id, caller.region)
    lines = (await ledgers.of_clocks(tx, [id]))[id]
    runs = runs_of(lines)
    intervals, cut = counted(runs, stamp.at, _MOST_INTERVALS)
    coming, more = ahead(clock, stamp.at, _MOST_INTERVALS)
    words, because = in_words(clock.whose, lines, stamp.at, tx.zone)
    open_run = runs[-1].working(stamp.at) if runs and runs[-1].until is None else timedelta(0)
    original = as_it_was(clock.whose, lines)
    return ExplanationOut(
        clock=await _answer(tx, response, clock, stamp.at),
        counted=[IntervalOut.model_validate(one) for one in intervals],
        counted_cut=cut,
        counted_seconds=(consumed(runs) + open_run).total_seconds(),
        ahead=[IntervalOut.model_validate(one) for one in coming],
        ahead_cut=more,
        ledger=[line_shown(line) for line in lines[:_MOST_LINES]],
        ledger_cut=len(lines) > _MOST_LINES,
        corrections=[correction_shown(one) for one in await corrections.of_clock(tx, id)],
        original_due_at=original.due_at if original else None,
        original_state=original.state if original else None,
        words=words[:_MOST_LINES],
        because=because,
    )


@router.post(
    "/clocks/{id}/correction",
    status_code=201,
    response_model=CorrectionOut,
    dependencies=[may("supervisor")],
)
async def propose(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    once: AnsweredOnce,
    expected: Expected,
    id: UUID,
    body: CorrectionIn,
) -> Response:
    """Say how it was in truth. It counts when another supervisor has confirmed it.

    Needs an `Idempotency-Key`; repeating the request gives the same answer.
    """
    told = Correction(body.wrong, body.since, body.until)
    proposal = await clock_changes.propose_correction(
        tx, stamp, id, caller.region, expected, told, body.reason
    )
    return once.answer(correction_shown(proposal))


@router.post("/clocks/{id}/correction/confirmation", dependencies=[may("supervisor")])
async def confirm(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    expected: Expected,
    response: Response,
    id: UUID,
) -> ClockDetail:
    """The second person agrees: the clock is as it was in truth; what it said before is kept."""
    clock = await clock_changes.confirm_correction(tx, stamp, id, caller.region, expected)
    return await _answer(tx, response, clock, stamp.at)


@router.post("/clocks/{id}/correction/rejection", dependencies=[may("supervisor")])
async def reject(
    tx: Transaction, stamp: Stamped, caller: Called, id: UUID, body: RejectionIn
) -> CorrectionOut:
    """It was not so; who proposed it may take it back."""
    return correction_shown(
        await clock_changes.reject_correction(tx, stamp, id, caller.region, body.reason)
    )


@router.post("/clocks/{id}/rebuild", dependencies=[may("ops")])
async def rebuild(
    tx: Transaction, stamp: Stamped, caller: Called, response: Response, id: UUID
) -> RebuiltOut:
    """Make the clock anew from its ledger, and say whether its row said the same."""
    await clocks.get(tx, id, caller.region)
    [found] = await clock_changes.rebuild(tx, stamp, [id])
    return RebuiltOut(
        equal=not found.different,
        entries=found.clock.entries,
        different=[
            DifferenceOut(column=name, stored=str(stored), rebuilt=str(rebuilt))
            for name, (stored, rebuilt) in sorted(found.different.items())
        ],
        clock=await _answer(tx, response, found.clock, stamp.at),
    )


async def _answer(tx: Tx, response: Response, clock: Clock, at: datetime) -> ClockDetail:
    response.headers["etag"] = etag_of(clock.entries)
    others = (await clocks.of_orders(tx, [clock.order_id]))[clock.order_id]
    return detail(clock, others, at)
