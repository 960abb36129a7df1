"""Why a clock is due when it is due: what it counted, and its ledger in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.workorders.domain.clock import Clock, Entry, State, Terms, What, Whose
from services.workorders.domain.counted import Mode, Runs, Wrong, read_correction, runs_after
from services.workorders.domain.ledger import fold, moved_on


@dataclass(frozen=True, slots=True)
class Counted:
    """Working time without a break, by this version of a calendar."""

    since: datetime
    until: datetime
    calendar: str
    calendar_version: int

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


def counted(runs: Runs, at: datetime, most: int) -> tuple[list[Counted], bool]:
    """Each interval counted by `at`, the first `most` of them, and whether there are more."""
    found: list[Counted] = []
    for run in runs:
        until = min(at if run.until is None else run.until, run.calendar.ends_at)
        if until > run.since and len(found) <= most:
            intervals = run.calendar.intervals(run.since, until, most + 1 - len(found))
            found += [Counted(*one, run.calendar.name, run.calendar.version) for one in intervals]
    return found[:most], len(found) > most


def ahead(clock: Clock, at: datetime, most: int) -> tuple[list[Counted], bool]:
    """Each interval that will be counted until it is due."""
    if clock.state is not State.ARMED or clock.due_at is None or clock.running_since is None:
        return [], False
    calendar, since = clock.terms.calendar, max(at, clock.running_since)
    if since >= clock.due_at:
        return [], False
    found = calendar.intervals(since, clock.due_at, most + 1)
    shown = [Counted(*one, calendar.name, calendar.version) for one in found[:most]]
    return shown, len(found) > most


def as_it_was(whose: Whose, entries: Sequence[Entry]) -> Clock | None:
    """The clock before its first correction; None when nothing was corrected."""
    first = next((entry.n for entry in entries if entry.what is What.CORRECTED), None)
    return fold(whose, [entry for entry in entries if entry.n < first]) if first else None


def in_words(
    whose: Whose, entries: Sequence[Entry], at: datetime, zone: ZoneInfo
) -> tuple[list[str], str]:
    """The story of a clock, a sentence for each line of its ledger; and why it is as it is."""
    clock: Clock | None = None
    runs: Runs = ()
    words: list[str] = []
    for entry in entries:
        runs = runs_after(runs, entry)
        clock = moved_on(clock or whose, entry, runs)
        words.append(f"{_when(entry.at, zone)}: {_said(entry, clock, zone)}")
    assert clock is not None
    return words, " ".join(_because(clock, at, zone))


def _said(entry: Entry, clock: Clock, zone: ZoneInfo) -> str:
    used = _long(clock.consumed)
    match entry.what:
        case What.STARTED:
            stops = ", ".join(sorted(clock.terms.stops))
            return f"started, {_budget(clock)}, until one of: {stops}"
        case What.PAUSED:
            return f"rested from here ({entry.reason}, {entry.by}); {used} used"
        case What.RESUMED:
            return f"went on{_reason(entry)}; {used} used, {_left(clock)} left"
        case What.RETARGETED:
            kept = entry.detail["mode"] == Mode.FROM_CHANGE
            how = "what was used is kept" if kept else "measured again from the start"
            return f"another limit{_reason(entry)} by {entry.by}: {_budget(clock)}; {how}: {used}"
        case What.CORRECTED:
            return f"corrected{_reason(entry)}: {_correction(entry, zone)}; {used} used"
        case What.MERGED | What.UNMERGED:
            does = "does from here on" if entry.what is What.MERGED else "does no longer"
            return f"{does} as the clocks of the order that it follows"
        case What.STOPPED | What.MET | What.CANCELLED:
            return f"{entry.what}{_reason(entry)}; {used} of {_long(clock.budget)} used"
        case What.ACKNOWLEDGED:
            return f"taken up by {entry.by}: nobody else is told"
    return _by_itself(entry, zone)


def _by_itself(entry: Entry, zone: ZoneInfo) -> str:
    """What it did when it was due, and how late."""
    assert entry.due_at is not None
    late = f"due at {_when(entry.due_at, zone)}, {entry.late_ms} ms before"
    if entry.what is What.WARNED:
        return f"warning {entry.repetition} ({late})"
    if entry.what is What.ESCALATED:
        return f"step {entry.step} of its ladder, time {entry.repetition} ({late})"
    return f"breached: all of it was used up ({late})"


def _because(clock: Clock, at: datetime, zone: ZoneInfo) -> Iterator[str]:
    """The last word: why it is due then, or what became of it."""
    used, whole = _long(clock.used(at)), _long(clock.budget)
    if clock.state is State.PAUSED:
        yield f"Not due while it rests ({clock.paused_because}): {used} of {whole} used."
    elif clock.state is State.ARMED and clock.due_at and clock.running_since:
        since = _when(clock.running_since, zone)
        yield f"Due at {_when(clock.due_at, zone)}: the {_left(clock)} left at {since} end then."
    elif clock.state is State.BREACHED and clock.due_at:
        yield f"Due at {_when(clock.due_at, zone)}, and not done by then: {used} of {whole} used."
    else:
        yield f"{clock.state.capitalize()} with {used} of {whole} used."
    limit = clock.terms.limit
    if limit is not None:
        sure = "UNVERIFIED: its source could not be seen" if limit.unverified else limit.certainty
        yield f"Limit by {clock.policy} {clock.policy_version} ({sure}): {limit.source}."


def _budget(clock: Clock) -> str:
    terms: Terms = clock.terms
    kind = "of natural time"
    if terms.calendar.name != "always":
        kind = f"of working time ({terms.calendar.name}, version {terms.calendar.version})"
    days = terms.limit.target.days if terms.limit else None
    told = f"{days} working days, that is " if days else ""
    return f"{told}{_long(clock.budget)} {kind} by {terms.policy} {terms.policy_version}"


def _correction(entry: Entry, zone: ZoneInfo) -> str:
    told = read_correction(entry.detail)
    since = _when(told.since, zone)
    if told.until is None:
        verb = "started" if told.wrong is Wrong.STARTED_AT else "stopped"
        return f"it {verb} at {since}"
    does = "counts" if told.wrong is Wrong.COUNTED else "does not count"
    return f"{since} to {_when(told.until, zone)} {does}"


def _reason(entry: Entry) -> str:
    return f" ({entry.reason})" if entry.reason else ""


def _left(clock: Clock) -> str:
    return _long(clock.budget - clock.consumed)


def _when(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return local.isoformat(" ", "seconds" if not local.microsecond else "milliseconds")


def _long(time: timedelta) -> str:
    """`2 h 5 min 30 s`."""
    sign = "-" if time < timedelta(0) else ""
    seconds = abs(time).total_seconds()
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{hours:.0f} h" if hours else "", f"{minutes:.0f} min" if minutes else ""]
    if seconds or not (hours or minutes):
        parts.append(f"{seconds:g} s")
    return sign + " ".join(part for part in parts if part)
