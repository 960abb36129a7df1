"""A clock is what its ledger says: each line moves it on, and all lines together make it anew."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from services.workorders.domain.clock import NOTHING, Clock, Entry, State, What, Whose
from services.workorders.domain.counted import (
    Mode,
    Runs,
    Wrong,
    consumed,
    due_of,
    read_correction,
    runs_after,
)
from services.workorders.domain.values import replacing
from services.workorders.domain.waking import next_wake

_Changes = dict[str, Any]
_with, _entry_with = replacing(Clock), replacing(Entry)


def fold(whose: Whose, entries: Iterable[Entry]) -> Clock:
    """The clock that these lines make, in whatever order they are given."""
    clock: Clock | None = None
    runs: Runs = ()
    for entry in sorted(entries, key=lambda e: e.n):
        runs = runs_after(runs, entry)
        clock = moved_on(clock or whose, entry, runs)
    if clock is None:
        raise ValueError(f"an empty ledger: {whose.id}")
    return clock


def moved_on(clock: Clock | Whose, entry: Entry, runs: Runs = ()) -> Clock:
    """`clock` when this line has been written.

    runs: the stretches it counts from then on, for lines that look back (retargeted, corrected).
    """
    if entry.what is What.STARTED:
        changed = _started(clock, entry)
    else:
        assert isinstance(clock, Clock)
        look_back = _LOOKS_BACK.get(entry.what)
        changes = look_back(clock, entry, runs) if look_back else _MOVES[entry.what](clock, entry)
        changed = _with(clock, **changes, entries=entry.n, changed_at=entry.at)
    for name, value in zip(("wake_at", "wake"), next_wake(changed), strict=True):
        object.__setattr__(changed, name, value)  # it is nobody else's yet
    return changed


def _started(whose: Clock | Whose, entry: Entry) -> Clock:
    """From nothing, also when it has run before."""
    assert entry.terms is not None
    assert entry.budget is not None
    return Clock(
        id=whose.id,
        order_id=whose.order_id,
        kind=whose.kind,
        generation=entry.generation,
        terms=entry.terms,
        budget=entry.budget,
        started_at=entry.at,
        team=entry.team,
        running_since=entry.at,
        due_at=entry.terms.calendar.add(entry.at, entry.budget),
        entries=entry.n,
        changed_at=entry.at,
    )


def _paused(clock: Clock, entry: Entry) -> _Changes:
    changes: _Changes = _rested(clock, entry.at) | {"paused_because": entry.reason}
    if clock.state is State.ARMED:
        changes |= {"state": State.PAUSED, "due_at": None}
    return changes


def _resumed(clock: Clock, entry: Entry) -> _Changes:
    """Also after it had stopped, when its order was reopened."""
    assert entry.terms is not None
    changes: _Changes = {
        "terms": entry.terms,
        "running_since": entry.at,
        "paused_because": None,
        "stopped_at": None,
        "generation": entry.generation,
    }
    if clock.fired_at is None:
        left = max(NOTHING, clock.budget - clock.consumed)
        due_at = entry.terms.calendar.add(entry.at, left)
        changes |= {"state": State.ARMED, "due_at": due_at}
    return changes


def _warned(clock: Clock, entry: Entry) -> _Changes:
    return {"warned": entry.repetition, "warned_at": clock.warned_at or entry.at}


def _breached(clock: Clock, entry: Entry) -> _Changes:
    """Its ladder begins anew."""
    return {
        "state": State.BREACHED,
        "fired_at": entry.at,
        "escalated_to": None,
        "acknowledged_at": None,
    }


def _ended(clock: Clock, entry: Entry) -> _Changes:
    state = State(entry.what) if entry.what is not What.STOPPED else clock.state
    rest = _rested(clock, entry.at)
    return rest | {"state": state, "stopped_at": entry.at, "paused_because": None}


def _rested(clock: Clock, at: datetime) -> _Changes:
    return {"consumed": clock.used(at), "running_since": None}


def _retargeted(clock: Clock, entry: Entry, runs: Runs) -> _Changes:
    assert entry.terms is not None
    assert entry.budget is not None
    changes: _Changes = {"terms": entry.terms, "budget": entry.budget}
    if entry.detail["mode"] == Mode.FROM_CREATION:
        return changes | _reckoned(_with(clock, **changes), entry, runs)
    used = clock.used(entry.at)
    left = entry.budget - used
    changes["consumed"] = used
    if clock.running_since is not None:
        changes["running_since"] = entry.at
    if clock.fired_at is not None and left <= NOTHING:
        return changes
    due_at = None
    if clock.running_since is not None:
        due_at = entry.terms.calendar.add(entry.at, max(NOTHING, left))
    return changes | {"due_at": due_at} | _not_breached(clock, entry, rests=due_at is None)


def _corrected(clock: Clock, entry: Entry, runs: Runs) -> _Changes:
    correction = read_correction(entry.detail)
    changes: _Changes = {}
    if correction.wrong is Wrong.STARTED_AT:
        changes["started_at"] = correction.since
    if correction.wrong is Wrong.STOPPED_AT:
        changes |= {"stopped_at": correction.since, "paused_because": None}
    return changes | _reckoned(_with(clock, **changes), entry, runs)


def _reckoned(clock: Clock, entry: Entry, runs: Runs) -> _Changes:
    """Everything anew from the stretches it counts."""
    running = runs[-1].since if runs and runs[-1].until is None else None
    due_at = due_of(runs, clock.budget, clock.stopped_at)
    changes: _Changes = {
        "consumed": consumed(runs),
        "running_since": running,
        "due_at": due_at,
    }
    late = due_at is not None and due_at < (clock.stopped_at or entry.at)
    if clock.state is State.CANCELLED or (late and clock.fired_at is not None):
        return changes
    return changes | _not_breached(clock, entry, rests=running is None)


def _not_breached(clock: Clock, entry: Entry, *, rests: bool) -> _Changes:
    """As it stands when it has not breached (yet): perhaps not any more."""
    state = State.MET if clock.ended else State.PAUSED if rests else State.ARMED
    changes: _Changes = {"state": state, "generation": entry.generation}
    if clock.fired_at is not None:
        changes |= {"fired_at": None, "escalated_to": None, "acknowledged_at": None}
    return changes


_MOVES: Mapping[What, Callable[[Clock, Entry], _Changes]] = {
    What.PAUSED: _paused,
    What.RESUMED: _resumed,
    What.WARNED: _warned,
    What.BREACHED: _breached,
    What.ESCALATED: lambda _, entry: {"escalated_to": entry.at},
    What.ACKNOWLEDGED: lambda _, entry: {"acknowledged_at": entry.at},
    What.MET: _ended,
    What.STOPPED: _ended,
    What.CANCELLED: _ended,
    What.MERGED: lambda _, entry: {"mirrors": entry.master_id},
    What.UNMERGED: lambda _, entry: {"mirrors": None},
}
_LOOKS_BACK: Mapping[What, Callable[[Clock, Entry, Runs], _Changes]] = {
    What.RETARGETED: _retargeted,
    What.CORRECTED: _corrected,
}


class Page:
    """A clock in somebody's hands: each line that is written moves it on.

    at: the moment of whoever writes. A ledger is in the order of time: no line is dated before
    the one above it, whatever the clocks of two machines say.
    """

    __slots__ = ("at", "by", "clock", "lines")

    def __init__(self, clock: Clock | Whose, by: str, at: datetime) -> None:
        self.clock: Any = clock
        self.by, self.at = by, at
        self.lines: list[Entry] = []

    def write(self, what: What, at: datetime | None = None, runs: Runs = (), **more: Any) -> Entry:
        clock = self.clock
        known = isinstance(clock, Clock)
        n = clock.entries + 1 if known else 1
        when = at or self.at
        if known and clock.changed_at > when:
            when = clock.changed_at
        more.setdefault("generation", clock.generation if known else 1)
        entry = Entry(clock.id, n, what, when, self.at, self.by, **more)
        if what in _LOOKS_BACK:
            runs = runs_after(runs, entry)
        self.clock = moved_on(clock, entry, runs)
        if what in _SAYS_DUE:
            now = self.clock
            entry = _entry_with(entry, due_at=now.due_at, generation=now.generation)
        self.lines.append(entry)
        return entry


_SAYS_DUE = frozenset({What.STARTED, What.RESUMED, What.RETARGETED, What.CORRECTED})
