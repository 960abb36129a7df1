"""The stretches of time that a clock has counted, as its ledger tells them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.workorders.domain.clock import NOTHING, Entry, What, worked
from shared.calendar import Calendar


class Mode(StrEnum):
    """How far back another policy reaches: the time used until now is kept, or reckoned anew."""

    FROM_CHANGE = "from_change"
    FROM_CREATION = "from_creation"


class Wrong(StrEnum):
    """What of a clock was wrong: when it started or stopped, or a stretch (not) counted."""

    STARTED_AT = "started_at"
    STOPPED_AT = "stopped_at"
    COUNTED = "counted"  # a stretch that did count
    NOT_COUNTED = "not_counted"  # a stretch that did not


@dataclass(frozen=True, slots=True)
class Correction:
    """How it was in truth. `until` belongs to a stretch, and only to it."""

    wrong: Wrong
    since: datetime
    until: datetime | None = None

    def as_data(self) -> dict[str, str]:
        until = {"until": self.until.isoformat()} if self.until else {}
        return {"wrong": self.wrong, "since": self.since.isoformat()} | until


def read_correction(data: Any) -> Correction:
    until = datetime.fromisoformat(data["until"]) if "until" in data else None
    return Correction(Wrong(data["wrong"]), datetime.fromisoformat(data["since"]), until)


@dataclass(frozen=True, slots=True)
class Run:
    """Time that counts, by this calendar; `until` None: it is still running."""

    since: datetime
    until: datetime | None
    calendar: Calendar

    def working(self, at: datetime) -> timedelta:
        """What of it was working time by `at`."""
        return worked(self.calendar, self.since, at if self.until is None else self.until)


Runs = tuple[Run, ...]
_ENDS = frozenset({What.PAUSED, What.MET, What.STOPPED, What.CANCELLED})


def runs_of(entries: Iterable[Entry]) -> Runs:
    """What a ledger counts, in order. The order in which its lines are given does not matter."""
    runs: Runs = ()
    for entry in sorted(entries, key=lambda e: e.n):
        runs = runs_after(runs, entry)
    return runs


def runs_after(runs: Runs, entry: Entry) -> Runs:
    """The stretches when this line is written below those that made `runs`."""
    if entry.what is What.STARTED:
        assert entry.terms is not None
        return (Run(entry.at, None, entry.terms.calendar),)
    if entry.what in _ENDS:
        return _closed(runs, entry.at)
    if entry.what is What.RESUMED:
        assert entry.terms is not None
        return (*_closed(runs, entry.at), Run(entry.at, None, entry.terms.calendar))
    if entry.what is What.RETARGETED:
        return _by_another(runs, entry)
    if entry.what is What.CORRECTED:
        return _corrected(runs, read_correction(entry.detail))
    return runs


def consumed(runs: Runs) -> timedelta:
    """The working time of all that is over."""
    return sum((run.working(run.since) for run in runs if run.until is not None), NOTHING)


def due_of(runs: Runs, budget: timedelta, stopped_at: datetime | None = None) -> datetime | None:
    """The earliest instant at which `budget` was used up; None when it rests before that.

    stopped_at: the stretch that was ended by it is taken as if it had gone on.
    """
    left = budget
    for run in runs:
        if run.until is None or run.until == stopped_at:
            return run.calendar.add(run.since, left)
        used = run.working(run.until)
        if used > left:
            return run.calendar.add(run.since, left)
        left -= used
    return None


def _closed(runs: Runs, at: datetime) -> Runs:
    if not runs or runs[-1].until is not None:
        return runs
    return (*runs[:-1], replace(runs[-1], until=max(at, runs[-1].since)))


def _by_another(runs: Runs, entry: Entry) -> Runs:
    assert entry.terms is not None
    calendar = entry.terms.calendar
    if entry.detail["mode"] == Mode.FROM_CREATION:
        return tuple(replace(run, calendar=calendar) for run in runs)
    if runs and runs[-1].until is None:
        return (*_closed(runs, entry.at), Run(entry.at, None, calendar))
    return runs


def _corrected(runs: Runs, correction: Correction) -> Runs:
    since, until = correction.since, correction.until
    if correction.wrong is Wrong.STARTED_AT:
        first = runs[0]
        if since < first.since:
            return (replace(first, since=since), *runs[1:])
        return _without(runs, first.since, since)
    if correction.wrong is Wrong.STOPPED_AT:
        last = runs[-1]
        if last.until is None or since > last.until:
            return (*runs[:-1], replace(last, until=max(since, last.since)))
        return _without(runs, since, last.until)
    assert until is not None
    if correction.wrong is Wrong.NOT_COUNTED:
        return _without(runs, since, until)
    rest = _without(runs, since, until)
    found = Run(since, until, _at(runs, since).calendar)
    return tuple(sorted((*rest, found), key=lambda run: run.since))


def _without(runs: Runs, since: datetime, until: datetime) -> Runs:
    """`runs` with nothing counted between these."""
    left: list[Run] = []
    for run in runs:
        if (run.until is not None and run.until <= since) or run.since >= until:
            left.append(run)
            continue
        if run.since < since:
            left.append(replace(run, until=since))
        if run.until is None or run.until > until:
            left.append(replace(run, since=until))
    return tuple(left)


def _at(runs: Sequence[Run], at: datetime) -> Run:
    """The stretch that `at` lies in, or the last before it."""
    return next((run for run in reversed(runs) if run.since <= at), runs[0])
