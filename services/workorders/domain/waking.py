"""When a clock does something by itself: warn, breach, climb its ladder."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.workorders.domain.clock import NOTHING, Clock, State, What
from services.workorders.domain.ladder import Numbered, Step

_MICROSECOND = timedelta(microseconds=1)


class Rung(NamedTuple):
    """A step of the ladder for the n-th time, both from 1 on, and when that was due."""

    step: int
    repetition: int
    due_at: datetime


def next_wake(clock: Clock) -> tuple[datetime | None, What | None]:
    """When, and what it does then. (None, None) when it waits for nothing but others."""
    if clock.ended:
        return None, None
    found: list[tuple[datetime, What]] = []
    if clock.due_at is not None and clock.state is State.ARMED:
        found.append((clock.due_at, What.BREACHED))
        warning = _warning_at(clock, clock.warned)
        if warning is not None and warning < clock.due_at:
            found.append((warning, What.WARNED))
    rung = _next_rung_at(clock)
    if rung is not None:
        found.append((rung, What.ESCALATED))
    return min(found) if found else (None, None)


def warnings_due(clock: Clock, at: datetime) -> tuple[int, datetime] | None:
    """The last warning that should have been given before `at`, from 1 on, and when."""
    due = None
    number = clock.warned
    while (when := _warning_at(clock, number)) is not None and when < at:
        number += 1
        due = (number, when)
    return due


def rungs_due(clock: Clock, at: datetime) -> list[Rung]:
    """What the ladder asks for by `at`, each step once, however often it was missed."""
    due = []
    origin, steps = _steps(clock)
    for number, step in steps:
        last = _said_by(step, origin, at)
        if last > 0:
            when = _time(step, origin, last)
            if clock.escalated_to is None or when > clock.escalated_to:
                due.append(Rung(number, last, when))
    return due


def _next_rung_at(clock: Clock) -> datetime | None:
    to, first = clock.escalated_to, None
    origin, steps = _steps(clock)
    for _, step in steps:
        said = 0 if to is None else _said_by(step, origin, to)
        if said < step.times:
            when = _time(step, origin, said + 1)
            first = when if first is None or when < first else first
    return first


def _steps(clock: Clock) -> tuple[datetime, Numbered]:
    """The steps that count now, and the instant they are reckoned from."""
    ladder = clock.terms.ladder
    if ladder is not None and clock.acknowledged_at is None:
        if clock.state is State.BREACHED and clock.fired_at is not None:
            return clock.fired_at, ladder.breached
        if clock.state is State.ARMED and clock.warned_at is not None:
            return clock.warned_at, ladder.warned
    return clock.started_at, ()


def _time(step: Step, origin: datetime, repetition: int) -> datetime:
    """When the step speaks for the n-th time. Its quiet hours only hold back the words."""
    return origin + step.after + (step.every or NOTHING) * (repetition - 1)


def _said_by(step: Step, origin: datetime, at: datetime) -> int:
    """How often the step should have spoken by `at`, that instant included."""
    since = at - origin - step.after
    if since < NOTHING:
        return 0
    return min(step.times, since // step.every + 1) if step.every else step.times


def _warning_at(clock: Clock, number: int) -> datetime | None:
    """When the warning after `number` others is due; None when there is none."""
    limit = clock.terms.limit
    if limit is None or number >= len(limit.warnings) or clock.running_since is None:
        return None
    whole = clock.budget // _MICROSECOND
    shares = sorted(
        timedelta(microseconds=int(whole * one.share))
        if one.share is not None
        else max(NOTHING, clock.budget - (one.before or NOTHING))
        for one in limit.warnings
    )
    left = max(NOTHING, shares[number] - clock.consumed)
    return clock.terms.calendar.add(clock.running_since, left)
