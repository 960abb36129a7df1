"""One outage instead of five hundred tickets: calls find their group, people may say otherwise."""

from datetime import timedelta

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio


async def test_the_second_call_follows_and_predicts_an_outage(workorders, calls):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1", minutes=5))
    master, follower = await calls.order(first), await calls.order(second)
    assert (master["status"], follower["status"]) == ("dispatched", "merged")
    assert (follower["master_id"], follower["team"]) == (first, None)
    outage = await calls.outage()
    assert (outage["status"], outage["scope"], outage["feeder"]) == (
        "predicted",
        "transformer",
        "F-1",
    )
    assert (outage["customers"], outage["master_id"], outage["followers"]) == (80, first, 1)
    assert outage["began_at"] == "2026-11-20T09:00:00Z"
    assert master["outage_id"] == follower["outage_id"] == outage["id"]
    assert (await workorders.said()).count("order-dispatched") == 1
    assert await calls.said("order-merged", "outage-opened") == [
        ("order-merged", second),
        ("outage-opened", outage["id"]),
    ]


async def test_calls_too_far_apart_follow_but_predict_nothing(calls):
    first = await calls.call("T-1")
    second = await calls.call("T-1", minutes=31)
    assert (await calls.order(second))["master_id"] == first
    assert (await calls.get("/v1/outages")).json()["items"] == []
    await calls.call("T-1", minutes=60)
    assert (await calls.outage())["followers"] == 2


async def test_two_transformers_of_a_feeder_are_one_outage_of_it(workorders, calls):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    other, _ = await calls.calls(calls.event("T-2", minutes=9), calls.event("T-2", minutes=9))
    listed = (await calls.get("/v1/outages")).json()["items"]
    [root] = [one for one in listed if one["status"] == "predicted"]
    [part] = [one for one in listed if one["status"] == "merged"]
    assert (root["scope"], root["master_id"], root["customers"]) == ("feeder", first, 129)
    assert (part["root_id"], part["merged_into"]) == (root["id"], root["id"])
    assert (await calls.order(other))["master_id"] == first
    third = await calls.call("T-3", minutes=200)
    assert (await calls.order(third))["status"] == "merged"
    assert (await calls.outage(root["id"]))["followers"] == 4
    assert (await workorders.said()).count("order-dispatched") == 2


async def test_who_is_alone_on_the_feeder_is_taken_in_when_it_goes_out(calls):
    alone = await calls.call("T-3", minutes=3)
    await calls.calls(*(calls.event(t) for t in ("T-1", "T-1", "T-2", "T-2")))
    [(status, members)] = await calls.groups()
    assert (status, len(members)) == ("predicted", 5)
    assert (await calls.order(alone))["status"] == "merged"


async def test_what_is_not_grouped(calls):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    unknown = await calls.call(None)
    complaint = await calls.call("T-1", case_type="complaint")
    for order in (unknown, complaint):
        assert (await calls.order(order))["master_id"] is None


async def test_an_unknown_transformer_is_a_group_by_itself(calls):
    first, second = await calls.calls(calls.event("X-7"), calls.event("X-7"))
    outage = await calls.outage()
    assert (outage["feeder"], outage["customers"], outage["master_id"]) == (None, 0, first)
    assert (await calls.order(second))["master_id"] == first


async def test_danger_and_what_the_customer_calls_another_fault_are_never_swallowed(calls):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    danger = await calls.call("T-1", danger=True)
    other = await calls.call("T-1", different=True)
    for order in (danger, other):
        shown = await calls.order(order)
        assert (shown["status"], shown["master_id"]) == ("dispatched", None)
    listed = (await calls.get("/v1/outage-decisions?kind=apart")).json()["items"]
    assert {one["because"] for one in listed} == {
        "somebody may be in danger",
        "the customer says that it is another fault",
    }


async def test_after_a_long_silence_a_call_is_a_new_event(calls, clock):
    first = await calls.call("T-1")
    clock.now = NINE + timedelta(hours=23)
    await calls.fire("leads")
    second = await calls.call("T-1", minutes=23 * 60)
    assert (await calls.order(second))["master_id"] == first
    clock.now = NINE + timedelta(hours=48)
    await calls.fire("leads")
    third = await calls.call("T-1", minutes=48 * 60)
    assert (await calls.order(third))["status"] == "dispatched"


async def test_when_the_order_that_leads_is_cancelled_the_next_one_leads(calls):
    first, second, third = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(3)))
    await calls.done(f"/v1/work-orders/{first}/cancellation", {"reason": "wrong number"})
    assert (await calls.order(second))["status"] == "dispatched"
    assert (await calls.order(third))["master_id"] == second
    assert (await calls.outage())["master_id"] == second
    fourth = await calls.call("T-1", minutes=5)
    assert (await calls.order(fourth))["master_id"] == second


async def test_a_cause_on_the_customers_side_is_not_that_of_those_who_follow(calls):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1", minutes=45))
    await calls.worked(first, "claim", "departure", "arrival")
    reply = {"cause": "inner wiring", "action": "guided", "responsibility": "customer"}
    path = f"/v1/work-orders/{first}/reply"
    await calls.done(path, reply | {"evidence": ["photo-1"]}, role="crew")
    assert (await calls.order(second))["status"] == "dispatched"
