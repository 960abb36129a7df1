"""Reading what an operator wrote, with the place of the first mistake."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shared.calendar.definition import (
    WEEKDAYS,
    BadCalendar,
    Definition,
    Exceptional,
    Layer,
    Season,
    Shift,
    Shifts,
    Week,
)
from shared.calendar.working import NoCalendar

_KNOWN = frozenset({"zone", "years", "week", "seasons", "layers", "warn_days"})
_SHIFT = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])", re.ASCII)
_FIRST_YEAR, _LAST_YEAR, _MOST_YEARS, _MOST_SHIFTS, _MOST_DAYS = 2000, 2199, 30, 12, 2000
_DAY_MINUTES, _ONE_DAY = 24 * 60, timedelta(days=1)
_Span = tuple[date, date, str]  # first and last date, and where it stands


class PublishedYear(NamedTuple):
    """What a source says of a year: its holidays and make-up working days, each with its name."""

    closed: Mapping[date, str]
    open: Mapping[date, str]


# By source and year; None when that year is not published. Raises BadCalendar: no such source.
Published = Callable[[str, int], PublishedYear | None]


def read_definition(data: Mapping[str, Any], published: Published | None = None) -> Definition:
    """A definition from its JSON or YAML; `holidays` become a layer of their own, in front.

    Raises BadCalendar with the place of the mistake, and NoCalendar when the source of holidays
    publishes no such year.
    """
    _only(data, _KNOWN if published is None else _KNOWN | {"holidays"}, "")
    years = _years(data.get("years"))
    layers = [_layer(one, years, f"layers.{n}") for n, one in enumerate(_list(data, "layers", ""))]
    if published is not None and data.get("holidays") is not None:
        layers.insert(0, _holidays(data["holidays"], years, published))
    seasons = tuple(
        _season(one, years, f"seasons.{n}") for n, one in enumerate(_list(data, "seasons", ""))
    )
    _apart([(s.first, s.last, f"seasons.{n}") for n, s in enumerate(seasons)])
    own = {
        day: exceptional.hours
        for layer in layers
        for exceptional in layer.days
        for day in _dates(exceptional.first, exceptional.last)
    }
    return Definition(
        zone=_zone(data.get("zone")),
        years=years,
        week=_week(data.get("week"), "week"),
        seasons=seasons,
        layers=tuple(layers),
        warn_days=_whole(data.get("warn_days", 0), 0, 366, "warn_days"),
        _own=own,
    )


def _holidays(value: Any, years: Sequence[int], published: Published) -> Layer:
    """The holidays and make-up days that a source publishes, and dates written beside them."""
    at, data = "holidays", _mapping(value, "holidays")
    _only(data, frozenset({"source", "years", "hours", "closed", "open"}), at)
    source = _text(data.get("source"), f"{at}.source", least=1)
    hours = _shifts(data.get("hours") or [], f"{at}.hours")
    wanted, where = (data["years"], f"{at}.years") if data.get("years") else (years, "years")
    days, spans = _exceptions(data, years, at)
    for number, year in enumerate(_years(wanted, where)):
        place = f"{where}.{number}"
        if year not in years:
            raise BadCalendar(f"{year} is not among the years covered", at=place)
        found = published(source, year)
        if found is None:
            raise NoCalendar(
                f"the source {source} has no year {year}", source=source, year=year, at=place
            )
        if found.open and not hours:
            raise BadCalendar(
                f"{year} has make-up working days: name their hours", at=f"{at}.hours"
            )
        theirs = [*_runs(found.closed, ()), *_runs(found.open, hours)]
        days += theirs
        spans += [(day.first, day.last, place) for day in theirs]
    _apart(spans)
    return _each_year(Layer("public holidays", source, _in_order(days), each_year=True), years, at)


def _runs(dates: Mapping[date, str], hours: Shifts) -> list[Exceptional]:
    """Days on end with one name are one exception."""
    runs: list[Exceptional] = []
    for day, why in sorted(dates.items()):
        if runs and runs[-1].why == why and runs[-1].last == day - _ONE_DAY:
            runs[-1] = replace(runs[-1], last=day)
        else:
            runs.append(Exceptional(day, day, hours, why))
    return runs


def _each_year(layer: Layer, years: Sequence[int], at: str) -> Layer:
    told = {day.first.year for day in layer.days} | {day.last.year for day in layer.days}
    for year in years:
        if layer.each_year and year not in told:
            raise BadCalendar(f"a hole: no dates for {year}", at=at, year=year)
    return layer


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except (ValueError, OSError, TypeError, KeyError) as error:
        raise BadCalendar("there is no such time zone", at="zone") from error


def _years(value: Any, at: str = "years") -> tuple[int, ...]:
    """One after the other. Raises BadCalendar at a hole."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise BadCalendar("name the years that it covers", at=at)
    if len(value) > _MOST_YEARS:
        raise BadCalendar(f"at most {_MOST_YEARS} years", at=at)
    years = tuple(
        _whole(year, _FIRST_YEAR, _LAST_YEAR, f"{at}.{n}") for n, year in enumerate(value)
    )
    for number, (year, following) in enumerate(itertools.pairwise(years), start=1):
        if following != year + 1:
            raise BadCalendar(f"a hole: {year + 1} must follow {year}", at=f"{at}.{number}")
    return years


def _week(value: Any, at: str) -> Week:
    week = _mapping(value, at)
    _only(week, frozenset(WEEKDAYS), at)
    return tuple(_shifts(week.get(day) or [], f"{at}.{day}") for day in WEEKDAYS)


def _shifts(value: Any, at: str) -> Shifts:
    """In order, without overlap; one may begin where another ends."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadCalendar('a list such as ["08:00-12:00", "14:00-18:00"]', at=at)
    if len(value) > _MOST_SHIFTS:
        raise BadCalendar(f"at most {_MOST_SHIFTS} shifts a day", at=at)
    shifts = [_shift(text, f"{at}.{n}") for n, text in enumerate(value)]
    for number, (before, shift) in enumerate(itertools.pairwise(shifts), start=1):
        if shift.opens < before.closes:
            raise BadCalendar(
                "it begins before the shift above has ended: shifts overlap, or are out of order",
                at=f"{at}.{number}",
            )
    return tuple(shifts)


def _shift(text: Any, at: str) -> Shift:
    match = _SHIFT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise BadCalendar("write a shift like 08:00-12:00", at=at)
    hour, minute, to_hour, to_minute = map(int, match.groups())
    shift = Shift(hour * 60 + minute, to_hour * 60 + to_minute)
    if shift.closes > _DAY_MINUTES:
        raise BadCalendar("a day ends at 24:00", at=at)
    if shift.closes <= shift.opens:
        raise BadCalendar("it ends before it begins; what passes midnight is two shifts", at=at)
    return shift


def _season(value: Any, years: Sequence[int], at: str) -> Season:
    season = _mapping(value, at)
    _only(season, frozenset({"from", "to", "week"}), at)
    first, last = _span(season, "from", years, at)
    return Season(first, last, _week(season.get("week"), f"{at}.week"))


def _layer(value: Any, years: Sequence[int], at: str) -> Layer:
    layer = _mapping(value, at)
    _only(layer, frozenset({"name", "source", "each_year", "closed", "open"}), at)
    name = _text(layer.get("name"), f"{at}.name", least=1)
    each_year = layer.get("each_year", False)
    if not isinstance(each_year, bool):
        raise BadCalendar("true or false", at=f"{at}.each_year")
    days, spans = _exceptions(layer, years, at)
    _apart(spans)
    source = _text(layer.get("source", ""), f"{at}.source")
    return _each_year(Layer(name, source, _in_order(days), each_year), years, at)


def _exceptions(
    data: Mapping[str, Any], years: Sequence[int], at: str
) -> tuple[list[Exceptional], list[_Span]]:
    """The dates closed and open, and where each stands."""
    days, spans = [], []
    for kind in ("closed", "open"):
        for number, one in enumerate(_list(data, kind, at)):
            place = f"{at}.{kind}.{number}"
            day = _exceptional(_mapping(one, place), kind == "open", years, place)
            days.append(day)
            spans.append((day.first, day.last, place))
    if len(days) > _MOST_DAYS:
        raise BadCalendar(f"at most {_MOST_DAYS} exceptions a layer", at=at)
    return days, spans


def _in_order(days: list[Exceptional]) -> tuple[Exceptional, ...]:
    return tuple(sorted(days, key=lambda day: day.first))


def _exceptional(
    data: Mapping[str, Any], is_open: bool, years: Sequence[int], at: str
) -> Exceptional:
    _only(data, frozenset({"date", "to", "why"} | ({"hours"} if is_open else set())), at)
    first, last = _span(data, "date", years, at)
    hours = _shifts(data.get("hours") or [], f"{at}.hours")
    if is_open and not hours:
        raise BadCalendar("a day declared open names its hours", at=f"{at}.hours")
    return Exceptional(first, last, hours, _text(data.get("why", ""), f"{at}.why"))


def _span(data: Mapping[str, Any], begins: str, years: Sequence[int], at: str) -> tuple[date, date]:
    """First and last date, both included; without `to` one day."""
    first = _date(data.get(begins), f"{at}.{begins}")
    last = _date(data["to"], f"{at}.to") if data.get("to") is not None else first
    if last < first:
        raise BadCalendar("it ends before it begins", at=f"{at}.to")
    for day, key in ((first, begins), (last, "to")):
        if not years[0] <= day.year <= years[-1]:
            raise BadCalendar(f"{day.year} is not among the years covered", at=f"{at}.{key}")
    return first, last


def _apart(spans: list[_Span]) -> None:
    """No date twice. Raises BadCalendar at the later of two spans that meet."""
    in_order = sorted(spans)
    for (_, last, place), (first, _, other) in itertools.pairwise(in_order):
        if first <= last:
            raise BadCalendar(f"{first} is in {place} already", at=other)


def _dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _date(value: Any, at: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadCalendar("a date such as 2026-02-14", at=at) from error


def _whole(value: Any, least: int, most: int, at: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadCalendar(f"a whole number from {least} to {most}", at=at)
    return value


def _text(value: Any, at: str, least: int = 0) -> str:
    if not isinstance(value, str) or not least <= len(value) <= 200:
        raise BadCalendar(f"a text of {least} to 200 characters", at=at)
    return value


def _mapping(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadCalendar("names with values", at=at)
    return value


def _list(data: Mapping[str, Any], name: str, at: str) -> Sequence[Any]:
    value = data.get(name)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadCalendar("a list", at=f"{at}.{name}".lstrip("."))
    return value


def _only(data: Mapping[str, Any], known: frozenset[str], at: str) -> None:
    for name in data:
        if name not in known:
            raise BadCalendar(f"{str(name)[:40]} is not known here", at=at or "calendar")
