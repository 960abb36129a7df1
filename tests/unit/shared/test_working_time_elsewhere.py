"""The same working time reckoned by somebody else, and by looking at every minute's wall clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import businesstimedelta
import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import compiled, read_definition

OFFICE = ["08:00-12:00", "14:00-18:00"]
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
HOLIDAYS = [date(2026, *on) for on in ((3, 30), (5, 1), (5, 4), (6, 19), (12, 25))]
ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York")
MINUTE = timedelta(minutes=1)


def ours(zone, hours=OFFICE):
    layer = {"name": "holidays", "closed": [{"date": str(day)} for day in HOLIDAYS]}
    data = {"zone": zone, "years": [2026], "week": dict.fromkeys(WORKWEEK, hours)}
    return compiled("ours", 1, read_definition(data | {"layers": [layer]}))


def theirs(zone):
    tz = pytz.timezone(zone)
    return businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(time(8), time(12), [0, 1, 2, 3, 4], tz=tz),
            businesstimedelta.WorkDayRule(time(14), time(18), [0, 1, 2, 3, 4], tz=tz),
            businesstimedelta.HolidayRule(HOLIDAYS, tz=tz),
        ]
    )


PAIRS = {zone: (ours(zone), theirs(zone)) for zone in ZONES}
SPRING = st.datetimes(
    datetime(2026, 3, 1),  # noqa: DTZ001
    datetime(2026, 6, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=60)
@given(st.sampled_from(ZONES), SPRING, st.timedeltas(MINUTE, timedelta(hours=60)))
def test_business_time_delta_agrees_on_deadlines(zone, start, working):
    """On those at closing time too: it ends a budget there, as we do (Request Tracker does not)."""
    calendar, rules = PAIRS[zone]
    delta = businesstimedelta.BusinessTimeDelta(rules, timedelta=working)
    assert calendar.add(start, working) == start + delta


@settings(max_examples=60)
@given(st.sampled_from(ZONES), SPRING, SPRING)
def test_business_time_delta_agrees_on_what_lies_between_to_the_second(zone, a, b):
    """It forgets fractions of a second and the order of the two."""
    calendar, rules = PAIRS[zone]
    counted = rules.difference(a, b).timedelta
    assert timedelta(0) <= abs(calendar.between(a, b)) - counted < timedelta(seconds=1)


def test_where_it_differs_nothing_is_used_up():
    """An empty budget: due at once by the closing-instant rule, at the next opening by theirs."""
    for calendar, rules in PAIRS.values():
        saturday = datetime(2026, 5, 9, 3, tzinfo=UTC)
        nothing = businesstimedelta.BusinessTimeDelta(rules, hours=0)
        assert calendar.add(saturday, timedelta(0)) == saturday
        assert saturday + nothing == calendar.add(saturday, MINUTE) - MINUTE


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/London", date(2026, 3, 29)),
        ("Europe/London", date(2026, 10, 25)),
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Asia/Shanghai", date(2026, 2, 14)),
    ],
)
def test_every_minute_of_the_wall_clock_is_counted(zone, night):
    """Three days around a night on which clocks are moved, and a make-up Saturday."""
    place, hours = ZoneInfo(zone), [(0, 6 * 60), (8 * 60, 12 * 60), (22 * 60, 24 * 60)]
    shifts = ["00:00-06:00", "08:00-12:00", "22:00-24:00"]
    layer = {"name": "make-up", "open": [{"date": str(night), "hours": shifts}]}
    data = {"zone": zone, "years": [2026], "week": dict.fromkeys(WORKWEEK, shifts)}
    calendar = compiled("night", 1, read_definition(data | {"layers": [layer]}))

    def is_open(at: datetime) -> bool:
        wall = at.astimezone(place)
        minute = wall.hour * 60 + wall.minute
        if wall.weekday() > 4 and wall.date() != night:
            return False
        return any(opens <= minute < closes for opens, closes in hours)

    begins = datetime.combine(night, time(0), place).astimezone(UTC) - timedelta(days=1)
    counted, at = timedelta(0), begins
    while at < begins + timedelta(days=3):
        assert calendar.between(begins, at) == counted
        if is_open(at):
            counted += MINUTE
            assert calendar.add(begins, counted) == at + MINUTE
        at += MINUTE
