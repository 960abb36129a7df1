"""Rules for routing: dated versions, checked before they count, tried on yesterday first."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from tests.service.workorders.roster import EVERYTHING, Roster, the_rules

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
METERS = {"name": "meters", "when": "type == 'service_request'", "to": {"nearest": ["metering"]}}


@pytest.fixture
def roster(workorders, token) -> Roster:
    return Roster(workorders, token)


async def refused(roster: Roster, **more: object) -> str:
    answer = await roster.ask("POST", "/v1/routing-rules", the_rules("new") | more)
    assert answer.status_code == 422, answer.text
    return str(answer.json().get("detail"))


async def test_a_version_is_in_force_from_its_day(roster, field, clock):
    await roster.found("M-1", "3205", role="metering")
    await roster.rules("later", METERS, valid_from="2026-11-21")
    before = await field.look(await field.opened(case_type="service_request"))
    assert before["team"] in ("LH-1", "LH-2")
    clock.now = NINE + DAY
    after = await field.look(await field.opened(case_type="service_request"))
    assert (after["team"], after["routed_because"][-1]) == ("M-1", "rule meters")
    listed = await roster.sure("GET", "/v1/routing-rules")
    assert [(one["version"], one["until"]) for one in listed] == [
        ("later", None), ("house-2026.1", "2026-11-21"),
    ]  # fmt: skip
    whole = await roster.sure("GET", "/v1/routing-rules/later")
    assert whole["data"]["rules"][0]["name"] == "meters" and "classes" in whole["words"]
    assert (await roster.ask("GET", "/v1/routing-rules/none")).status_code == 404


async def test_dates_may_neither_overlap_nor_leave_a_hole(roster):
    async def answer(version: str, valid_from: str, valid_to: str | None = None) -> str:
        rules = the_rules(version, valid_from=valid_from, valid_to=valid_to)
        answer = await roster.ask("POST", "/v1/routing-rules", rules)
        return "" if answer.status_code == 201 else answer.json()["type"].rpartition("/")[2]

    assert await answer("a", "2026-12-01", "2026-12-08") == "rules-hole"
    assert await answer("normal", "2026-12-08") == ""
    assert await answer("typhoon", "2026-12-01", "2026-12-08") == ""
    assert await answer("typhoon", "2027-01-01") == "rules-overlap"
    assert await answer("b", "2026-12-08") == "rules-overlap"
    assert await answer("b", "2026-12-05") == "rules-overlap"
    assert await answer("b", "2026-11-25", "2026-12-02") == "rules-overlap"
    assert await answer("b", "2026-11-25", "2026-11-28") == "rules-hole"
    assert await answer("b", "2026-11-25", "2026-11-20") == "bad-rules"


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"when": "type =="}, "rule 1 (one), when: "),
        ({"when": "name == 'x'"}, "unknown word name"),
        ({"when": "classes.exists(type, type == 'x')"}, "is not allowed here"),
        ({"when": "type.matches('(a+)+$')"}, "matches is not allowed here"),
        ({"when": "level"}, "neither true nor false"),
        ({"when": "type < 3"}, "fails for an order with type = 'fault_report'"),
        ({"when": "(" * 30 + "danger" + ")" * 30}, "nested deeper than 20"),
        ({"when": "free > 1"}, "free is only known to skip_if"),
        ({"skip_if": "candidates"}, "rule 1 (one), step 1, skip_if: "),
        ({"to": {}}, "rule 1: step 1: to: one of team, nearest, roles, person"),
        ({"to": {"team": "A", "nearest": []}}, "to: one of"),
        ({"to": {"roles": []}}, "which roles?"),
        ({"wait_minutes": 5}, "nothing follows the last step"),
        ({"name": "everything"}, "rule 2: there is a rule everything already"),
    ],
)
async def test_bad_rules_are_refused_with_the_place(roster, workorders, rule, place):
    one = {"name": "one", "when": "danger", "to": {"nearest": []}} | rule
    assert place in await refused(roster, rules=[one, EVERYTHING])
    [row] = await workorders.rows("SELECT count(*) AS many FROM routing_rules")
    assert row.many == 1


async def test_every_order_must_be_taken_by_some_rule(roster):
    assert "the last rule must take every order" in await refused(roster, rules=[METERS])


async def test_rules_are_for_the_whole_center(roster):
    rules = the_rules("new")
    answer = await roster.ask("POST", "/v1/routing-rules", rules, region="3205")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/whole-center")


async def test_a_dry_run_says_who_would_have_got_what_and_changes_nothing(
    workorders, roster, field, clock
):
    await roster.found("M-1", "3205", role="metering")
    for number in range(6):
        clock.now += timedelta(seconds=1)
        case_type = "service_request" if number > 3 else "fault_report"
        await field.opened(case_type=case_type)
    clock.now = NINE + DAY
    counts = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM audit) + "
    counts += "(SELECT count(*) FROM routing_decisions) + (SELECT count(*) FROM routing_rules) AS n"
    [before] = await workorders.rows(counts)
    tried = await roster.sure(
        "POST", "/v1/routing-rules/dry-run", {"rules": the_rules("x", METERS)}
    )
    [after] = await workorders.rows(counts)
    assert before.n == after.n
    assert (tried["orders"], tried["moved"], tried["more"]) == (6, 2, False)
    assert tried["begin"] == "2026-11-20T00:00:00+08:00"
    assert [(x["before"], x["after"], x["orders"]) for x in tried["routes"]] == [
        ("LH-1", "M-1", 1), ("LH-2", "M-1", 1),
    ]  # fmt: skip
    assert [one["after_because"][-1] for one in tried["samples"]] == ["rule meters"] * 2


async def test_the_same_rules_change_nothing_and_nobody_is_told_too(roster, field, clock):
    for _ in range(4):
        await field.opened()
    await field.opened(region="330105")
    clock.now = NINE + DAY
    same = (await roster.sure("GET", "/v1/routing-rules/house-2026.1"))["data"]
    tried = await roster.sure("POST", "/v1/routing-rules/dry-run", {"rules": same})
    assert (tried["orders"], tried["moved"]) == (5, 0)
    assert (tried["unrouted_before"], tried["unrouted_after"]) == (1, 1)
    inland = await roster.sure("POST", "/v1/routing-rules/dry-run", {"rules": same}, region="3205")
    assert inland["orders"] == 4


async def test_a_dry_run_sees_the_shifts_of_that_time(roster, field, clock):
    await roster.change("LH-1", standing=False)
    await roster.change("LH-2", standing=False)
    await roster.enrol("a", "LH-1")
    await roster.plan("LH-1", ["a"], NINE, NINE + timedelta(hours=1))
    await field.opened()
    clock.now = NINE + timedelta(hours=2)
    await field.opened(at=clock.now)
    clock.now = NINE + DAY
    rules = the_rules("z", relax=[])
    tried = await roster.sure("POST", "/v1/routing-rules/dry-run", {"rules": rules})
    # By both sets of rules the first goes to whoever worked then, the second to the city's team.
    assert (tried["orders"], tried["moved"]) == (2, 0)
    elsewhere = the_rules("z", {"name": "sz", "when": "hour == 17", "to": {"team": "SZ"}})
    tried = await roster.sure("POST", "/v1/routing-rules/dry-run", {"rules": elsewhere})
    assert [(x["before"], x["after"]) for x in tried["routes"]] == [("LH-1", "SZ")]


async def test_a_period_is_bounded(roster):
    body = {"rules": the_rules("x"), "begin": "2026-01-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}
    answer = await roster.ask("POST", "/v1/routing-rules/dry-run", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-period")
