"""Promises kept and broken, and what is owed for those that were not."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.owing import Guarantee
from services.workorders.store import guarantees
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

DONE = {"cause": "fallen tree", "action": "line mended", "responsibility": "nature"}


async def guaranteed(calls, order: str, rule: str = "restore_home", since=NINE) -> None:
    """As if the order had been opened under the British pack, which the worker has loaded."""
    [pack] = await calls.running.rows("SELECT id, version FROM policies WHERE id = 'uk-gsop'")
    async with calls.running.database.begin() as tx:
        due_at = since + timedelta(hours=12)
        id = WorkOrderId(UUID(order))
        guarantees.add(tx, Guarantee(id, rule, pack.id, pack.version, since, 1, due_at))


async def owed(calls, **more) -> list:
    return (await calls.get("/v1/compensations", **more)).json()["items"]


async def test_each_etr_is_kept_broken_or_withdrawn_and_the_ledger_says_so(calls, clock):
    first, second = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    outage = await calls.outage()
    path = f"/v1/outages/{outage['id']}"
    for minutes, hours in ((1, 1), (2, 3)):
        clock.now = NINE + timedelta(minutes=minutes)
        await calls.done(f"{path}/etr", {"etr_at": (NINE + timedelta(hours=hours)).isoformat()})
    clock.now = NINE + timedelta(hours=3)
    await calls.fire("promises")
    await calls.done(f"{path}/restoration", DONE)
    ledger = (await calls.get(f"/v1/promises?order_id={second}")).json()["items"]
    assert [one["state"] for one in ledger] == ["kept", "withdrawn"]
    of_outage = (await calls.get(f"/v1/promises?outage_id={outage['id']}&state=kept")).json()
    assert {one["order_id"] for one in of_outage["items"]} == {first, second}
    assert (await calls.get("/v1/promises", region="3301")).json()["items"] == []
    near = (await calls.get("/v1/promises/accuracy")).json()
    assert near["within_minutes"] == 30
    assert (near["first"]["late"], near["first"]["share"]) == (1, 0.0)
    assert (near["last"]["within"], near["last"]["share"]) == (1, 1.0)
    later = (await calls.get("/v1/promises/accuracy?since=2026-11-20T13:00:00Z")).json()
    assert (later["first"]["of"], later["first"]["share"]) == (0, None)
    shown = await calls.outage()
    assert (shown["first_etr_off_minutes"], shown["last_etr_off_minutes"]) == (120, 0)


async def test_an_etr_that_passes_is_broken(calls, clock):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await calls.worked(first, "claim", "etr", etr_at=NINE + timedelta(hours=1))
    clock.now = NINE + timedelta(hours=1, seconds=1)
    assert await calls.fire("promises") == 2
    broken = (await calls.get("/v1/promises?state=broken")).json()["items"]
    assert {one["settled_at"] for one in broken} == {"2026-11-20T10:00:00Z"}


async def test_owed_step_by_step_until_power_is_back(calls, clock):
    [order] = await calls.calls(calls.event("T-1", account_no="5050000001"))
    await guaranteed(calls, order)
    clock.now = NINE + timedelta(hours=12)
    assert await calls.fire("guarantees") == 0, "the due instant itself is in time"
    clock.now = NINE + timedelta(hours=25)
    assert await calls.fire("guarantees") == 2
    found = await owed(calls)
    assert [(one["step"], one["amount_minor"]) for one in found] == [(2, 4500), (1, 9500)]
    assert found[0]["currency"] == "GBP"
    assert "5050000001" not in str(found), "the account is masked"
    assert await calls.said("compensation-due") == [("compensation-due", order)] * 2
    await calls.worked(order, "claim", "departure", "arrival", "repair")
    clock.now = NINE + timedelta(hours=60)
    assert await calls.fire("guarantees") == 0
    assert await owed(calls, region="3301") == []


async def test_waived_by_a_supervisor_for_a_known_reason_with_proof(calls, clock):
    order = await calls.call("T-1")
    await guaranteed(calls, order)
    clock.now = NINE + timedelta(hours=13)
    await calls.fire("guarantees")
    [one] = await owed(calls)
    path = f"/v1/compensations/{one['id']}"
    body = {"reason": "no_access", "evidence": ["photo of the gate"]}
    assert (await calls.post(f"{path}/exemption", body)).status_code == 403
    supervisor = {"role": "supervisor"}
    bare = await calls.post(f"{path}/exemption", body | {"evidence": []}, **supervisor)
    assert bare.status_code == 422
    wrong = await calls.post(f"{path}/exemption", body | {"reason": "tired"}, **supervisor)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/no-such-reason")
    old = await calls.post(f"{path}/exemption", body, if_match='"9"', **supervisor)
    assert old.status_code == 412
    elsewhere = await calls.post(f"{path}/exemption", body, role="supervisor", region="3301")
    assert elsewhere.status_code == 404
    waived = await calls.done(f"{path}/exemption", body, **supervisor)
    assert (waived["state"], waived["exemption"]["evidence"]) == ("exempt", body["evidence"])
    assert (await calls.get(path)).json() == waived
    assert await calls.said("compensation-waived") == [("compensation-waived", order)]
    assert (await calls.post(f"{path}/exemption", body, **supervisor)).status_code == 409


async def test_what_ran_on_ends_when_there_was_no_outage_after_all(calls, clock):
    _, second, third = await calls.calls(*(calls.event("T-1", minutes=n) for n in range(3)))
    path = f"/v1/outages/{(await calls.outage())['id']}"
    await guaranteed(calls, second)
    clock.now = NINE + timedelta(hours=1)
    await calls.done(f"{path}/restoration", DONE)
    asked = [{"work_order_id": id, "on": id == third} for id in (second, third)]
    await calls.done(f"{path}/confirmation-of-supply", {"checked": asked})
    [late] = await calls.calls(calls.event("T-1", minutes=70), look=False)
    await guaranteed(calls, late, since=NINE + timedelta(minutes=70))
    await calls.look()
    query = "SELECT began_at, due_at, ended_at FROM guarantees WHERE order_id = :id"
    for id in (second, late):
        [running] = await calls.running.rows(query, id=UUID(id))
        assert (running.began_at, running.ended_at) == (NINE, None)

    listed = (await calls.get("/v1/outages")).json()["items"]
    [nested] = [one for one in listed if one["nested_in"]]
    clock.now = NINE + timedelta(hours=2)
    body = {"reason": "a fuse of their own"}
    await calls.done(f"/v1/outages/{nested['id']}/cancellation", body)
    [ended] = await calls.running.rows(query, id=UUID(second))
    assert ended.ended_at == NINE + timedelta(hours=1), "power was back then"
    [own] = await calls.running.rows(query, id=UUID(late))
    assert (own.began_at, own.ended_at) == (NINE + timedelta(minutes=70), None)
    assert own.due_at == own.began_at + timedelta(hours=12)
    assert {(await calls.order(id))["outage_id"] for id in (second, late)} == {None}
    assert (await calls.order(late))["master_id"] == second


async def test_severe_weather_is_another_promise(calls, clock):
    first, _ = await calls.calls(calls.event("T-1"), calls.event("T-1"))
    await guaranteed(calls, first)
    path = f"/v1/outages/{(await calls.outage())['id']}/change"
    assert (await calls.post(path, {"weather": "severe_1"})).status_code == 403
    await calls.done(path, {"weather": "severe_1"}, role="supervisor")
    clock.now = NINE + timedelta(hours=13)
    assert await calls.fire("guarantees") == 1
    assert await owed(calls) == []
    [left] = await calls.running.rows("SELECT step, ended_at FROM guarantees")
    assert (left.step, left.ended_at is None) == (1, False), "no step was taken"


async def test_an_appliance_is_worth_what_is_left_of_its_life(calls):
    order = await calls.call("T-1")
    path = f"/v1/work-orders/{order}/appliance-claim"
    body = {
        "kind": "electronics",
        "price_minor": 300000,
        "bought_on": "2022-11-21",
        "damaged_at": "2026-11-20T08:30:00Z",
        "evidence": ["receipt 9"],
    }
    key = str(uuid4())
    claimed = await calls.post(path, body, idempotency_key=key)
    assert (claimed.status_code, claimed.json()["amount_minor"]) == (201, 210000), claimed.text
    assert (await calls.post(path, body, idempotency_key=key)).json() == claimed.json()
    assert len(await owed(calls)) == 1
    for wrong in (
        {"kind": "yacht"},
        {"bought_on": "2026-11-21"},
        {"bought_on": "2010-01-01"},
        {"damaged_at": "2026-11-12T08:30:00Z"},
        {"damaged_at": "2026-11-20T08:30:00"},
        {"evidence": []},
    ):
        answer = await calls.post(path, body | wrong, idempotency_key=str(uuid4()))
        assert answer.status_code == 422, wrong
    assert len(await owed(calls)) == 1
