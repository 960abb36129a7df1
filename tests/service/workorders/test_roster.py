"""Teams, members and shifts: from a file as a whole or not at all; nobody is in two places."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NINE
from tests.service.workorders.roster import Roster

pytestmark = pytest.mark.anyio

TEAM_HEADER = "code,name,region,serves,level,role,areas,skills,capacity,weight,standing,active"
SHIFT_HEADER = "team,starts_at,ends_at,lead,members,capacity"
MEMBER_HEADER = "person,team,skills,languages,active"
HOUR = timedelta(hours=1)
EIGHT, FOUR = "2026-11-21T08:00+08:00", "2026-11-21T16:00+08:00"


@pytest.fixture
async def roster(workorders, token) -> Roster:
    """With four people in two teams."""
    roster = Roster(workorders, token)
    for person, team in (("a", "LH-1"), ("b", "LH-1"), ("c", "LH-1"), ("z", "LH-2")):
        await roster.enrol(person, team)
    return roster


def csv(header: str, *lines: str) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


async def many(workorders: Any, table: str) -> int:
    [row] = await workorders.rows(f"SELECT count(*) AS many FROM {table}")
    return int(row.many)


async def test_a_team_is_founded_changed_and_seen_in_its_region_only(workorders, roster):
    team = {"code": "HZ", "name": "杭州队", "region": "3301", "skills": {"live_line": "2027-06-30"}}
    made = await roster.ask("POST", "/v1/teams", team)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json() | team == made.json()
    assert (made.json()["serves"], made.json()["level"]) == (["3301"], 2)
    again = await roster.ask("POST", "/v1/teams", team)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/team-exists")
    body = {"name": "杭州队", "region": "3301", "capacity": 9}
    stale = {"headers": {"if-match": '"7"'}}
    assert (await roster.ask("PUT", "/v1/teams/HZ", body, **stale)).status_code == 412
    changed = await roster.ask("PUT", "/v1/teams/HZ", body, headers={"if-match": '"1"'})
    assert (changed.json()["capacity"], changed.headers["etag"]) == (9, '"2"')
    for method, url, sent in (("GET", "/v1/teams/HZ", None), ("PUT", "/v1/teams/HZ", body)):
        assert (await roster.ask(method, url, sent, region="3205")).status_code == 404
    foreign = team | {"code": "HZ-2"}
    answer = await roster.ask("POST", "/v1/teams", foreign, region="3205")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-region")
    assert (await roster.ask("POST", "/v1/teams", foreign, role="crew")).status_code == 403
    audited = await workorders.rows("SELECT action FROM audit WHERE about = 'HZ' ORDER BY id")
    assert [row.action for row in audited] == ["team.founded", "team.changed"]


async def test_a_file_of_teams_adds_and_changes(roster):
    file = csv(
        TEAM_HEADER,
        "LH-1,临湖一队,320505,,,repair,urban,live_line:2027-06-30;height,12,2,no,yes",
        "XX-1,新队,320507,320507;320508,,metering,,,,,,",
    )
    assert await roster.sure("POST", "/v1/teams/import", content=file) == {"new": 1, "changed": 1}
    old, new = [await roster.sure("GET", f"/v1/teams/{code}") for code in ("LH-1", "XX-1")]
    assert (old["version"], old["capacity"], old["standing"]) == (2, 12, False)
    assert old["skills"] == {"live_line": "2027-06-30", "height": None}
    assert (new["serves"], new["level"], new["role"]) == (["320507", "320508"], 1, "metering")


BAD_SHIFTS = {
    "a header": (b"team,begin\n", [(1, "header")]),
    "not UTF-8": (csv(SHIFT_HEADER) + b"LH-1,\xff\n", [(2, "line")]),
    "nothing": (csv(SHIFT_HEADER), [(2, "line")]),
    "too few fields": (csv(SHIFT_HEADER, "LH-1,x"), [(2, "line")]),
    "an open quote": (csv(SHIFT_HEADER, 'LH-1,"x'), [(2, "line")]),
    "no offset": (
        csv(SHIFT_HEADER, f"LH-1,2026-11-21T08:00,{FOUR},a,a,"), [(2, "starts_at")]),
    "no such day": (
        csv(SHIFT_HEADER, f"LH-1,2026-02-30T08:00Z,{FOUR},a,a,"), [(2, "starts_at")]),
    "backwards": (csv(SHIFT_HEADER, f"LH-1,{FOUR},{EIGHT},a,a,"), [(2, "ends_at")]),
    "for days": (
        csv(SHIFT_HEADER, f"LH-1,{EIGHT},2026-11-23T08:00+08:00,a,a,"), [(2, "ends_at")]),
    "an unknown team": (
        csv(SHIFT_HEADER, f"NO-1,{EIGHT},{FOUR},a,a,"), [(2, "team"), (2, "members")]),
    "a lead from outside": (csv(SHIFT_HEADER, f"LH-1,{EIGHT},{FOUR},b,a,"), [(2, "lead")]),
    "somebody of another team": (
        csv(SHIFT_HEADER, f"LH-1,{EIGHT},{FOUR},a,a;z,"), [(2, "members")]),
    "somebody twice": (csv(SHIFT_HEADER, f"LH-1,{EIGHT},{FOUR},a,a;a,"), [(2, "members")]),
    "a capacity": (csv(SHIFT_HEADER, f"LH-1,{EIGHT},{FOUR},a,a,-1"), [(2, "capacity")]),
    "two shifts at once": (
        csv(SHIFT_HEADER, f"LH-1,{EIGHT},{FOUR},a,a;b,", f"LH-1,{EIGHT},{FOUR},c,c;b,"),
        [(3, "members")],
    ),
    "each of many": (
        csv(SHIFT_HEADER, f"LH-1,x,{FOUR},a,a,", f"LH-1,{EIGHT},{FOUR},a,z;a,", "LH-1,x,y,?,a,z"),
        [(2, "starts_at"), (3, "members"), (4, "starts_at"), (4, "ends_at"), (4, "lead"),
         (4, "capacity")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_SHIFTS)
async def test_a_bad_roster_is_refused_with_every_place_and_nothing_is_loaded(
    workorders, roster, name
):
    file, places = BAD_SHIFTS[name]
    answer = await roster.ask("POST", "/v1/shifts/import", content=file)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-sheet")
    assert [(x["line"], x["column"]) for x in answer.json()["faults"]] == places, answer.text
    assert await many(workorders, "shifts") == 0


BAD_TEAMS = {
    "a region": ("A,甲队,32050x,,,,,,,,,", "region"),
    "another's region": ("A,甲队,3301,,,,,,,,,", "region"),
    "a team of another's": ("HZ,甲队,320505,,,,,,,,,", "code"),
    "a level": ("A,甲队,320505,,0,,,,,,,", "level"),
    "an area": ("A,甲队,320505,,,,sea,,,,,", "areas"),
    "a licence": ("A,甲队,320505,,,,,live_line:soon,,,,", "skills"),
    "a skill twice": ("A,甲队,320505,,,,,x;x,,,,", "skills"),
    "a weight": ("A,甲队,320505,,,,,,,0,,", "weight"),
    "yes or no": ("A,甲队,320505,,,,,,,,maybe,", "standing"),
    "no name": ("A,,320505,,,,,,,,,", "name"),
    "the same again": ("A,甲队,320505,,,,,,,,,\nA,乙队,320505,,,,,,,,,", "code"),
}


@pytest.mark.parametrize("name", BAD_TEAMS)
async def test_a_bad_file_of_teams_is_refused(workorders, roster, name):
    await roster.found("HZ", "3301")
    line, column = BAD_TEAMS[name]
    before = await many(workorders, "teams")
    file = csv(TEAM_HEADER, "OK-1,好队,320505,,,,,,,,,", line)
    answer = await roster.ask("POST", "/v1/teams/import", content=file, region="3205")
    assert answer.status_code == 422, answer.text
    assert [fault["column"] for fault in answer.json()["faults"]] == [column], answer.text
    assert await many(workorders, "teams") == before


async def test_a_file_of_members(workorders, roster):
    file = csv(MEMBER_HEADER, "a,LH-1,live_line:2027-06-30,zh;en,yes", "new-1,LH-2,,,")
    assert await roster.sure("POST", "/v1/members/import", content=file) == {"new": 1, "changed": 1}
    [a, *_] = await roster.sure("GET", "/v1/members?team=LH-1")
    assert (a["skills"], a["languages"]) == ({"live_line": "2027-06-30"}, ["zh", "en"])
    for line, column in (
        ("?,LH-1,,,", "person"),
        ("q,NO,,,", "team"),
        ("q,LH-1,,中文,", "languages"),
    ):
        answer = await roster.ask("POST", "/v1/members/import", content=csv(MEMBER_HEADER, line))
        assert [fault["column"] for fault in answer.json()["faults"]] == [column], answer.text
    assert await many(workorders, "members") == 5


async def test_no_more_than_fifty_faults_are_told(roster):
    answer = await roster.ask("POST", "/v1/teams/import", content=csv(TEAM_HEADER, *["?"] * 80))
    assert (len(answer.json()["faults"]), answer.json()["more"]) == (50, 30)
    long = csv(SHIFT_HEADER, *["x,x,x,x,x,x"] * 2001)
    answer = await roster.ask("POST", "/v1/shifts/import", content=long)
    assert answer.status_code == 422


async def test_a_good_roster_is_loaded_and_listed(roster, clock):
    file = b"\xef\xbb\xbf" + csv(
        SHIFT_HEADER,
        f"LH-1,{EIGHT},{FOUR},a,a;b,12",
        f'LH-1,{FOUR},2026-11-22T00:00+08:00,c,"c;b",',
        f"LH-2,{EIGHT},{FOUR},z,z,",
    ).replace(b"\n", b"\r\n")
    assert await roster.sure("POST", "/v1/shifts/import", content=file) == {"planned": 3}
    page = await roster.sure("GET", "/v1/shifts?limit=2")
    assert page["items"][0]["lead"] == "c"
    rest = await roster.sure("GET", f"/v1/shifts?limit=2&cursor={page['next']}")
    assert len(rest["items"]) == 1 and rest["next"] is None
    clock.now = NINE + timedelta(days=1)
    for state, expected in (("planned", 0), ("running", 1), ("overdue", 2), ("closed", 0)):
        found = (await roster.sure("GET", f"/v1/shifts?state={state}"))["items"]
        assert [shift["state"] for shift in found] == [state] * expected
    assert (await roster.sure("GET", "/v1/shifts", region="33"))["items"] == []


async def test_nobody_is_on_two_shifts_whoever_plans_first(workorders, roster):
    async def planned(number: int) -> int:
        body = {
            "team": "LH-1",
            "starts_at": (NINE + number * timedelta(minutes=10)).isoformat(),
            "ends_at": (NINE + 8 * HOUR).isoformat(),
            "lead": "a",
            "members": ["a", "b" if number % 2 else "c"],
        }
        return (await roster.ask("POST", "/v1/shifts", body)).status_code

    codes = await asyncio.gather(*(planned(number) for number in range(8)))
    assert sorted(codes) == [201, *[409] * 7]
    assert await many(workorders, "shifts") == 1


async def test_a_shift_that_has_not_begun_is_cancelled_and_its_people_are_free(roster, clock):
    shift = await roster.plan("LH-1", ["a", "b"], NINE + HOUR, NINE + 9 * HOUR)
    assert (await roster.sure("POST", f"{shift}/cancellation"))["state"] == "closed"
    again = await roster.plan("LH-1", ["a"], NINE + HOUR, NINE + 9 * HOUR)
    clock.now = NINE + HOUR
    answer = await roster.ask("POST", f"{again}/cancellation")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/begun")


async def test_a_representative_is_shown_with_the_account_masked(roster):
    await roster.represents("a", "5050000001")
    found = await roster.sure("GET", "/v1/representatives?person=a")
    assert found == [{"account_no": "******0001", "person": "a", "until": None}]
    body = {"account_no": "5050000001", "person": "nobody"}
    assert (await roster.ask("POST", "/v1/representatives", body)).status_code == 404


async def test_who_is_not_on_the_running_shift_lends_no_skill(roster, field):
    await roster.enrol("z", "LH-2", skills={"live_line": "2026-11-20"})
    await roster.enrol("y", "LH-2")
    rule = {
        "name": "live",
        "when": "danger || true",
        "to": {"nearest": []},
        "skills": ["live_line"],
    }
    await roster.rules("skilled", rule)
    assert (await field.look(await field.opened()))["team"] == "LH-2"
    await roster.plan("LH-2", ["y"], NINE, NINE + HOUR, capacity=3)
    order = await field.look(await field.opened())
    assert order["team"] is None
    assert "LH-2: without live_line" in order["routed_because"]
