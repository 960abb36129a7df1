"""What an operator writes: zone, years, a week of shifts, seasons, and layers of dated exceptions.

    zone: Asia/Shanghai
    years: [2025, 2026]                              # others are an error, never a guess
    week: {mon: ["08:00-12:00", "14:00-18:00"], ...} # days left out are closed
    seasons:                                         # another week between two dates
      - {from: 2026-05-01, to: 2026-09-30, week: {...}}
    holidays:                                        # written out as the first layer when read
      source: cn                                     # or a country of `holidays`: GB, GB-ENG
      years: [2025, 2026]                            # published there; without: all years
      hours: ["08:00-12:00", "14:00-18:00"]          # of the make-up days
    layers:                                          # later layers win
      - name: our hall
        source: ...
        each_year: false                             # true: a year without a date is a hole
        closed: [{date: 2026-03-02, to: 2026-03-04, why: new counters}]
        open: [{date: 2026-03-07, hours: ["08:00-12:00"], why: make-up day}]
    warn_days: 60                                    # say so that long before the years end

A mistake is refused with its place, such as `layers.0.open.2.hours.1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.errors import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class BadCalendar(Invalid):
    """The calendar does not say what it must."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Open from one minute of the day to another; 1440 is midnight at its end."""

    opens: int
    closes: int


Shifts = tuple[Shift, ...]
Week = tuple[Shifts, ...]  # seven, Monday first


@dataclass(frozen=True, slots=True)
class Season:
    """Another week from the first to the last date, both included."""

    first: date
    last: date
    week: Week


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Dates with hours of their own; none: closed."""

    first: date
    last: date
    hours: Shifts
    why: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """Exceptions of one origin: public holidays, a local closure.

    each_year: each year covered has some; without, its dates have not been published.
    """

    name: str
    source: str
    days: tuple[Exceptional, ...]
    each_year: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A calendar as written, checked. `_own` is what the layers say of a date, by date."""

    zone: str
    years: tuple[int, ...]
    week: Week
    seasons: tuple[Season, ...]
    layers: tuple[Layer, ...]
    warn_days: int = 0
    _own: Mapping[date, Shifts] = field(default_factory=dict, repr=False, compare=False)

    def hours_on(self, day: date) -> Shifts:
        """The shifts of that date."""
        own = self._own.get(day)
        if own is not None:
            return own
        week = next((s.week for s in self.seasons if s.first <= day <= s.last), self.week)
        return week[day.weekday()]


def as_data(definition: Definition) -> dict[str, Any]:
    """The one way of writing this definition: equal definitions give equal data."""
    return {
        "zone": definition.zone,
        "years": list(definition.years),
        "week": _week_data(definition.week),
        "seasons": [
            {"from": str(s.first), "to": str(s.last), "week": _week_data(s.week)}
            for s in definition.seasons
        ],
        "layers": [
            {
                "name": layer.name,
                "source": layer.source,
                "each_year": layer.each_year,
                "closed": [_day_data(day) for day in layer.days if not day.hours],
                "open": [
                    _day_data(day) | {"hours": _shifts_data(day.hours)}
                    for day in layer.days
                    if day.hours
                ],
            }
            for layer in definition.layers
        ],
        "warn_days": definition.warn_days,
    }


def _day_data(day: Exceptional) -> dict[str, Any]:
    return {"date": str(day.first), "to": str(day.last), "why": day.why}


def _week_data(week: Week) -> dict[str, list[str]]:
    return {name: _shifts_data(week[n]) for n, name in enumerate(WEEKDAYS) if week[n]}


def _shifts_data(shifts: Shifts) -> list[str]:
    return [f"{_clock(shift.opens)}-{_clock(shift.closes)}" for shift in shifts]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
