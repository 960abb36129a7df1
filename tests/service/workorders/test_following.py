"""What becomes of the order that is worked on reaches everybody who follows it, each once."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from tests.service.given import REPLY

pytestmark = pytest.mark.anyio

ETR = "2026-11-20T12:00:00Z"
DONE = {"cause": "fallen tree", "action": "line mended", "responsibility": "nature"}
CHECKED = ("cause", "action", "evidence", "substantiated", "customer_contacted")
REVIEWED = {"checklist": dict.fromkeys(CHECKED, True)}


async def test_the_crews_etr_is_told_to_each_follower_once(workorders, calls):
    first, second, third = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(3)))
    await calls.worked(first, "claim", etr_at=NINE + timedelta(hours=3))
    assert await calls.said("etr-set") == []
    await calls.worked(first, "etr", etr_at=NINE + timedelta(hours=3))
    await calls.look()
    told = await calls.said("etr-set")
    assert sorted(told) == sorted(("etr-set", id) for id in (first, second, third))
    outage = await calls.outage()
    assert (outage["etr_at"], [one["etr_at"] for one in outage["etrs"]]) == (ETR, [ETR])
    assert {(await calls.order(id))["etr_at"] for id in (first, second, third)} == {ETR}
    facts = await workorders.rows(
        "SELECT (envelope::json)->'data'->>'outage_id' AS outage,"
        " (envelope::json)->'data'->>'outage_etr' AS number FROM outbox"
        " WHERE (envelope::json)->>'type' = 'workorders.etr-set.v1'"
    )
    assert {fact.outage for fact in facts} == {outage["id"]}
    assert sorted(fact.number or "" for fact in facts) == ["", "1", "1"]


async def test_moves_of_the_crew_are_not_told_to_followers(calls):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await calls.worked(first, "claim", "departure", "arrival")
    for fact in ("order-claimed", "order-departed", "order-arrived"):
        assert await calls.said(fact) == [(fact, first)]


async def test_who_joins_later_is_told_what_is_known(calls):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await calls.worked(first, "claim", "etr", etr_at=NINE + timedelta(hours=3))
    late = await calls.call("T-1", minutes=20)
    assert (await calls.order(late))["etr_at"] == ETR
    assert (await calls.said("etr-set"))[-1] == ("etr-set", late)


async def test_the_desks_etr_of_an_outage_is_told_to_all(calls):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}/etr"
    told = await calls.done(path, {"etr_at": ETR, "because": "the feeder's relay"})
    assert (told["etr_at"], told["etrs"][0]["because"]) == (ETR, "the feeder's relay")
    assert sorted(await calls.said("etr-set")) == sorted([("etr-set", first), ("etr-set", second)])
    await calls.done(path, {"etr_at": ETR})
    assert len(await calls.said("etr-set")) == 2, "the same again is no news"
    later = "2026-11-20T14:00:00Z"
    await calls.done(path, {"etr_at": later})
    assert len(await calls.said("etr-set")) == 4
    assert (await calls.post(path, {"etr_at": "2026-11-20T08:00:00Z"})).status_code == 422


async def test_restored_confirmed_and_all_are_called_back(calls, clock):
    orders = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(4)))
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}"
    clock.now = NINE + timedelta(hours=1)
    restored = await calls.done(f"{path}/restoration", DONE)
    assert (restored["status"], restored["restored_at"]) == ("restored", "2026-11-20T10:00:00Z")
    assert sorted(await calls.said("order-repaired")) == sorted(
        ("order-repaired", o) for o in orders
    )
    assert {(await calls.order(o))["status"] for o in orders[1:]} == {"merged"}

    few = await calls.post(f"{path}/confirmation-of-supply", {"checked": []})
    assert (few.status_code, few.json()["type"]) == (422, "/problems/ask-more")
    asked = {"checked": [{"work_order_id": orders[2], "on": True}]}
    closed = await calls.done(f"{path}/confirmation-of-supply", asked)
    assert closed["status"] == "closed"
    for order in orders[1:]:
        shown = await calls.order(order)
        assert (shown["status"], shown["reply"]["cause"]) == ("callback_due", "fallen tree")
        assert shown["repaired_at"] == "2026-11-20T10:00:00Z"
        assert {c["kind"]: c["state"] for c in shown["clocks"]}["callback"] == "armed"
    assert (await calls.order(orders[0]))["status"] == "dispatched", "the crew still replies"
    assert len(await calls.said("order-replied")) == 3


async def test_the_crews_repair_restores_and_after_a_while_its_reply_closes(calls, clock):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await calls.worked(first, "claim", "departure", "arrival", "repair")
    assert (await calls.outage())["status"] == "restored"
    assert sorted(await calls.said("order-repaired")) == sorted(
        [("order-repaired", first), ("order-repaired", second)]
    )
    await calls.worked(first, "reply")
    assert (await calls.outage())["status"] == "restored"
    clock.now = NINE + timedelta(minutes=31)
    await calls.look()
    assert (await calls.outage())["status"] == "closed"
    assert (await calls.order(second))["status"] == "callback_due"
    assert await calls.said("order-replied") == [
        ("order-replied", first),
        ("order-replied", second),
    ]


async def test_a_group_that_is_no_outage_is_replied_to_as_its_master_is(calls):
    first = await calls.call("T-1")
    second = await calls.call("T-1", minutes=45)
    await calls.worked(first, "claim", "departure", "arrival", "etr", "reply")
    assert (await calls.order(second))["status"] == "callback_due"
    assert (await calls.get("/v1/outages")).json()["items"] == []
    assert await calls.said("etr-set", "order-replied") == [
        ("etr-set", first),
        ("etr-set", second),
        ("order-replied", first),
        ("order-replied", second),
    ]


async def test_still_off_when_asked_is_an_outage_of_its_own_since_the_first_began(calls, clock):
    orders = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(4)))
    outage = await calls.outage()
    clock.now = NINE + timedelta(hours=1)
    path = f"/v1/outages/{outage['id']}"
    await calls.done(f"{path}/restoration", DONE)
    asked = [{"work_order_id": o, "on": o == orders[3]} for o in orders[1:]]
    await calls.done(f"{path}/confirmation-of-supply", {"checked": asked})
    listed = (await calls.get("/v1/outages")).json()["items"]
    [nested] = [one for one in listed if one["nested_in"]]
    assert (nested["nested_in"], nested["began_at"]) == (outage["id"], outage["began_at"])
    assert (nested["master_id"], nested["status"]) == (orders[1], "predicted")
    assert (await calls.order(orders[1]))["status"] == "dispatched"
    assert (await calls.order(orders[2]))["master_id"] == orders[1]
    assert (await calls.order(orders[3]))["status"] == "callback_due"
    late = await calls.call("T-1", minutes=70)
    assert (await calls.order(late))["master_id"] == orders[1]


async def test_still_off_at_the_callback_is_a_nested_outage(calls, clock):
    orders = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(4)))
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}"
    clock.now = NINE + timedelta(hours=1)
    await calls.done(f"{path}/restoration", DONE)
    await calls.done(
        f"{path}/confirmation-of-supply", {"checked": [{"work_order_id": orders[3], "on": True}]}
    )
    clock.now = NINE + timedelta(hours=2)
    off = {"outcome": "dissatisfied", "still_without_power": True}
    for order in orders[1:3]:
        await calls.done(f"/v1/work-orders/{order}/callback", off, role="callback")
    listed = (await calls.get("/v1/outages")).json()["items"]
    [nested] = [one for one in listed if one["nested_in"]]
    assert (nested["began_at"], nested["opened_at"]) == (outage["began_at"], "2026-11-20T11:00:00Z")
    again, behind = await calls.order(orders[1]), await calls.order(orders[2])
    assert (again["status"], again["level"], again["outage_id"]) == ("dispatched", 2, nested["id"])
    assert (behind["status"], behind["master_id"]) == ("merged", orders[1])


async def test_versions_regions_and_roles_are_minded(calls):
    await calls.calls(calls.event("T-1"), calls.event("T-1"))
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}"
    old = await calls.post(f"{path}/confirmation", if_match='"9"')
    assert old.status_code == 412
    assert (await calls.post(f"{path}/confirmation", role="crew")).status_code == 403
    assert (await calls.post(f"{path}/confirmation", region="3301")).status_code == 404
    assert (await calls.get(path, region="3301")).status_code == 404
    version = f'"{outage["version"]}"'
    fine = await calls.post(f"{path}/confirmation", {"cause": "relay"}, if_match=version)
    assert (fine.status_code, fine.json()["status"]) == (200, "confirmed")
    again = await calls.post(f"{path}/confirmation")
    assert (again.status_code, again.json()["allowed"]) == (
        409,
        ["set_etr", "change", "restore", "cancel", "merge"],
    )


async def test_a_call_after_power_is_back_is_about_something_new(calls):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await calls.worked(first, "claim", "departure", "arrival", "repair")
    third = await calls.call("T-1", minutes=50)
    assert (await calls.order(third))["status"] == "dispatched"


async def complaints(calls, *transformers: str | None) -> list[str]:
    """Complaints about one thing: all but the first were put under it."""
    numbered = enumerate(transformers)
    events = [calls.event(one, minutes=n, case_type="complaint") for n, one in numbered]
    first, *others = await calls.calls(*events)
    for other in others:
        body = {"master_id": first, "because": "the same meter"}
        await calls.done(f"/v1/work-orders/{other}/merge", body)
    return [first, *others]


@pytest.mark.parametrize("responsibility", ["utility", "customer"])
async def test_who_complains_of_the_same_is_told_once_the_reply_was_reviewed(calls, responsibility):
    first, second = await complaints(calls, None, None)
    await calls.worked(first, "claim", "departure", "arrival")
    reply = REPLY | {"substantiated": True, "responsibility": responsibility}
    await calls.done(f"/v1/work-orders/{first}/reply", reply, role="crew")
    assert [(await calls.order(id))["status"] for id in (first, second)] == ["review", "merged"]
    back = {"checklist": REVIEWED["checklist"] | {"cause": False}, "reason": "which fuse?"}
    await calls.done(f"/v1/work-orders/{first}/review", back)
    told = await calls.done(f"/v1/work-orders/{first}/reply", reply, role="crew")
    assert (await calls.order(second))["status"] == "merged"
    await calls.done(f"/v1/work-orders/{first}/review", REVIEWED)

    shown = await calls.order(second)
    assert (shown["status"], shown["reply"]) == ("review", told["reply"])
    assert {one["kind"]: one["state"] for one in shown["clocks"]}["callback"] == "armed"
    for id in (first, second):
        assert (await calls.order(id))["repaired_at"] is None, "nothing was to be restored"
    assert await calls.said("order-repaired") == []
    await calls.done(f"/v1/work-orders/{second}/review", REVIEWED)
    for id in (first, second):
        path = f"/v1/work-orders/{id}/callback"
        closed = await calls.done(path, {"outcome": "satisfied"}, role="callback")
        assert closed["status"] == "archived"
    assert [id for _, id in await calls.said("order-replied")] == [first, first, second]
    assert [id for _, id in await calls.said("order-archived")] == [first, second]


@pytest.mark.parametrize(
    ("noun", "steps"),
    [("cancellation", ()), ("exemption", ("claim",))],
)
async def test_who_complains_is_not_forgotten_with_the_complaint_that_was_given_up(
    calls, noun, steps
):
    fault = await calls.call("T-1")
    first, second, third = await complaints(calls, "T-1", "T-1", "T-1")
    await calls.worked(first, *steps)
    path = f"/v1/work-orders/{first}/{noun}"
    await calls.done(path, {"reason": "taken back"}, role="supervisor")
    heir, behind = await calls.order(second), await calls.order(third)
    assert (heir["status"], heir["master_id"]) == ("dispatched", None)
    assert (behind["status"], behind["master_id"]) == ("merged", second)
    [led] = (await calls.get("/v1/outage-decisions?kind=led")).json()["items"]
    assert led["order_id"] == second
    assert (await calls.order(fault))["status"] == "dispatched", "another matter altogether"


async def test_what_a_complaint_about_a_fault_was_promised_is_kept_by_the_reply(calls):
    fault = await calls.call("T-1")
    complaint = await calls.call("T-1", minutes=45, case_type="complaint")
    body = {"master_id": fault, "because": "about that fault"}
    await calls.done(f"/v1/work-orders/{complaint}/merge", body)
    await calls.worked(fault, "claim", "departure", "arrival", "etr")
    blown_over = REPLY | {"responsibility": "nature"}
    await calls.done(f"/v1/work-orders/{fault}/reply", blown_over, role="crew")
    shown = await calls.order(complaint)
    assert (shown["status"], shown["repaired_at"]) == ("review", None)
    for order in (fault, complaint):
        [promise] = (await calls.get(f"/v1/promises?order_id={order}")).json()["items"]
        assert promise["state"] == "kept"
