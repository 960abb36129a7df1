"""The arrangement as published: State Council of the PRC for 2025 and 2026; England and Wales."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import BadCalendar, NoCalendar, compiled, read_definition
from shared.holidays import published

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = ["08:00-12:00", "14:00-18:00"]
WORKWEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)

# General Office of the State Council: notices of 2024-11-12 (for 2025) and 2025-11-04 (for 2026).
MAKE_UP = {
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}
OFF = {
    2025: [
        ("01-01", "01-01"),
        ("01-28", "02-04"),
        ("04-04", "04-06"),
        ("05-01", "05-05"),
        ("05-31", "06-02"),
        ("10-01", "10-08"),
    ],
    2026: [
        ("01-01", "01-03"),
        ("02-15", "02-23"),
        ("04-04", "04-06"),
        ("05-01", "05-05"),
        ("06-19", "06-21"),
        ("09-25", "09-27"),
        ("10-01", "10-07"),
    ],
}


def day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")


@pytest.fixture(scope="module")
def office():
    data = {"zone": "Asia/Shanghai", "years": [2025, 2026], "week": WORKWEEK}
    holidays = {"source": "cn", "hours": OFFICE}
    return compiled("cn-office", 1, read_definition(data | {"holidays": holidays}, published))


@pytest.mark.parametrize("year", [2025, 2026])
def test_china_rests_and_makes_up_as_the_state_council_arranged(year):
    found = published("cn", year)
    assert found is not None
    assert sorted(found.open) == [day(year, text) for text in MAKE_UP[year]]
    off = []
    for first, last in OFF[year]:
        length = (day(year, last) - day(year, first)).days + 1
        off += [day(year, first) + timedelta(days=n) for n in range(length)]
    assert sorted(found.closed) == off


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_calendar_of_it_works_on_those_days(office, year):
    working = {day for day in office.working_days() if day.year == year}
    assert {day(year, text) for text in MAKE_UP[year]} <= working
    assert len(working) == {2025: 248, 2026: 248}[year]


def test_working_days_pass_over_the_spring_festival(office):
    """Saturday the 14th is worked, then nine days are free."""
    friday = datetime(2026, 2, 13, 9, 30, tzinfo=CHINA)
    assert office.add_days(friday, 1) == datetime(2026, 2, 14, 18, tzinfo=CHINA)
    assert office.add_days(friday, 2) == datetime(2026, 2, 24, 18, tzinfo=CHINA)
    assert office.add_days(friday, 6) == datetime(2026, 2, 28, 18, tzinfo=CHINA)
    assert office.add(friday, timedelta(hours=6, minutes=30)) == datetime(
        2026, 2, 13, 18, tzinfo=CHINA
    )


def test_what_is_not_published_is_not_guessed():
    assert published("cn", 2099) is None
    assert published("cn", 2003) is None
    assert published("GB-ENG", 2199) is None
    assert published("AE", 2045) is None, "the library estimates when the moon will be seen"
    data = {"zone": "Asia/Shanghai", "years": [2026, 2027, 2028], "week": WORKWEEK}
    with pytest.raises(NoCalendar) as refused:
        read_definition(data | {"holidays": {"source": "cn", "hours": OFFICE}}, published)
    assert refused.value.facts["at"].startswith("years.")


def test_bank_holidays_of_england_and_wales():
    found = published("GB-ENG", 2026)
    assert found is not None
    assert sorted(found.closed) == [
        date(2026, *on)
        for on in ((1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 26), (12, 28))
    ]


def test_other_countries_have_make_up_days_too():
    found = published("HU", 2025)
    assert found is not None
    assert sorted(found.open) == [date(2025, 5, 17), date(2025, 10, 18), date(2025, 12, 13)]


@pytest.mark.parametrize("source", ["XX", "GB-XYZ", "", "cn-js", "../GB"])
def test_an_unknown_source_is_refused(source):
    with pytest.raises(BadCalendar) as refused:
        published(source, 2026)
    assert refused.value.facts["at"] == "holidays.source"
