"""Why a clock is due when it is due, and who burned the time of a promise."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, CLAIM, TRAVEL, fire, limit, use

pytestmark = pytest.mark.anyio

OFFICE = {"working_days": 2, "calendar": "cn-office"}
REPLY = limit("reply", 1, "accepted", "replied", target=OFFICE, certainty="C", promised=True)


async def explained(workorders, token, order: str, kind: str):
    headers = token("agent", "3205")
    shown = (await workorders.client.get(f"{order}/clocks", headers=headers)).json()
    [clock] = [one for one in shown["clocks"] if one["kind"] == kind]
    answer = await workorders.client.get(f"/v1/clocks/{clock['id']}/explanation", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_interval_that_was_counted_and_each_that_will_be(
    workorders, field, token, clock
):
    """Friday 20 November, 17:00 in Shanghai: the office closes at 18:00 or so; two days later."""
    await use(workorders, REPLY)
    order = await field.opened(promises=())
    clock.now = NINE + timedelta(days=3)
    why = await explained(workorders, token, order, "reply")
    assert {one["calendar"] for one in why["counted"]} == {"cn-office"}
    counted = sum(one["seconds"] for one in why["counted"])
    ahead = sum(one["seconds"] for one in why["ahead"])
    assert why["counted_seconds"] == counted == why["clock"]["used_seconds"]
    assert counted + ahead == why["clock"]["budget_seconds"]
    assert why["ahead"][-1]["until"] == why["clock"]["due_at"]
    assert all(one["until"] <= why["clock"]["as_of"] for one in why["counted"])
    assert why["words"][0].startswith("2026-11-20 16:59:00+08:00: started, 2 working days")
    assert "cn-office" in why["words"][0] and "Due at 2026-11-24" in why["because"]


async def test_its_story_in_words(workorders, field, token, clock):
    await use(workorders, ARRIVAL, CLAIM)
    order = await field.opened(promises=())
    await field.done(order, "claim")
    clock.now = NINE + timedelta(minutes=10)
    until = (NINE + timedelta(hours=2)).isoformat()
    body = {"reason": "customer_wish", "until": until, "customer_told": True}
    await field.post(order, "suspension-request", body)
    clock.now = NINE + timedelta(minutes=30)
    await field.post(order, "resumption")
    await fire(workorders, clock, minutes=64, seconds=1)
    why = await explained(workorders, token, order, "arrival")
    words = [word.split(": ", 1)[1] for word in why["words"]]
    assert words == [
        "started, 45 min of natural time by mine 1, until one of: arrived",
        "rested from here (customer_wish, crew-1); 11 min used",
        "went on; 11 min used, 34 min left",
        "breached: all of it was used up (due at 2026-11-20 18:04:00+08:00, 1000 ms before)",
        "step 2 of its ladder, time 1 (due at 2026-11-20 18:04:01+08:00, 0 ms before)",
    ]
    assert why["because"] == (
        "Due at 2026-11-20 18:04:00+08:00, and not done by then: 45 min 1 s of 45 min used."
        " Limit by mine 1 (own): somebody."
    )
    assert why["counted_seconds"] == 45 * 60 + 1
    assert [one["since"] for one in why["counted"]] == [
        "2026-11-20T08:59:00Z", "2026-11-20T09:30:00Z"
    ]  # fmt: skip


async def test_a_limit_nobody_could_verify_is_shown_as_such(field, workorders, token):
    order = await field.opened()
    why = await explained(workorders, token, order, "claim")
    assert (why["clock"]["unverified"], why["clock"]["certainty"]) == (True, "D")
    assert "UNVERIFIED" in why["because"]


async def test_who_burned_the_time_of_a_promise(workorders, field, token, clock):
    await use(workorders, ARRIVAL, CLAIM, TRAVEL)
    order = await field.opened(promises=())
    clock.now = NINE + timedelta(minutes=4)
    await field.done(order, "claim")
    clock.now = NINE + timedelta(minutes=24)
    answer = await workorders.client.get(f"{order}/clocks", headers=token("ops", "3205"))
    shown = answer.json()
    [promise] = shown["burned"]
    assert (promise["kind"], promise["used_seconds"]) == ("arrival", 25 * 60)
    spent = {one["kind"]: (one["team"], one["seconds"]) for one in promise["steps"]}
    team = (await field.look(order))["team"]
    assert spent == {"claim": (team, 240), "travel": (team, 1200)}
    assert [one["share"] for one in promise["steps"]] == [
        round(240 / 2700, 4),
        round(1200 / 2700, 4),
    ]
    assert promise["between_steps_seconds"] == 60, "before it was dispatched"
    left = {one["kind"]: one["budget_left_seconds"] for one in shown["clocks"]}
    assert left == {"arrival": 20 * 60, "claim": None, "travel": 10 * 60}
    clock.now = NINE + timedelta(minutes=40)
    shown = (await workorders.client.get(f"{order}/clocks", headers=token("ops", "3205"))).json()
    left = {one["kind"]: one["budget_left_seconds"] for one in shown["clocks"]}
    assert left["travel"] == -6 * 60, "overspent; the promise itself has four minutes left"


async def test_another_regions_order_has_no_clocks_to_see(workorders, field, token):
    order = await field.opened()
    answer = await workorders.client.get(f"{order}/clocks", headers=token("agent", "3301"))
    assert answer.status_code == 404
