"""Power goes off as announced: notice rules, reminder, change, start, end; who may see it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio

DONE = {"cause": "planned work", "action": "cable replaced", "responsibility": "utility"}


def at(days: float = 0, hours: float = 0) -> str:
    return (NINE + timedelta(days=days, hours=hours)).isoformat()


def planned(days: float = 8, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "planned",
        "region": "320505",
        "transformers": ["T-1"],
        "begins_at": at(days),
        "ends_at": at(days, hours=4),
        "reason": "a cable is replaced",
    } | changes


async def announce(calls, body: dict[str, Any], **more: Any) -> Any:
    return await calls.post("/v1/outages", body, idempotency_key=str(uuid4()), **more)


async def stages(calls) -> list[str | None]:
    rows = await calls.running.rows(
        "SELECT (envelope::json)->'data'->>'stage' AS stage FROM outbox"
        " WHERE (envelope::json)->>'type' LIKE 'workorders.outage-%' ORDER BY seq"
    )
    return [row.stage for row in rows]


async def test_from_the_announcement_to_the_end(calls, clock):
    outage = (await announce(calls, planned())).json()
    path = f"/v1/outages/{outage['id']}"
    moved = {"begins_at": at(9), "ends_at": at(9, hours=4)}
    await calls.done(f"{path}/change", moved)
    clock.now = NINE + timedelta(days=8)
    await calls.look()
    clock.now = NINE + timedelta(days=9)
    await calls.look()
    active = await calls.outage()
    assert (active["status"], active["began_at"]) == ("active", "2026-11-29T09:00:00Z")
    assert (active["etr_at"], active["customers"]) == ("2026-11-29T13:00:00Z", 80)
    caller = await calls.call("T-1", minutes=9 * 24 * 60 + 5)
    order = await calls.order(caller)
    assert (order["status"], order["outage_id"]) == ("merged", outage["id"])
    assert order["etr_at"] == active["etr_at"]
    clock.now = NINE + timedelta(days=9, hours=3)
    await calls.done(f"{path}/restoration", DONE)
    asked = {"checked": [{"work_order_id": caller, "on": True}]}
    assert (await calls.done(f"{path}/confirmation-of-supply", asked))["status"] == "closed"
    assert (await calls.order(caller))["status"] == "callback_due"
    assert [stage for stage in await stages(calls) if stage] == [
        "announced", "changed", "reminder", "started", "restored", "check_ok",
    ]  # fmt: skip
    assert "order-dispatched" not in await calls.running.said(), "nobody was sent for it"


async def test_a_cancelled_one_neither_reminds_nor_begins(calls, clock):
    outage = (await announce(calls, planned())).json()
    path = f"/v1/outages/{outage['id']}/cancellation"
    ended = await calls.done(path, {"reason": "rain"})
    assert (ended["status"], ended["ended_because"]) == ("cancelled", "rain")
    clock.now = NINE + timedelta(days=9)
    await calls.look()
    assert await stages(calls) == ["announced", "cancelled"]
    assert (await calls.post(path, {"reason": "again"})).status_code == 409


@pytest.mark.parametrize(("kind", "needed"), [("planned", 7), ("temporary", 1)])
async def test_announced_so_long_before_or_not_at_all(calls, kind, needed):
    late = await announce(calls, planned(needed - 1 / 24, kind=kind))
    assert (late.status_code, late.json()["type"]) == (422, "/problems/notice-too-short")
    assert late.json()["earliest_at"] == at(needed)
    assert (await announce(calls, planned(needed, kind=kind))).status_code == 201


async def test_a_supervisor_may_announce_it_later_for_a_reason_with_proof(calls):
    soon = planned(1, exemption="danger_to_people", evidence=["report 7"])
    assert (await announce(calls, soon)).status_code == 403
    wrong = await announce(calls, soon | {"exemption": "hurry"}, role="supervisor")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/no-such-exemption")
    fine = (await announce(calls, soon, role="supervisor")).json()
    assert fine["exemption"]["reason"] == "danger_to_people"
    assert fine["exemption"]["evidence"] == ["report 7"]


async def test_to_begin_earlier_needs_the_same_notice_and_a_kept_exemption(calls):
    outage = (await announce(calls, planned())).json()
    path = f"/v1/outages/{outage['id']}/change"
    earlier: dict[str, Any] = {"begins_at": at(2), "ends_at": at(2, hours=4)}
    assert (await calls.post(path, earlier)).json()["type"] == "/problems/notice-too-short"
    earlier["exemption"] = "customers_agreed"
    bare = await calls.post(path, earlier, role="supervisor")
    assert bare.status_code == 422, "without proof"
    changed = await calls.done(path, earlier | {"evidence": ["letter 3"]}, role="supervisor")
    assert changed["exemption"]["evidence"] == ["letter 3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"transformers": []},
        {"transformers": ["X-1"]},
        {"transformers": [], "feeders": ["F-77"]},
        {"ends_at": at(8)},
        {"ends_at": at(7, hours=23)},
        {"begins_at": at(-1)},
        {"begins_at": "2026-11-28T09:00:00"},
        {"reason": " "},
        {"kind": "fault"},
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_kept(calls, changes):
    answer = await announce(calls, planned(**changes))
    assert answer.status_code == 422, answer.text
    assert (await calls.get("/v1/outages")).json()["items"] == []
    assert await stages(calls) == []


async def test_two_can_not_be_announced_for_one_device_at_one_time(calls):
    first = (await announce(calls, planned())).json()
    again = await announce(calls, planned(begins_at=at(8, hours=3), ends_at=at(8, hours=5)))
    assert (again.status_code, again.json()["outage_id"]) == (409, first["id"])
    after = await announce(calls, planned(begins_at=at(8, hours=4), ends_at=at(8, hours=5)))
    assert after.status_code == 201, "one may begin when the other ends"


async def test_two_dispatchers_and_one_version(calls):
    outage = (await announce(calls, planned())).json()
    path, seen = f"/v1/outages/{outage['id']}/change", f'"{outage["version"]}"'
    assert (await calls.post(path, {"reason": "a pole"}, if_match=seen)).status_code == 200
    assert (await calls.post(path, {"reason": "a cable"}, if_match=seen)).status_code == 412
    assert (await calls.outage())["reason"] == "a pole"


async def test_an_outage_across_a_border_is_seen_on_both_sides_and_led_from_one(calls):
    both = planned(transformers=["T-1", "T-9"])
    beyond = await announce(calls, both, region="320505")
    assert beyond.json()["type"] == "/problems/unknown-transformer", "T-9 is the neighbours'"
    outage = (await announce(calls, both)).json()
    path = f"/v1/outages/{outage['id']}"
    for region, status in (("320505", 200), ("320506", 200), ("320507", 404)):
        assert (await calls.get(path, region=region)).status_code == status
        listed = (await calls.get("/v1/outages", region=region)).json()["items"]
        assert len(listed) == (status == 200)
    neighbour = await calls.post(f"{path}/cancellation", {"reason": "no"}, region="320506")
    assert neighbour.status_code == 404
