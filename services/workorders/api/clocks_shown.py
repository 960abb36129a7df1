"""What clocks, their ledgers and corrections look like from outside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.workorders.api.shown import ClockOut, clock_shown
from services.workorders.domain.burned import Burned, left, left_in_case
from services.workorders.domain.clock import Clock, Entry, State, What
from services.workorders.domain.correcting import Proposal, Standing
from services.workorders.domain.counted import Wrong
from shared.http import Shown


class ClockDetail(ClockOut):
    """A clock now. `left_seconds`: of its own budget; below zero it is overspent.

    `budget_left_seconds`: for a step, also of the promises that it is part of. `source`: who says
    so; `unverified`: that could not be seen. `wake`: what it does next by itself.
    """

    work_order_id: UUID
    as_of: datetime
    used_seconds: float
    left_seconds: float
    budget_left_seconds: float | None
    source: str | None
    average: bool
    ladder: str | None
    warned: int
    acknowledged_at: datetime | None
    follows: UUID | None
    wake_at: datetime | None
    wake: What | None
    entries: int


class SpentOut(Shown):
    """What went by of the promise while this step ran; `share` is of the promise's budget."""

    clock_id: UUID
    kind: str
    generation: int
    team: str | None
    seconds: float
    share: float


class BurnedOut(Shown):
    """`between_steps_seconds`: while no internal step was clocked."""

    clock_id: UUID
    kind: str
    generation: int
    budget_seconds: float
    used_seconds: float
    steps: list[SpentOut]
    between_steps_seconds: float


class ClocksOut(Shown):
    """All clocks of an order, and who burned the time of its promises."""

    as_of: datetime
    clocks: list[ClockDetail]
    burned: list[BurnedOut]


class IntervalOut(Shown):
    """Working time without a break, by this version of a calendar."""

    since: datetime
    until: datetime
    seconds: float
    calendar: str
    calendar_version: int


class LineOut(Shown):
    """A line of the ledger."""

    n: int
    what: What
    at: datetime
    recorded_at: datetime
    by: str
    generation: int
    reason: str | None
    policy: str | None
    policy_version: str | None
    calendar: str | None
    calendar_version: int | None
    budget_seconds: float | None
    due_at: datetime | None
    late_ms: int | None
    step: int | None
    repetition: int | None
    master_id: UUID | None
    detail: dict[str, Any]


class CorrectionOut(Shown):
    id: UUID
    wrong: Wrong
    since: datetime
    until: datetime | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    standing: Standing
    decided_by: str | None
    decided_at: datetime | None
    decided_because: str | None


class ExplanationOut(Shown):
    """Each interval that was counted, and those that will be; `cut`: there are more.

    `counted_seconds` is all of it, also what is cut. `words` tell the ledger, `because` why it is
    due then. `original_due_at`, `original_state`: before the first correction, if there was one.
    """

    clock: ClockDetail
    counted: list[IntervalOut]
    counted_cut: bool
    counted_seconds: float
    ahead: list[IntervalOut]
    ahead_cut: bool
    ledger: list[LineOut]
    ledger_cut: bool
    corrections: list[CorrectionOut]
    original_due_at: datetime | None
    original_state: State | None
    words: list[str]
    because: str


class DifferenceOut(Shown):
    column: str
    stored: str
    rebuilt: str


class RebuiltOut(Shown):
    """`equal`: the row said exactly what its ledger says; else it does now."""

    equal: bool
    entries: int
    different: list[DifferenceOut]
    clock: ClockDetail


def detail(clock: Clock, others: Iterable[Clock], at: datetime) -> ClockDetail:
    limit = clock.terms.limit
    step_left = left_in_case(clock, others, at)
    return ClockDetail(
        **clock_shown(clock),
        work_order_id=clock.order_id,
        as_of=at,
        used_seconds=clock.used(at).total_seconds(),
        left_seconds=left(clock, at).total_seconds(),
        budget_left_seconds=step_left.total_seconds() if step_left is not None else None,
        source=limit.source if limit else None,
        average=limit.average if limit else False,
        ladder=limit.ladder if limit else None,
        warned=clock.warned,
        acknowledged_at=clock.acknowledged_at,
        follows=clock.mirrors,
        wake_at=clock.wake_at,
        wake=clock.wake,
        entries=clock.entries,
    )


def burned_shown(one: Burned) -> BurnedOut:
    clock, budget = one.clock, one.clock.budget
    return BurnedOut(
        clock_id=clock.id,
        kind=clock.kind,
        generation=clock.generation,
        budget_seconds=budget.total_seconds(),
        used_seconds=one.used.total_seconds(),
        steps=[
            SpentOut(
                clock_id=spent.clock.id,
                kind=spent.clock.kind,
                generation=spent.clock.generation,
                team=spent.clock.team,
                seconds=spent.used.total_seconds(),
                share=round(spent.used / budget, 4),
            )
            for spent in one.spent
        ],
        between_steps_seconds=one.between_steps.total_seconds(),
    )


def line_shown(line: Entry) -> LineOut:
    terms = line.terms
    return LineOut(
        n=line.n,
        what=line.what,
        at=line.at,
        recorded_at=line.recorded_at,
        by=line.by,
        generation=line.generation,
        reason=line.reason,
        policy=terms.policy if terms else None,
        policy_version=terms.policy_version if terms else None,
        calendar=terms.calendar.name if terms else None,
        calendar_version=terms.calendar.version if terms else None,
        budget_seconds=line.budget.total_seconds() if line.budget is not None else None,
        due_at=line.due_at,
        late_ms=line.late_ms,
        step=line.step,
        repetition=line.repetition,
        master_id=line.master_id,
        detail=dict(line.detail),
    )


def correction_shown(one: Proposal) -> CorrectionOut:
    return CorrectionOut(
        id=one.id,
        wrong=one.correction.wrong,
        since=one.correction.since,
        until=one.correction.until,
        reason=one.reason,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        standing=one.standing,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        decided_because=one.decided_because,
    )
