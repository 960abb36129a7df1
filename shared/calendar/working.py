"""Reckoning with working time: a calendar as sorted intervals with prefix sums.

Instants and sums are whole microseconds, so `add` and `between` are exact inverses of each other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.errors import Invalid

_NOTHING = timedelta(0)


class NoCalendar(Invalid):
    """No calendar is published for that year."""


class Interval(NamedTuple):
    """Working time without a break, UTC. At `closes_at` it is used up."""

    opens_at: datetime
    closes_at: datetime

    @property
    def working(self) -> timedelta:
        return self.closes_at - self.opens_at


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a calendar, ready to reckon with. Versions never change.

    Instants are timezone-aware; what is answered is UTC. The years from `begins_at` to `ends_at`
    are published. The first of the intervals is empty and stands at `begins_at`, so that every
    covered instant has one that opened before it.
    """

    name: str
    version: int
    zone: ZoneInfo
    years: range
    begins_at: datetime
    ends_at: datetime
    _opens: Sequence[datetime] = field(repr=False, compare=False)
    _closes: Sequence[datetime] = field(repr=False, compare=False)
    _used: Sequence[timedelta] = field(repr=False, compare=False)  # up to each close
    _zeros: Sequence[datetime] = field(repr=False, compare=False)  # closes minus used
    _days: Sequence[int] = field(repr=False, compare=False)  # dates with working time, as ordinals
    _ends: Sequence[datetime] = field(repr=False, compare=False)  # the last close of each of them

    def add(self, start: datetime, working: timedelta) -> datetime:
        """The earliest instant at which `working` time has been used up, counted from `start`.

        A budget that ends exactly at closing time ends *at* closing time, not at the next opening.
        Raises NoCalendar with the first year on the way that is not published, and ValueError when
        `working` is negative.
        """
        if start.tzinfo is not UTC:
            start = start.astimezone(UTC)
        number = bisect_right(self._opens, start) - 1
        if number < 0 or working <= _NOTHING:
            return self._at_once(start, working)
        used = start - self._zeros[number] if start < self._closes[number] else self._used[number]
        try:
            target = used + working
        except OverflowError:
            target = timedelta.max
        number = bisect_left(self._used, target)
        if number == len(self._used):
            raise self._unpublished(max(start, self.ends_at))
        return self._zeros[number] + target

    def between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from `a` to `b`; negative when `b` is the earlier. Raises NoCalendar."""
        return self._used_until(b) - self._used_until(a)

    def add_days(self, start: datetime, working_days: int) -> datetime:
        """The closing instant of the n-th working day after the day of `start`.

        The day of `start` in the calendar's zone is not counted, whether it is a working day or
        not; a working day is a date with any working time; a period in days ends when business
        ends on its last day. Raises NoCalendar, and ValueError when `working_days` is below one.
        Source: Civil Code of the PRC, art. 201 (the first day is not counted) and art. 203 (the
        last day ends at 24:00 or, where there are business hours, when business stops).
        """
        if working_days < 1:
            raise ValueError("at least one working day")
        if not self.begins_at <= start <= self.ends_at:
            raise self._unpublished(start)
        today = start.astimezone(self.zone).toordinal()
        number = bisect_right(self._days, today) + working_days - 1
        if number >= len(self._days):
            raise self._missing(self.years.stop)
        return self._ends[number]

    def day_after(self, start: datetime) -> datetime:
        """The first instant of the next date in the calendar's zone: working days count from it."""
        tomorrow = start.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self.zone).astimezone(UTC)

    def intervals(self, a: datetime, b: datetime, most: int | None = None) -> list[Interval]:
        """The working time from `a` to `b`, interval by interval, the first `most` of them.

        Raises NoCalendar.
        """
        first, last = a.astimezone(UTC), b.astimezone(UTC)
        for at in (first, last):
            if not self.begins_at <= at <= self.ends_at:
                raise self._unpublished(at)
        if last <= first:
            return []
        numbers = range(bisect_right(self._closes, first), bisect_left(self._opens, last))[:most]
        return [Interval(max(self._opens[n], first), min(self._closes[n], last)) for n in numbers]

    def working_days(self) -> list[date]:
        """The dates with working time, in order."""
        return [date.fromordinal(day) for day in self._days]

    def covers(self, year: int) -> bool:
        """Whether this year is published."""
        return year in self.years

    def _used_until(self, at: datetime) -> timedelta:
        """The working time before `at` since the calendar begins. Raises NoCalendar."""
        if at.tzinfo is not UTC:
            at = at.astimezone(UTC)
        number = bisect_right(self._opens, at) - 1
        if number < 0 or at > self.ends_at:
            raise self._unpublished(at)
        if at < self._closes[number]:
            return at - self._zeros[number]
        return self._used[number]

    def _at_once(self, start: datetime, working: timedelta) -> datetime:
        if not self.begins_at <= start <= self.ends_at:
            raise self._unpublished(start)
        return _not_backwards(start, working)

    def _unpublished(self, at: datetime) -> NoCalendar:
        return self._missing(at.astimezone(self.zone).year)

    def _missing(self, year: int) -> NoCalendar:
        return NoCalendar(
            f"the calendar {self.name} has no year {year}",
            calendar=self.name,
            calendar_version=self.version,
            year=year,
            published=list(self.years),
        )


class _Always(Calendar):
    """Natural time: it never closes, and no year is missing."""

    __slots__ = ()

    def add(self, start: datetime, working: timedelta) -> datetime:
        if working <= _NOTHING:
            return _not_backwards(start.astimezone(UTC), working)
        return start.astimezone(UTC) + working

    def between(self, a: datetime, b: datetime) -> timedelta:
        return b.astimezone(UTC) - a.astimezone(UTC)

    def add_days(self, start: datetime, working_days: int) -> datetime:
        """It has no closing instant: a day is 24 hours. Raises ValueError below one."""
        if working_days < 1:
            raise ValueError("at least one working day")
        return start.astimezone(UTC) + timedelta(days=working_days)

    def day_after(self, start: datetime) -> datetime:
        """At once: its days are 24 hours from any instant."""
        return start.astimezone(UTC)

    def intervals(self, a: datetime, b: datetime, most: int | None = None) -> list[Interval]:
        whole = Interval(a.astimezone(UTC), b.astimezone(UTC))
        return [whole] if whole.opens_at < whole.closes_at else []

    def covers(self, year: int) -> bool:
        return True


def _not_backwards(start: datetime, working: timedelta) -> datetime:
    if working < _NOTHING:
        raise ValueError("working time can't be negative")
    return start


def build(
    name: str,
    version: int,
    zone: ZoneInfo,
    years: range,
    span: Interval,
    by_date: Iterable[tuple[int, Sequence[Interval]]],
) -> Calendar:
    """A calendar of the intervals of each local date (its ordinal); in order, and disjoint."""
    intervals = [Interval(span.opens_at, span.opens_at)]
    used = [_NOTHING]
    days: list[int] = []
    ends: list[datetime] = []
    total = _NOTHING
    for day, its_intervals in by_date:
        for interval in its_intervals:
            total += interval.working
            used.append(total)
        if its_intervals:
            intervals += its_intervals
            days.append(day)
            ends.append(its_intervals[-1].closes_at)
    return Calendar(
        name,
        version,
        zone,
        years,
        span.opens_at,
        span.closes_at,
        _opens=tuple(interval.opens_at for interval in intervals),
        _closes=tuple(interval.closes_at for interval in intervals),
        _used=tuple(used),
        _zeros=tuple(
            interval.closes_at - until for interval, until in zip(intervals, used, strict=True)
        ),
        _days=tuple(days),
        _ends=tuple(ends),
    )


_AN_AGE = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
ALWAYS: Calendar = _Always(
    "always", 1, ZoneInfo("UTC"), range(1, 10_000), *_AN_AGE, (), (), (), (), (), ()
)
