"""The clocks of an order: which facts start and stop them, and what happens when they run out."""

from datetime import timedelta

import pytest

from shared.due import fire_due
from tests.conftest import NINE
from tests.service.workorders.field import STEPS

pytestmark = pytest.mark.anyio

ALL = [noun for noun, _ in STEPS]


async def fire(workorders, clock, **later: float) -> int:
    clock.now = NINE + timedelta(**later)
    timer = workorders.service.timers[0]
    return await fire_due(workorders.database, timer, clock.now)


async def test_in_time_all_are_met(field, clock):
    order = await field.opened()
    clock.now += timedelta(minutes=2)
    await field.done(order, *ALL, "diagnosis")
    assert await field.clocks(order) == {
        ("dispatch", 1): "met",
        ("arrival", 1): "met",
        ("claim", 1): "met",
        ("departure", 1): "met",
        ("etr", 1): "met",
        ("restore", 1): "met",
        ("reply", 1): "met",
        ("callback", 1): "armed",
        ("archive", 1): "armed",
    }
    await field.called_back(order, "satisfied")
    assert set((await field.clocks(order)).values()) == {"met"}


async def test_a_promise_that_ran_out_breaches_once(workorders, field, clock):
    order = await field.opened()
    assert await fire(workorders, clock, minutes=3) == 0, "the due instant is still in time"
    assert await fire(workorders, clock, minutes=3, seconds=1) == 1
    await fire(workorders, clock, minutes=45)
    await fire(workorders, clock, hours=9)
    assert (await workorders.said()).count("clock-breached") == 2
    states = await field.clocks(order)
    assert states.pop(("dispatch", 1)) == "met"
    assert states == {("arrival", 1): "breached", ("claim", 1): "breached"}
    audited = await workorders.rows("SELECT facts FROM audit WHERE action = 'clock.breached'")
    assert sorted(row.facts["kind"] for row in audited) == ["arrival", "claim"]


async def test_who_is_late_before_the_timer_came_by_breaches_by_coming(workorders, field, clock):
    order = await field.opened()
    clock.now += timedelta(minutes=44)
    await field.done(order, "claim")
    assert (await field.clocks(order))["claim", 1] == "breached"
    await field.done(order, "arrival")
    assert (await field.clocks(order))["arrival", 1] == "met"
    assert (await workorders.said()).count("clock-breached") == 1
    assert ("etr", 1) not in await field.clocks(order), "the fault is not located yet"
    await field.done(order, "diagnosis")
    assert await fire(workorders, clock, hours=1.5) == 1, "only the ETR is left"


async def test_a_breach_says_how_late_and_by_whose_word(workorders, field, clock):
    await field.opened()
    await fire(workorders, clock, minutes=44, seconds=1.5)
    rows = await workorders.rows(
        "SELECT fact FROM (SELECT seq, (envelope::json)->'data' AS fact FROM outbox) AS said"
        " WHERE fact->>'kind' = 'arrival' ORDER BY seq"
    )
    said = rows[-1].fact
    assert (said["late_ms"], said["generation"]) == (1500, 1)
    assert (said["policy"], said["policy_version"]) == ("sgcc-2022", "2022.3")


async def test_reopened_its_clocks_run_anew(field, clock):
    order = await field.opened()
    await field.done(order, *ALL)
    clock.now += timedelta(hours=5)
    again = (await field.called_back(order, "dissatisfied")).json()
    second = {c["kind"]: c["due_at"] for c in again["clocks"] if c["generation"] == 2}
    assert second.pop("dispatch") == "2026-11-20T14:02:00Z"
    assert second == {"arrival": "2026-11-20T14:45:00Z", "claim": "2026-11-20T14:03:00Z"}
    clocks = await field.clocks(order)
    assert clocks["arrival", 1] == clocks["callback", 1] == "met"
    assert clocks["arrival", 2] == "armed"


async def test_the_customers_promise_counts_even_if_the_policy_says_otherwise(field):
    promised = (await field.look(await field.opened()))["clocks"]
    [arrival] = [clock for clock in promised if clock["kind"] == "arrival"]
    assert arrival["promised"] and arrival["due_at"] == "2026-11-20T09:44:00Z"
