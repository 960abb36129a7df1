"""Calendars: published by operators, asked for deadlines, missed before they end."""

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.workorders.main import read_calendars
from services.workorders.store import calendars
from services.workorders.store.calendars import NoSuchCalendar
from services.workorders.use_cases.calendars import use_packaged_calendars
from shared.calendar import ALWAYS, BadCalendar
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

MORNINGS = ["08:00-12:00"]
OFFICE = ["08:00-12:00", "14:00-18:00"]
HALL: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "years": [2026, 2027],
    "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), MORNINGS),
    "layers": [{"name": "ours", "closed": [{"date": "2026-12-07", "why": "new counters"}]}],
    "warn_days": 60,
}


@pytest.fixture
def desk(workorders, token):
    """Asks as somebody of that role; `/v1/calendars` goes before the path."""

    async def ask(method: str, path: str = "", body: Any = None, role: str = "ops", **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"/v1/calendars{path}"
        who = token(role, "3205")
        return await workorders.client.request(method, url, json=body, headers=who | named)

    return ask


def changed(*path: Any, to: Any) -> dict[str, Any]:
    data: Any = deepcopy(HALL)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


async def test_the_calendars_of_this_repository_are_there_from_the_start(desk):
    listed = (await desk("GET", role="crew")).json()
    assert [one["name"] for one in listed["items"]] == [
        "always",
        "cn-office",
        "cn-working-days",
        "uk-working",
    ]
    office = (await desk("GET", "/cn-office")).json()
    assert (office["version"], office["first_missing_year"]) == (1, 2027)
    assert office["covered_until"] == "2026-12-31T16:00:00Z"
    [holidays] = office["layers"]
    assert {"2025-09-28", "2026-02-14"} < {day["date"] for day in holidays["open"]}
    assert all(day["hours"] == OFFICE for day in holidays["open"])
    always = (await desk("GET", "/always")).json()
    assert always["built_in"] and always["first_missing_year"] is None


async def test_the_list_comes_in_pages(desk):
    names, cursor = [], ""
    while cursor is not None:
        page = (await desk("GET", f"?limit=1&cursor={cursor}")).json()
        names += [one["name"] for one in page["items"]]
        cursor = page["next"]
    assert names == ["always", "cn-office", "cn-working-days", "uk-working"]


async def test_a_budget_used_up_at_closing_is_due_at_closing(desk):
    """2,400 working minutes of mornings, from a Saturday: the second Friday, 12:00."""
    assert (await desk("PUT", "/hall", changed("layers", to=[]))).status_code == 200
    asked = {"start": "2026-11-21T10:00:00+08:00", "working_minutes": 2400}
    answer = (await desk("POST", "/hall/deadline", asked, role="agent")).json()
    assert answer["due_at"] == "2026-12-04T04:00:00Z"
    assert (answer["calendar"], answer["version"], answer["cut"]) == ("hall", 1, False)
    assert len(answer["intervals"]) == 10
    assert answer["intervals"][0] == {
        "opens_at": "2026-11-23T00:00:00Z",
        "closes_at": "2026-11-23T04:00:00Z",
    }
    assert answer["intervals"][-1]["closes_at"] == answer["due_at"]


async def test_working_days_are_counted_from_the_day_after(desk):
    """Friday the 13th is not counted, Saturday is a make-up day, then comes the festival."""
    asked = {"start": "2026-02-13T09:30:00+08:00", "working_days": 2}
    answer = (await desk("POST", "/cn-office/deadline", asked)).json()
    assert answer["due_at"] == "2026-02-24T10:00:00Z"
    assert [one["opens_at"] for one in answer["intervals"]] == [
        "2026-02-14T00:00:00Z",
        "2026-02-14T06:00:00Z",
        "2026-02-24T00:00:00Z",
        "2026-02-24T06:00:00Z",
    ]
    whole = (await desk("POST", "/cn-working-days/deadline", asked)).json()
    assert whole["due_at"] == "2026-02-24T16:00:00Z", "no business hours: midnight"


async def test_natural_time_is_a_calendar_too(desk):
    asked = {"start": "2026-11-21T10:00:00+08:00"}
    for more, due in (({"working_minutes": 45}, "02:45"), ({"working_days": 1}, "02:00")):
        answer = (await desk("POST", "/always/deadline", asked | more)).json()
        assert answer["due_at"].endswith(f"T{due}:00Z")
        assert len(answer["intervals"]) == 1


async def test_of_many_intervals_the_first_are_shown(desk):
    asked = {"start": "2025-01-01T00:00:00+08:00", "working_days": 300}
    answer = (await desk("POST", "/cn-office/deadline", asked)).json()
    assert answer["cut"] and len(answer["intervals"]) == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"working_minutes": 60, "working_days": 1},
        {"working_minutes": 0},
        {"working_minutes": 10**9},
        {"working_minutes": 1.5},
        {"working_days": -1},
        {"working_days": True},
        {"working_days": 1, "start": "2026-11-21"},
    ],
)
async def test_a_question_that_is_none_is_refused(desk, body):
    answer = await desk("POST", "/cn-office/deadline", {"start": "2026-11-21T10:00:00Z"} | body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("began", "more", "year"),
    [
        ("2026-12-31T17:00:00+08:00", {"working_minutes": 61}, 2027),
        ("2026-12-31T09:00:00+08:00", {"working_days": 1}, 2027),
        ("2027-03-01T09:00:00+08:00", {"working_minutes": 1}, 2027),
        ("2023-12-31T23:59:59+08:00", {"working_days": 1}, 2023),
    ],
)
async def test_a_year_that_is_not_published_is_named_not_guessed(desk, began, more, year):
    answer = await desk("POST", "/cn-office/deadline", {"start": began} | more)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "/problems/no-calendar")
    assert problem["year"] == year and str(year) in problem["detail"]


async def test_an_edit_is_a_new_version_and_the_old_one_stays(desk, workorders):
    first = await desk("PUT", "/hall", HALL)
    second = await desk("PUT", "/hall", changed("layers", to=[]), if_match='"1"')
    assert [first.headers["etag"], second.headers["etag"]] == ['"1"', '"2"']
    old = (await desk("GET", "/hall?version=1")).json()
    assert old["layers"][0]["closed"][0]["why"] == "new counters"
    assert (await desk("GET", "/hall")).json()["layers"] == []
    asked = {"start": "2026-12-04T11:00:00+08:00", "working_minutes": 61}
    for query, due in (("?version=1", "2026-12-08T00:01:00Z"), ("", "2026-12-07T00:01:00Z")):
        assert (await desk("POST", f"/hall/deadline{query}", asked)).json()["due_at"] == due
    audited = await workorders.rows(
        "SELECT about, facts FROM audit WHERE action = 'calendar.published' AND about = 'hall'"
    )
    assert [row.facts["version"] for row in audited] == [1, 2]


async def test_what_is_read_can_be_put_again_and_makes_no_version(desk):
    for name in ("cn-office", "uk-working"):
        shown = (await desk("GET", f"/{name}")).json()
        again = {key: shown[key] for key in (*HALL, "seasons")}
        answer = await desk("PUT", f"/{name}", again)
        assert (answer.status_code, answer.json()["version"]) == (200, 1)


async def test_of_two_editors_the_second_is_told(desk):
    await desk("PUT", "/hall", HALL)
    assert (await desk("PUT", "/hall", changed("layers", to=[]), if_match='"1"')).status_code == 200
    late = await desk("PUT", "/hall", changed("years", to=[2026]), if_match='"1"')
    assert late.status_code == 412 and late.json()["now"] == '"2"'
    new = await desk("PUT", "/new", HALL, if_match='"1"')
    assert new.status_code == 412
    assert (await desk("GET", "/new")).status_code == 404


async def test_editors_at_the_same_moment_come_one_after_the_other(desk):
    await desk("PUT", "/hall", HALL)
    bodies = [changed("warn_days", to=days) for days in range(8)]
    answers = await asyncio.gather(*(desk("PUT", "/hall", b, if_match='"1"') for b in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    answers = await asyncio.gather(*(desk("PUT", "/hall", b) for b in bodies))
    assert len({answer.json()["version"] for answer in answers}) == 8


async def test_the_days_of_warning_stay_when_they_are_left_out(desk):
    without = {key: value for key, value in HALL.items() if key != "warn_days"}
    refused = await desk("PUT", "/hall", without)
    assert (refused.status_code, refused.json()["at"]) == (422, "warn_days")
    await desk("PUT", "/hall", changed("warn_days", to=90))
    answer = await desk("PUT", "/hall", without | {"layers": []})
    assert (answer.json()["version"], answer.json()["warn_days"]) == (2, 90)


async def test_published_holidays_are_written_out(desk):
    data = changed("years", to=[2025, 2026]) | {
        "holidays": {"source": "cn", "hours": MORNINGS},
        "layers": [{"name": "ours", "open": [{"date": "2026-05-04", "hours": MORNINGS}]}],
    }
    stored = (await desk("PUT", "/hall", data)).json()
    assert [layer["name"] for layer in stored["layers"]] == ["public holidays", "ours"]
    asked = {"start": "2026-04-30T09:00:00+08:00", "working_days": 1}
    due = (await desk("POST", "/hall/deadline", asked)).json()["due_at"]
    assert due == "2026-05-04T04:00:00Z", "ours wins over the public holiday"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (changed("zone", to="Asia/Atlantis"), "zone"),
        (changed("week", "mon", to=["08:00-12:00", "11:00-13:00"]), "week.mon.1"),
        (changed("week", "mon", to=["12:00-08:00"]), "week.mon.0"),
        (changed("week", to={}), "week"),
        (changed("years", to=[2026, 2028]), "years.1"),
        (changed("layers", 0, "closed", to=[{"date": "2026-12-07"}] * 2), "layers.0.closed.1"),
        (changed("layers", 0, "closed", 0, "to", to="2026-12-01"), "layers.0.closed.0.to"),
        (
            changed("layers", 0, "open", to=[{"date": "2026-12-12", "hours": []}]),
            "layers.0.open.0.hours",
        ),
        (
            changed("layers", 0, "open", to=[{"date": "2026-12-07", "hours": MORNINGS}]),
            "layers.0.open.0",
        ),
        (changed("holidays", to={"source": "cn", "hours": MORNINGS}), "years.1"),
        (changed("holidays", to={"source": "cn", "years": [2026]}), "holidays.hours"),
        (changed("holidays", to={"source": "atlantis"}), "holidays.source"),
    ],
)
async def test_a_bad_calendar_is_refused_with_the_place_and_nothing_is_stored(desk, data, place):
    answer = await desk("PUT", "/hall", data)
    assert (answer.status_code, answer.json()["at"]) == (422, place), answer.text
    assert (await desk("GET", "/hall")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        changed("colour", to="red"),
        changed("years", to=["2026"]),
        changed("years", to=[]) | {"zone": 8},
        changed("week", "noday", to=MORNINGS),
        changed("week", "mon", to="08:00-12:00"),
        changed("layers", 0, "closed", 0, "hours", to=MORNINGS),
        changed("layers", 0, "open", to=[{"date": "2026-12-12"}]),
    ],
)
async def test_a_body_that_is_no_calendar_is_refused_too(desk, body):
    answer = await desk("PUT", "/hall", body)
    assert answer.status_code == 422
    assert (await desk("GET", "/hall")).status_code == 404


async def test_who_may_do_what(desk):
    assert (await desk("PUT", "/hall", HALL, role="dispatcher")).status_code == 403
    assert (await desk("PUT", "/hall", HALL, role="supervisor")).status_code == 200
    assert (await desk("PUT", "/always", HALL)).status_code == 409
    for path in ("/nowhere", "/hall?version=2", "/always?version=2"):
        assert (await desk("GET", path)).status_code == 404


async def test_unknown_ones_have_no_deadlines(desk):
    asked = {"start": "2026-11-21T10:00:00Z", "working_days": 1}
    for path in ("/nowhere/deadline", "/cn-office/deadline?version=7"):
        assert (await desk("POST", path, asked)).status_code == 404


async def fire(workorders, clock, at: datetime) -> int:
    clock.now = at
    timers = {timer.name: timer for timer in workorders.service.timers}
    return await fire_due(workorders.database, timers["calendars"], at)


async def told(workorders) -> list[tuple[str, int, int]]:
    rows = await workorders.rows("SELECT (envelope::json)->'data' AS fact FROM outbox ORDER BY seq")
    return [
        (row.fact["calendar"], row.fact["first_missing_year"], row.fact["days_left"])
        for row in rows
        if "first_missing_year" in row.fact
    ]


async def test_sixty_days_ahead_a_missing_year_is_told_once(workorders, desk, clock):
    await desk("PUT", "/hall", HALL)
    ends = datetime(2027, 12, 31, 16, tzinfo=UTC)
    await fire(workorders, clock, NINE)
    assert await told(workorders) == [("cn-office", 2027, 41), ("cn-working-days", 2027, 41)]
    sixty = ends - timedelta(days=60)
    assert await fire(workorders, clock, sixty - timedelta(seconds=1)) == 0
    async with workorders.database.begin() as tx:
        assert await calendars.next_ending(tx) == sixty
    assert await fire(workorders, clock, sixty) == 1
    assert await fire(workorders, clock, sixty + timedelta(days=1)) == 1, "the British one"
    assert [one[0] for one in (await told(workorders))[2:]] == ["hall", "uk-working"]
    await desk("PUT", "/hall", changed("layers", to=[]))
    assert await fire(workorders, clock, sixty + timedelta(days=2)) == 0, (
        "another version, same hole"
    )
    await desk("PUT", "/hall", changed("years", to=[2026, 2027, 2028]))
    assert await fire(workorders, clock, sixty + timedelta(days=365)) == 0
    assert await fire(workorders, clock, sixty + timedelta(days=367)) == 1, "the year after"
    assert (await told(workorders))[-1][:2] == ("hall", 2029)


async def test_operators_see_how_many_days_are_covered(workorders, desk, clock):
    await desk("PUT", "/hall", HALL)
    await fire(workorders, clock, datetime(2027, 12, 30, 16, tzinfo=UTC))
    days = {"hall": 1.0, "cn-office": -364.0}
    for name, left in days.items():
        assert (
            REGISTRY.get_sample_value("wattline_calendar_days_covered", {"calendar": name}) == left
        )


async def test_a_packaged_calendar_changes_only_with_its_content_and_until_somebody_edits_it(
    workorders, desk
):
    packaged = dict(read_calendars())
    stamp = Stamp(by="start:workorders", at=NINE)

    async def begin_again(**changes: Any) -> int:
        files = [("cn-office", packaged["cn-office"] | changes)]
        async with workorders.database.begin() as tx:
            await use_packaged_calendars(tx, stamp, files)
        return (await desk("GET", "/cn-office")).json()["version"]

    assert await begin_again() == 1
    assert await begin_again(warn_days=90) == 2
    assert await begin_again(warn_days=90) == 2
    await desk("PUT", "/cn-office", HALL)
    assert await begin_again() == 3
    assert (await desk("GET", "/cn-office")).json()["layers"][0]["name"] == "ours"


async def test_a_bad_packaged_calendar_stops_the_start_and_names_itself(workorders):
    stamp = Stamp(by="start:workorders", at=NINE)
    for bad, words in (
        (HALL | {"zone": "Mars"}, "calendar hall, zone: there is no such time zone"),
        (HALL | {"holidays": {"source": "cn", "hours": OFFICE}}, "calendar hall, years.1: .*2027"),
    ):
        with pytest.raises(BadCalendar, match=words):
            async with workorders.database.begin() as tx:
                await use_packaged_calendars(tx, stamp, [("hall", bad)])


async def test_versions_are_compiled_once_and_looked_up_by_others(workorders, desk):
    await desk("PUT", "/hall", HALL)
    async with workorders.database.begin() as tx:
        newest = await calendars.latest(tx, ["hall", "always"])
        assert (newest["hall"].version, newest["always"]) == (1, ALWAYS)
    await desk("PUT", "/hall", changed("layers", to=[]))
    async with workorders.database.begin() as tx:
        assert (await calendars.latest(tx, ["hall"]))["hall"].version == 2
        assert await calendars.of_version(tx, "hall", 1) is newest["hall"]
        assert set(await calendars.in_use(tx)) >= {"always", "hall", "cn-office"}
        for missing in (
            calendars.latest(tx, ["nowhere"]),
            calendars.of_version(tx, "hall", 3),
        ):
            with pytest.raises(NoSuchCalendar):
                await missing
