"""Who burned the time: how much of each promise went by during which internal step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.workorders.domain.clock import NOTHING, Clock
from services.workorders.domain.counted import Runs
from shared.calendar import Calendar

_Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step, and the team that had it, used of the promise's own time."""

    clock: Clock
    used: timedelta


@dataclass(frozen=True, slots=True)
class Burned:
    """A promised clock, what it has used, by whom; `between_steps`: while no step was clocked.

    Steps that run side by side are each counted in full.
    """

    clock: Clock
    used: timedelta
    spent: list[Spent]
    between_steps: timedelta


def burned(clocks: Iterable[tuple[Clock, Runs]], at: datetime) -> list[Burned]:
    """For each promise among the clocks of an order."""
    known = list(clocks)
    steps = [(clock, _stretches(runs, at)) for clock, runs in known if not clock.promised]
    found = []
    for promise, runs in known:
        if not promise.promised:
            continue
        used = sum((run.working(at) for run in runs), NOTHING)
        spent = [Spent(step, _within(runs, its, at)) for step, its in steps]
        any_step = _union([one for _, its in steps for one in its])
        rest = used - _within(runs, any_step, at)
        found.append(Burned(promise, used, [one for one in spent if one.used], rest))
    return found


def left(clock: Clock, at: datetime) -> timedelta:
    """What is left of its own budget; negative when it is overspent."""
    return clock.budget - clock.used(at)


def left_in_case(clock: Clock, clocks: Iterable[Clock], at: datetime) -> timedelta | None:
    """What is left for this step: of its own budget, and of every promise that it is part of.

    None when nothing is waited for, or nothing is due.
    """
    if clock.ended:
        return None
    dues = [
        one.due_at
        for one in clocks
        if one.promised and one.due_at is not None and not one.ended and one.id != clock.id
    ]
    own = left(clock, at)
    if clock.promised or not dues:
        return own
    return min(own, _signed(clock.terms.calendar, at, min(dues)))


def _signed(calendar: Calendar, at: datetime, due_at: datetime) -> timedelta:
    """The working time until then; negative when it is past."""
    last = calendar.ends_at
    return calendar.between(min(at, last), min(due_at, last))


def _within(runs: Runs, stretches: Sequence[_Stretch], at: datetime) -> timedelta:
    """How much of what `runs` count lies in these stretches."""
    total = NOTHING
    for run, (first, last) in ((run, one) for run in runs for one in stretches):
        since, until = max(run.since, first), min(run.until or at, last, run.calendar.ends_at)
        if until > since:
            total += run.calendar.between(since, until)
    return total


def _stretches(runs: Runs, at: datetime) -> list[_Stretch]:
    return [(run.since, run.until or at) for run in runs if (run.until or at) > run.since]


def _union(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """The same time, no moment of it twice."""
    joined: list[_Stretch] = []
    for since, until in sorted(stretches):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined
