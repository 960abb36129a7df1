"""People know better: split, merged, taken out, given up; and each of it undone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio

DONE = {"cause": "fallen tree", "action": "line mended", "responsibility": "nature"}


async def test_split_off_and_put_back(calls):
    orders = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(4)))
    before = await calls.groups()
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}/split"
    chosen = {"work_order_ids": orders[2:], "because": "another street"}
    new = await calls.done(path, chosen)
    assert (new["master_id"], new["followers"]) == (orders[2], 1)
    assert new["began_at"] == outage["began_at"]
    assert (await calls.order(orders[2]))["status"] == "dispatched"
    assert (await calls.order(orders[3]))["master_id"] == orders[2]
    assert len(await calls.groups()) == 2
    undone = await calls.undo("split")
    assert (undone["undone_because"], bool(undone["undone_by"])) == ("no", True)
    assert await calls.groups() == before
    assert (await calls.order(orders[3]))["master_id"] == orders[0]
    twice = await calls.post(f"/v1/outage-decisions/{undone['id']}/undo", {"because": "no"})
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/undone-already")


async def test_only_its_followers_are_split_off(calls):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    other = await calls.call("T-9", region="320506")
    path = f"/v1/outages/{(await calls.outage())['id']}/split"
    for wrong in (first, other, str(uuid4())):
        answer = await calls.post(path, {"work_order_ids": [wrong], "because": "so"})
        assert (answer.status_code, answer.json()["work_order_ids"]) == (422, [wrong])
    assert (await calls.post(path, {"work_order_ids": [], "because": "so"})).status_code == 422


async def test_merged_and_taken_apart_again(calls):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    far = {"region": "320506"}
    await calls.calls(calls.event("T-9", **far), calls.event("T-9", **far))
    before = await calls.groups()
    listed = (await calls.get("/v1/outages")).json()["items"]
    root, part = sorted(listed, key=lambda one: one["region"])
    path = f"/v1/outages/{part['id']}/merge"
    self_merge = await calls.post(path, {"into": part["id"], "because": "one storm"})
    assert self_merge.status_code == 409
    foreign = await calls.post(path, {"into": root["id"], "because": "x"}, region="320506")
    assert foreign.status_code == 404
    merged = await calls.done(path, {"into": root["id"], "because": "one storm"})
    assert (merged["id"], merged["followers"]) == (root["id"], 3)
    assert (await calls.outage(part["id"]))["status"] == "merged"
    await calls.undo("merged")
    assert await calls.groups() == before
    assert (await calls.outage(part["id"]))["master_id"] == part["master_id"]


async def test_a_call_while_restoring_is_confirmed_is_not_closed_with_the_rest(calls, clock):
    orders = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(3)))
    path = f"/v1/outages/{(await calls.outage())['id']}"
    clock.now = NINE + timedelta(hours=1)
    await calls.done(f"{path}/restoration", DONE)
    late = await calls.call("T-1", minutes=61)
    asked = {"checked": [{"work_order_id": orders[1], "on": True}]}
    closed = await calls.done(f"{path}/confirmation-of-supply", asked)
    assert closed["status"] == "closed"
    assert (await calls.order(late))["status"] == "dispatched"
    assert (await calls.order(orders[2]))["status"] == "callback_due"
    foreign = {"checked": [{"work_order_id": late, "on": True}]}
    assert (await calls.post(f"{path}/confirmation-of-supply", foreign)).status_code == 409


async def test_who_leads_gives_up_and_the_next_one_is_sent(calls):
    first, second, third = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(3)))
    await calls.done(f"/v1/work-orders/{first}/cancellation", {"reason": "moved away"})
    await calls.done(f"/v1/work-orders/{second}/cancellation", {"reason": "moved away"})
    outage = await calls.outage()
    assert (outage["master_id"], outage["followers"]) == (third, 0)
    await calls.done(f"/v1/work-orders/{third}/cancellation", {"reason": "moved away"})
    ended = await calls.outage()
    assert (ended["status"], ended["ended_because"]) == ("cancelled", "no order is left")
    listed = (await calls.get("/v1/outage-decisions?kind=led")).json()["items"]
    assert {one["order_id"] for one in listed} == {second, third}


@pytest.mark.parametrize(
    ("noun", "body", "problem"),
    [
        ("restoration", DONE | {"restored_at": "2026-11-20T09:00:01Z"}, "not-yet-so"),
        ("restoration", DONE | {"restored_at": "2026-11-20T08:59:59Z"}, "back-before-it-went-off"),
        ("restoration", DONE | {"restored_at": "2026-11-20T09:00:00"}, "not-valid"),
        ("etr", {"etr_at": "2026-11-20T09:00:00Z"}, "etr-not-ahead"),
    ],
)
async def test_instants_that_can_not_be(calls, noun, body, problem):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    before = await calls.outage()
    answer = await calls.post(f"/v1/outages/{before['id']}/{noun}", body)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(problem) or problem == "not-valid"
    assert await calls.outage() == before


async def test_a_fault_is_not_reported_before_it_begins(calls):
    body = {
        "kind": "fault",
        "region": "320505",
        "transformers": ["T-1"],
        "began_at": "2026-11-20T10:00:00Z",
    }
    answer = await calls.post("/v1/outages", body, idempotency_key=str(uuid4()))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-yet-so")
    body["began_at"] = "2026-11-20T08:00:00Z"
    assert (await calls.post("/v1/outages", body, idempotency_key=str(uuid4()))).status_code == 201


async def cancelled(calls, outage: str) -> None:
    body = {"reason": "it was no outage"}
    ended = await calls.done(f"/v1/outages/{outage}/cancellation", body)
    assert (ended["status"], ended["ended_because"]) == ("cancelled", "it was no outage")


async def test_a_predicted_outage_that_was_none_is_not_predicted_again(calls):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await cancelled(calls, (await calls.outage())["id"])
    third = await calls.call("T-1", minutes=9)
    assert await calls.groups() == {(None, frozenset({first, second, third}))}
    assert (await calls.outage())["status"] == "cancelled"
    assert (await calls.order(third))["master_id"] == first


@pytest.mark.parametrize("at_work", [False, True])
async def test_a_reported_outage_that_was_none_leaves_each_transformer_to_itself(calls, at_work):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-2", minutes=1))
    if at_work:
        await calls.worked(second, "claim")
    body = {"kind": "fault", "region": "320505", "transformers": ["T-1", "T-2", "T-3"]}
    await calls.done("/v1/outages", body, idempotency_key=str(uuid4()))
    outage = await calls.outage()
    assert outage["master_id"] == (second if at_work else first)
    late, beyond, other = [
        await calls.call(transformer, minutes=minute)
        for transformer, minute in (("T-2", 40), ("T-3", 41), ("T-3", 72))
    ]
    assert {(await calls.order(id))["outage_id"] for id in (late, beyond)} == {outage["id"]}
    [reported] = (await calls.get("/v1/outage-decisions?kind=reported")).json()["items"]
    undo = f"/v1/outage-decisions/{reported['id']}/undo"
    refused = await calls.post(undo, {"because": "no"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/cant-be-undone")
    assert refused.json()["detail"] == "cancel the outage, with a reason"

    await cancelled(calls, outage["id"])
    assert await calls.groups() == {
        (None, frozenset({first})),
        (None, frozenset({second, late})),
        (None, frozenset({beyond, other})),
    }
    leading = [(await calls.order(id))["status"] for id in (first, second, beyond)]
    assert leading == ["dispatched", "claimed" if at_work else "dispatched", "dispatched"]
    more = [await calls.call(code, minutes=110) for code in ("T-1", "T-2", "T-3")]
    assert [(await calls.order(id))["master_id"] for id in more] == [first, second, beyond]


async def test_what_was_taken_into_an_outage_that_was_none_stands_for_itself(calls):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    far = {"region": "320506"}
    other, _ = await calls.calls(calls.event("T-9", **far), calls.event("T-9", minutes=1, **far))
    listed = (await calls.get("/v1/outages")).json()["items"]
    root, part = sorted(listed, key=lambda one: one["region"])
    into = {"into": root["id"], "because": "one storm"}
    await calls.done(f"/v1/outages/{part['id']}/merge", into)
    await cancelled(calls, root["id"])
    alone = await calls.outage(part["id"])
    assert (alone["status"], alone["master_id"], alone["followers"]) == ("predicted", other, 1)
    assert (await calls.order(other))["status"] == "dispatched"


async def test_who_is_still_off_and_follows_what_is_known_can_be_taken_back(calls, clock):
    _, second = await calls.calls(calls.event("T-1"), calls.event("T-1", minutes=1))
    path = f"/v1/outages/{(await calls.outage())['id']}"
    clock.now = NINE + timedelta(hours=1)
    await calls.done(f"{path}/restoration", DONE)
    asked = {"checked": [{"work_order_id": second, "on": True}]}
    await calls.done(f"{path}/confirmation-of-supply", asked)
    third, _ = await calls.calls(*(calls.event("T-1", minutes=n) for n in (61, 62)))
    clock.now = NINE + timedelta(hours=2)
    off = {"outcome": "dissatisfied", "still_without_power": True}
    await calls.done(f"/v1/work-orders/{second}/callback", off, role="callback")
    again = await calls.order(second)
    assert (again["status"], again["master_id"]) == ("merged", third)
    url = f"/v1/outage-decisions?kind=followed&order_id={second}"
    newest, _ = (await calls.get(url)).json()["items"]
    assert newest["because"] == "a customer says that power is still off"
    await calls.done(f"/v1/outage-decisions/{newest['id']}/undo", {"because": "another fault"})
    alone = await calls.order(second)
    assert (alone["status"], alone["master_id"], alone["level"]) == ("dispatched", None, 2)
