"""Working time: exact, its two directions inverse, whatever the zone does to its clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.calendar import ALWAYS, BadCalendar, NoCalendar, compiled, read_definition

OFFICE = ["08:00-12:00", "14:00-18:00"]
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC")
CHINA = ZoneInfo("Asia/Shanghai")


def calendar_of(zone="Asia/Shanghai", years=(2025, 2026), hours=OFFICE, days=WORKWEEK, **more):
    week = dict.fromkeys(days, hours)
    return calendar_from({"zone": zone, "years": list(years), "week": week, **more})


def calendar_from(data):
    return compiled("test", 1, read_definition(data))


def beijing(*parts):
    return datetime(*parts, tzinfo=CHINA)


@st.composite
def shifts(draw):
    """Up to three shifts of a day, some of which touch, some at night when clocks are moved."""
    count = draw(st.integers(1, 3))
    edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=2 * count, max_size=2 * count)))
    pairs = list(zip(edges[::2], edges[1::2], strict=True))
    if draw(st.booleans()):
        pairs.append((edges[-1], 1440))
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs if a < b]


@st.composite
def written(draw):
    week = draw(st.dictionaries(st.sampled_from(["sun", *WORKWEEK, "sat"]), shifts(), min_size=1))
    dates = draw(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=12).map(sorted))
    half = len(dates) // 2
    layer = {
        "name": "exceptions",
        "closed": [{"date": str(day)} for day in dates[:half]],
        "open": [{"date": str(day), "hours": draw(shifts())} for day in dates[half:]],
    }
    data = {"zone": draw(st.sampled_from(ZONES)), "years": [2026], "week": week}
    return data | {"layers": [layer]}


CLOCKS_MOVED = [
    datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York, and back in November
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # London, and back in October
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe Island, by half an hour
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
]
AROUND = st.timedeltas(timedelta(hours=-30), timedelta(hours=6))
INSTANTS = st.one_of(
    st.datetimes(
        datetime(2026, 1, 2),  # noqa: DTZ001
        datetime(2026, 12, 30),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, *map(ZoneInfo, ZONES)]),
    ),
    st.builds(lambda moved, around: moved + around, st.sampled_from(CLOCKS_MOVED), AROUND),
)
BUDGETS = st.timedeltas(timedelta(0), timedelta(hours=60))
POSITIVE = st.timedeltas(timedelta(microseconds=1), timedelta(hours=60))


def added(calendar, start, working):
    """Where the years end is for other tests."""
    try:
        return calendar.add(start, working)
    except NoCalendar:
        assume(False)


@given(written(), INSTANTS, BUDGETS)
def test_what_was_added_lies_between(data, start, working):
    calendar = calendar_from(data)
    assert calendar.between(start, added(calendar, start, working)) == working


@given(written(), INSTANTS, INSTANTS)
def test_an_instant_in_working_time_is_found_again(data, start, end):
    """`end` after an opening, up to the closing instant that follows."""
    calendar = calendar_from(data)
    start, end = sorted([start.astimezone(UTC), end.astimezone(UTC)])
    spans = calendar.intervals(start, end)
    assume(spans and spans[-1].closes_at == end)
    assert calendar.add(start, calendar.between(start, end)) == end


@given(written(), INSTANTS, POSITIVE)
def test_the_deadline_is_the_earliest_instant_at_which_the_budget_is_used_up(data, start, working):
    calendar = calendar_from(data)
    due = added(calendar, start, working)
    assert calendar.between(start, due - timedelta(microseconds=1)) < working
    assert calendar.intervals(start, due)[-1].closes_at == due


@given(written(), INSTANTS, INSTANTS, BUDGETS, BUDGETS)
def test_later_starts_and_larger_budgets_are_never_due_earlier(data, a, b, less, more):
    calendar = calendar_from(data)
    a, b = sorted([a.astimezone(UTC), b.astimezone(UTC)])
    less, more = sorted([less, more])
    assert added(calendar, a, less) <= added(calendar, b, less)
    assert added(calendar, a, less) <= added(calendar, a, more)


@given(written(), INSTANTS, INSTANTS, INSTANTS)
def test_working_time_adds_up(data, a, b, c):
    calendar = calendar_from(data)
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)
    assert calendar.between(a, b) == -calendar.between(b, a)


@given(written(), INSTANTS, POSITIVE, POSITIVE)
def test_budgets_may_be_used_up_one_after_the_other(data, start, first, second):
    calendar = calendar_from(data)
    in_two = added(calendar, added(calendar, start, first), second)
    assert in_two == calendar.add(start, first + second)


@given(written(), INSTANTS, INSTANTS)
def test_the_intervals_are_the_working_time_between(data, a, b):
    calendar = calendar_from(data)
    a, b = sorted([a.astimezone(UTC), b.astimezone(UTC)])
    spans = calendar.intervals(a, b)
    assert sum((span.working for span in spans), timedelta(0)) == calendar.between(a, b)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(span.working > timedelta(0) for span in spans)
    assert all(a <= edge <= b for edge in edges)


@given(written(), INSTANTS, st.integers(1, 40))
def test_working_days_end_at_a_closing_instant_of_a_later_date(data, start, days):
    calendar = calendar_from(data)
    try:
        due = calendar.add_days(start, days)
    except NoCalendar:
        assume(False)
    today, last = start.astimezone(calendar.zone).date(), due.astimezone(calendar.zone)
    on = (last - timedelta(microseconds=1)).date()
    counted = [day for day in calendar.working_days() if today < day <= on]
    assert len(counted) == days and counted[-1] == on
    assert calendar.intervals(due - timedelta(minutes=1), due)[-1].closes_at == due
    assert days == 1 or calendar.add_days(start, days - 1) < due


@given(INSTANTS, BUDGETS, st.integers(1, 400))
@example(datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/London")), timedelta(hours=2), 1)
def test_natural_time_never_closes(start, working, days):
    assert ALWAYS.add(start, working) - start.astimezone(UTC) == working
    assert ALWAYS.between(start, ALWAYS.add(start, working)) == working
    assert ALWAYS.add_days(start, days) == ALWAYS.add(start, timedelta(days=days))
    assert ALWAYS.covers(start.year + 500)


def test_a_budget_used_up_at_closing_is_due_at_closing():
    """2,400 minutes, mornings of four hours, from a Saturday: ten mornings on."""
    mornings = calendar_of(hours=["08:00-12:00"])
    saturday = beijing(2026, 11, 21, 10)
    due = mornings.add(saturday, timedelta(minutes=2400))
    assert due == beijing(2026, 12, 4, 12)
    assert due.astimezone(CHINA).strftime("%A %H:%M") == "Friday 12:00"
    assert mornings.add(saturday, timedelta(minutes=2400, microseconds=1)) > beijing(2026, 12, 7, 8)


def test_a_make_up_day_counts_with_the_hours_it_names():
    layer = {
        "name": "spring festival",
        "closed": [{"date": "2026-02-15", "to": "2026-02-23"}],
        "open": [{"date": "2026-02-14", "hours": ["09:00-11:00"]}],
    }
    calendar = calendar_of(layers=[layer])
    friday = beijing(2026, 2, 13, 17)
    assert calendar.add(friday, timedelta(hours=3)) == beijing(2026, 2, 14, 11)
    assert calendar.add(friday, timedelta(hours=4)) == beijing(2026, 2, 24, 9)
    assert calendar.add_days(friday, 2) == beijing(2026, 2, 24, 18)


def test_later_layers_win():
    holiday = {"name": "holidays", "closed": [{"date": "2026-05-01", "to": "2026-05-05"}]}
    local = {"name": "this hall", "open": [{"date": "2026-05-04", "hours": ["10:00-12:00"]}]}
    calendar = calendar_of(layers=[holiday, local])
    assert calendar.add_days(beijing(2026, 4, 30, 9), 1) == beijing(2026, 5, 4, 12)
    assert calendar_of(layers=[local, holiday]).add_days(beijing(2026, 4, 30, 9), 1) == beijing(
        2026, 5, 6, 18
    )


def test_a_season_has_its_own_week():
    summer = {"from": "2026-05-01", "to": "2026-09-30", "week": {"mon": ["07:00-13:00"]}}
    calendar = calendar_of(days=["mon"], seasons=[summer])
    assert calendar.add_days(beijing(2026, 4, 26), 1) == beijing(2026, 4, 27, 18)
    assert calendar.add_days(beijing(2026, 4, 27), 1) == beijing(2026, 5, 4, 13)


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        ("Europe/London", date(2026, 3, 29), 23),  # put forward
        ("Europe/London", date(2026, 10, 25), 25),  # put back
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Asia/Shanghai", date(2026, 3, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone, night, hours):
    place = ZoneInfo(zone)
    calendar = calendar_of(zone, days=["sun"], hours=["00:00-24:00"])
    begins = datetime(night.year, night.month, night.day, tzinfo=place)
    ends = datetime.combine(night + timedelta(days=1), begins.timetz())
    assert calendar.between(begins, ends) == timedelta(hours=hours)
    assert calendar.add(begins, timedelta(hours=hours)) == ends


def test_a_shift_that_the_clocks_jump_over_is_not_worked():
    """02:00 to 03:00 does not exist in New York on 8 March 2026."""
    calendar = calendar_of("America/New_York", days=["sun"], hours=["02:10-02:50", "02:50-04:00"])
    three = datetime(2026, 3, 8, 7, tzinfo=UTC)
    [only] = calendar.intervals(three - timedelta(hours=6), three + timedelta(hours=6))
    assert only == (three, three + timedelta(hours=1))


@pytest.mark.parametrize("instant", [beijing(2024, 12, 31, 23, 59), beijing(2027, 1, 1, 0, 1)])
def test_an_instant_in_a_year_that_is_not_published_is_refused(instant):
    calendar, inside = calendar_of(), beijing(2026, 1, 1)
    for ask in (
        lambda: calendar.add(instant, timedelta(hours=1)),
        lambda: calendar.add(instant, timedelta(0)),
        lambda: calendar.add_days(instant, 1),
        lambda: calendar.between(inside, instant),
        lambda: calendar.between(instant, inside),
        lambda: calendar.intervals(instant, inside),
    ):
        with pytest.raises(NoCalendar) as refused:
            ask()
        assert refused.value.facts["year"] == instant.year
        assert str(instant.year) in str(refused.value)


def test_a_deadline_in_a_year_that_is_not_published_is_refused_not_guessed():
    calendar, last = calendar_of(), beijing(2026, 12, 31, 18)
    assert calendar.add(beijing(2026, 12, 31, 17), timedelta(hours=1)) == last
    assert calendar.add_days(beijing(2026, 12, 30, 17), 1) == last
    for ask in (
        lambda: calendar.add(beijing(2026, 12, 31, 17), timedelta(hours=1, microseconds=1)),
        lambda: calendar.add(beijing(2026, 6, 1), timedelta.max),
        lambda: calendar.add_days(beijing(2026, 12, 31, 9), 1),
    ):
        with pytest.raises(NoCalendar) as refused:
            ask()
        assert refused.value.facts["year"] == 2027
    assert calendar.covers(2026)
    assert not calendar.covers(2027)


def test_the_year_is_that_of_the_calendars_zone():
    calendar = calendar_of(days=["thu", "fri"], hours=["00:00-24:00"])
    assert calendar.between(beijing(2025, 1, 1), beijing(2025, 1, 3)) == timedelta(days=1)
    with pytest.raises(NoCalendar, match="2024"):
        calendar.add(datetime(2024, 12, 31, 15, 59, tzinfo=UTC), timedelta(hours=1))
    assert calendar.add(datetime(2024, 12, 31, 16, tzinfo=UTC), timedelta(hours=1))


def test_time_does_not_run_backwards():
    for calendar in (ALWAYS, calendar_of()):
        assert calendar.add(beijing(2026, 5, 1), timedelta(0)) == beijing(2026, 5, 1)
        with pytest.raises(ValueError, match="negative"):
            calendar.add(beijing(2026, 5, 1), timedelta(microseconds=-1))
        with pytest.raises(ValueError, match="one working day"):
            calendar.add_days(beijing(2026, 5, 1), 0)


def test_a_calendar_that_is_never_open_is_refused():
    with pytest.raises(BadCalendar, match="never open"):
        calendar_of(days=[])
    with pytest.raises(BadCalendar, match="never open"):
        calendar_of(
            years=[2026],
            layers=[{"name": "x", "closed": [{"date": "2026-01-01", "to": "2026-12-31"}]}],
        )
