"""What an operator writes is read as meant, or refused with the place of the mistake."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from shared.calendar import (
    BadCalendar,
    NoCalendar,
    PublishedYear,
    as_data,
    compiled,
    read_definition,
)

OFFICE = ["08:00-12:00", "14:00-18:00"]
GOOD: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "years": [2025, 2026],
    "week": {"mon": OFFICE, "tue": OFFICE},
    "seasons": [
        {"from": "2026-05-01", "to": "2026-06-30", "week": {"mon": ["07:00-13:00"]}},
        {"from": "2026-07-01", "to": "2026-09-30", "week": {"tue": ["07:00-13:00"]}},
    ],
    "layers": [
        {
            "name": "holidays",
            "source": "somebody",
            "closed": [{"date": "2026-02-15", "to": "2026-02-23", "why": "spring"}],
            "open": [{"date": "2026-02-28", "hours": OFFICE, "why": "make-up day"}],
        },
        {
            "name": "ours",
            "each_year": True,
            "closed": [{"date": "2025-03-03"}, {"date": "2026-03-02"}],
        },
    ],
    "warn_days": 60,
}
GONE = object()


def spoilt(*path: Any, to: Any) -> dict[str, Any]:
    """GOOD with one place changed, or removed."""
    data: Any = deepcopy(GOOD)
    place = data
    for step in path[:-1]:
        place = place[step]
    if to is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


def lunar(source: str, year: int) -> PublishedYear | None:
    """A country of our own: two holidays and a make-up day; nothing after 2026."""
    if source != "moon":
        raise BadCalendar("there is no such source of holidays", at="holidays.source")
    if year > 2026:
        return None
    rest = {date(year, 1, 1): "new moon", date(year, 1, 2): "new moon", date(year, 6, 1): "full"}
    return PublishedYear(rest, {date(year, 6, 6): "for the full moon"})


def test_what_was_read_is_written_in_one_way():
    definition = read_definition(GOOD)
    assert read_definition(as_data(definition)) == definition
    assert as_data(read_definition(as_data(definition))) == as_data(definition)


def test_the_order_in_which_exceptions_are_written_does_not_matter():
    first, second = {"date": "2025-03-03"}, {"date": "2026-03-02"}
    turned = spoilt("layers", 1, "closed", to=[second, first | {"to": "2025-03-03"}])
    assert as_data(read_definition(turned)) == as_data(read_definition(GOOD))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (spoilt("zone", to="Mars/Olympus"), "zone"),
        (spoilt("zone", to="../../etc/passwd"), "zone"),
        (spoilt("zone", to=""), "zone"),
        (spoilt("zone", to=8), "zone"),
        (spoilt("zone", to=GONE), "zone"),
        (spoilt("years", to=GONE), "years"),
        (spoilt("years", to=[]), "years"),
        (spoilt("years", to="2026"), "years"),
        (spoilt("years", to=[2025, "2026"]), "years.1"),
        (spoilt("years", to=[2025, True]), "years.1"),
        (spoilt("years", to=[2025, 2027]), "years.1"),
        (spoilt("years", to=[2026, 2025]), "years.1"),
        (spoilt("years", to=[1066]), "years.0"),
        (spoilt("years", to=list(range(2000, 2040))), "years"),
        (spoilt("week", to=GONE), "week"),
        (spoilt("week", "sunday", to=OFFICE), "week"),
        (spoilt("week", "mon", to="08:00-12:00"), "week.mon"),
        (spoilt("week", "mon", to=["8-12"]), "week.mon.0"),
        (spoilt("week", "mon", to=["08:00-12:00", "11:59-18:00"]), "week.mon.1"),
        (spoilt("week", "mon", to=["14:00-18:00", "08:00-12:00"]), "week.mon.1"),
        (spoilt("week", "mon", to=["12:00-08:00"]), "week.mon.0"),
        (spoilt("week", "mon", to=["08:00-08:00"]), "week.mon.0"),
        (spoilt("week", "mon", to=["20:00-24:01"]), "week.mon.0"),
        (spoilt("week", "mon", to=["08:60-12:00"]), "week.mon.0"),
        (spoilt("week", "mon", to=["08:00-09:00"] * 20), "week.mon"),
        (spoilt("seasons", 1, "from", to="2026-06-30"), "seasons.1"),
        (spoilt("seasons", 0, "to", to="2026-04-30"), "seasons.0.to"),
        (spoilt("seasons", 0, "week", "mon", to=["7"]), "seasons.0.week.mon.0"),
        (spoilt("layers", to={}), "layers"),
        (spoilt("layers", 0, to="holidays"), "layers.0"),
        (spoilt("layers", 0, "name", to=""), "layers.0.name"),
        (spoilt("layers", 0, "kind", to="x"), "layers.0"),
        (spoilt("layers", 0, "each_year", to="yes"), "layers.0.each_year"),
        (spoilt("layers", 0, "each_year", to=True), "layers.0"),
        (spoilt("layers", 0, "closed", 0, "date", to="2026-02-30"), "layers.0.closed.0.date"),
        (spoilt("layers", 0, "closed", 0, "date", to="2027-02-15"), "layers.0.closed.0.to"),
        (spoilt("layers", 0, "closed", 0, "to", to="2027-02-15"), "layers.0.closed.0.to"),
        (spoilt("layers", 0, "closed", 0, "to", to="2026-02-28"), "layers.0.open.0"),
        (spoilt("layers", 0, "closed", 0, "hours", to=OFFICE), "layers.0.closed.0"),
        (spoilt("layers", 0, "open", 0, "hours", to=GONE), "layers.0.open.0.hours"),
        (spoilt("layers", 0, "open", 0, "hours", to=[]), "layers.0.open.0.hours"),
        (spoilt("layers", 0, "open", 0, "hours", to=["09:00-x"]), "layers.0.open.0.hours.0"),
        (spoilt("layers", 1, "closed", 1, "date", to="2025-03-03"), "layers.1.closed.1"),
        (spoilt("layers", 1, "closed", 1, to=GONE), "layers.1"),
        (spoilt("warn_days", to=-1), "warn_days"),
        (spoilt("warn_days", to=60.5), "warn_days"),
        (spoilt("holidays", to={"source": "cn"}), "calendar"),
        (spoilt("colour", to="red"), "calendar"),
    ],
)
def test_a_mistake_is_refused_with_its_place(data, place):
    with pytest.raises(BadCalendar) as refused:
        read_definition(data)
    assert refused.value.facts["at"] == place


def with_holidays(covered: Any = (2025, 2026), **more: Any) -> dict[str, Any]:
    said = {"source": "moon", "hours": OFFICE, **more}
    return {"zone": "UTC", "years": list(covered), "week": {"mon": OFFICE}, "holidays": said}


def test_holidays_are_written_out_and_need_no_library_again():
    definition = read_definition(with_holidays(), lunar)
    [layer] = as_data(definition)["layers"]
    assert layer["closed"][0] == {"date": "2025-01-01", "to": "2025-01-02", "why": "new moon"}
    assert [day["date"] for day in layer["open"]] == ["2025-06-06", "2026-06-06"]
    assert layer["open"][0]["hours"] == OFFICE
    assert read_definition(as_data(definition)) == definition
    calendar = compiled("moon", 1, definition)
    assert date(2026, 6, 6) in calendar.working_days()
    assert date(2026, 6, 1) not in calendar.working_days()


def test_what_the_operator_writes_wins_over_the_source():
    ours = {"name": "ours", "open": [{"date": "2026-06-01", "hours": OFFICE}]}
    calendar = compiled("moon", 1, read_definition(with_holidays() | {"layers": [ours]}, lunar))
    assert date(2026, 6, 1) in calendar.working_days()
    assert date(2025, 6, 1) not in calendar.working_days()


@pytest.mark.parametrize("more", [{}, {"years": [2025, 2026, 2027]}])
def test_a_year_that_the_source_does_not_publish_is_refused(more):
    with pytest.raises(NoCalendar, match="2027") as refused:
        read_definition(with_holidays([2025, 2026, 2027], **more), lunar)
    assert refused.value.facts["year"] == 2027
    assert refused.value.facts["at"] in ("years.2", "holidays.years.2")


def test_a_year_that_nobody_wrote_is_a_hole_until_somebody_writes_it():
    data = with_holidays([2025, 2026, 2027], years=[2025, 2026])
    with pytest.raises(BadCalendar, match="a hole: no dates for 2027") as refused:
        read_definition(data, lunar)
    assert (refused.value.facts["at"], refused.value.facts["year"]) == ("holidays", 2027)
    data["holidays"]["closed"] = [{"date": "2027-01-01", "why": "announced"}]
    assert read_definition(data, lunar).years == (2025, 2026, 2027)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"source": "sun"}, "holidays.source"),
        ({"source": None}, "holidays.source"),
        ({"hours": None}, "holidays.hours"),
        ({"hours": ["18:00-08:00"]}, "holidays.hours.0"),
        ({"years": [2024, 2025]}, "holidays.years.0"),
        ({"years": [2025, 2025]}, "holidays.years.1"),
        ({"closed": [{"date": "2026-01-02"}]}, "holidays.closed.0"),
        ({"open": [{"date": "2026-01-05"}]}, "holidays.open.0.hours"),
        ({"colour": "red"}, "holidays"),
    ],
)
def test_a_mistake_about_holidays_has_its_place_too(more, place):
    with pytest.raises(BadCalendar) as refused:
        read_definition(with_holidays(**more), lunar)
    assert refused.value.facts["at"] == place
