"""What happens to a clock: it starts, rests, goes on, stops, fires; it is corrected."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.workorders.domain.clock import Clock, State, Terms, What
from services.workorders.domain.counted import Correction, Mode, Runs
from services.workorders.domain.ledger import Page
from services.workorders.domain.limit import Target
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.waking import rungs_due, warnings_due
from shared.calendar import ALWAYS, Calendar

MERGED = "merged"  # why a clock rests while its order follows another


def budget_of(target: Target, calendar: Calendar, at: datetime) -> timedelta:
    """How much time that is. So many working days are what lies between `at` and their end."""
    if target.time is not None:
        return target.time
    assert target.days is not None
    return calendar.between(at, calendar.add_days(at, target.days))


def as_told(terms: Terms, at: datetime, due_at: datetime) -> tuple[Terms, timedelta]:
    """The terms and the budget by which a clock is due when the customer was told."""
    budget = terms.calendar.between(at, due_at)
    if terms.calendar.add(at, budget) == due_at:
        return terms, budget
    return replace(terms, calendar=ALWAYS), due_at - at


def start(
    page: Page, terms: Terms, budget: timedelta, at: datetime, generation: int, team: str | None
) -> None:
    """It counts from `at`; on a clock that has run before, from nothing."""
    page.write(What.STARTED, at, terms=terms, budget=budget, generation=generation, team=team)


def go_on(page: Page, generation: int, reason: str) -> None:
    """A stopped clock runs again, with what it has used."""
    page.write(What.RESUMED, terms=page.clock.terms, generation=generation, reason=reason)


def stop(page: Page) -> None:
    """What it waited for has happened: met, or breached when that is too late."""
    if page.clock.ended:
        return
    _catch_up(page)
    page.write(What.STOPPED if page.clock.state is State.BREACHED else What.MET)


def give_up(page: Page, reason: str) -> None:
    """It will not be waited for any more: no verdict, unless it is too late already."""
    if page.clock.ended:
        return
    _catch_up(page)
    what = What.STOPPED if page.clock.state is State.BREACHED else What.CANCELLED
    page.write(what, reason=reason)


def pause(page: Page, reason: str, since: datetime | None = None) -> None:
    """It rests, since then or from now on, and has neither an end nor a breach until it goes on."""
    if page.clock.ended or page.clock.paused_because is not None:
        return
    _catch_up(page, since)
    page.write(What.PAUSED, since, reason=reason)


def resume(page: Page, at: datetime | None = None, by: Terms | None = None) -> None:
    """It goes on, since `at`; what it should have done since then it does late.

    by: its terms with a newer version of the calendar. Raises NoCalendar when it needs one.
    """
    if not page.clock.ended and page.clock.paused_because is not None:
        page.write(What.RESUMED, at, terms=by or page.clock.terms)


def follow(page: Page, master: WorkOrderId) -> None:
    """From now on the facts of `master` are its facts too."""
    if not page.clock.ended:
        page.write(What.MERGED, master_id=master)


def stand_alone(page: Page) -> None:
    if page.clock.mirrors is not None:
        page.write(What.UNMERGED)


def acknowledge(page: Page) -> None:
    """Somebody has taken it up: its ladder is climbed no further."""
    if not page.clock.ended and page.clock.acknowledged_at is None:
        page.write(What.ACKNOWLEDGED)


def fire(page: Page) -> None:
    """Do what is due: the breach, or the last warning missed; then each step of the ladder once."""
    if page.clock.overdue(page.at):
        _breach(page)
    elif page.clock.state is State.ARMED and (warning := warnings_due(page.clock, page.at)):
        number, due_at = warning
        page.write(What.WARNED, repetition=number, due_at=due_at, late_ms=_late(page, due_at))
    if page.clock.terms.ladder is not None and not page.clock.ended:
        for rung in rungs_due(page.clock, page.at):
            page.write(
                What.ESCALATED,
                step=rung.step,
                repetition=rung.repetition,
                due_at=rung.due_at,
                late_ms=_late(page, rung.due_at),
            )


def retarget(
    page: Page, terms: Terms, target: Target, mode: Mode, runs: Runs, generation: int, reason: str
) -> None:
    """Another limit, by another policy, class or calendar; the rests are kept.

    From the change on: what is used stays used. From creation: it is measured again.
    generation: the one it gets if it turns out not to have breached.
    """
    clock: Clock = page.clock
    if clock.ended:
        return
    _catch_up(page)
    clock = page.clock
    page.write(
        What.RETARGETED,
        runs=runs,
        terms=terms,
        budget=budget_of(target, terms.calendar, clock.started_at),
        detail={"mode": mode},
        reason=reason,
        generation=generation if clock.state is State.BREACHED else clock.generation,
    )
    _catch_up(page)


def correct(
    page: Page, correction: Correction, runs: Runs, generation: int, reason: str, asked_by: str
) -> None:
    """As it was in truth. What was written before stays."""
    clock: Clock = page.clock
    page.write(
        What.CORRECTED,
        runs=runs,
        detail=correction.as_data() | {"asked_by": asked_by},
        reason=reason,
        generation=generation if clock.fired_at is not None else clock.generation,
    )
    _catch_up(page)


def _catch_up(page: Page, by: datetime | None = None) -> None:
    """Breach what should have breached by then (now), also what had stopped too late."""
    clock: Clock = page.clock
    if clock.state in (State.BREACHED, State.CANCELLED) or clock.due_at is None:
        return
    if clock.due_at < (clock.stopped_at or by or page.at):
        _breach(page)


def _breach(page: Page) -> None:
    due_at = page.clock.due_at
    page.write(What.BREACHED, due_at=due_at, late_ms=_late(page, due_at))


def _late(page: Page, due_at: datetime) -> int:
    return round((page.at - due_at).total_seconds() * 1000)
