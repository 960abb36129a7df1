"""Clocks changed from outside: another policy, a correction by two people, a rebuild."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.workorders.domain.counted import Mode
from services.workorders.store import references
from services.workorders.use_cases.clock_changes import retarget, would_become
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, CLAIM, fire, ledger, told, use

pytestmark = pytest.mark.anyio

GATE = {
    "wrong": "not_counted",
    "since": "2026-11-20T09:10:00Z",
    "until": "2026-11-20T09:25:00Z",
    "reason": "locked gate, the rest was not entered",
}


@pytest.fixture
async def order(workorders, field) -> str:
    await use(workorders, ARRIVAL, CLAIM)
    return await field.opened(promises=())


async def ids_of(workorders, kind: str = "arrival") -> list[Any]:
    rows = await workorders.rows("SELECT id FROM clocks WHERE kind = :kind ORDER BY id", kind=kind)
    return [row.id for row in rows]


class Correcting:
    """A clock, and supervisors with something to say about it."""

    def __init__(self, running, token, id) -> None:
        self._client, self._token, self.address = running.client, token, f"/v1/clocks/{id}"

    async def post(self, noun: str, who: str, body=None, **headers: str):
        sent = self._token("supervisor", "3205", who) | {"idempotency-key": uuid4().hex} | headers
        return await self._client.post(f"{self.address}/{noun}", json=body, headers=sent)

    async def look(self, noun: str = "", role: str = "agent", region: str = "3205"):
        headers = self._token(role, region)
        return await self._client.get(f"{self.address}{noun}", headers=headers)


@pytest.fixture
async def correcting(workorders, token, order) -> Correcting:
    return Correcting(workorders, token, (await ids_of(workorders))[0])


async def test_a_correction_needs_a_second_person_and_keeps_the_original(
    workorders, correcting, clock
):
    await fire(workorders, clock, minutes=50)
    assert (await correcting.post("correction/confirmation", "sup-1")).status_code == 409
    proposed = await correcting.post("correction", "sup-1", GATE)
    assert (proposed.status_code, proposed.json()["standing"]) == (201, "proposed")
    again = await correcting.post("correction", "sup-3", GATE)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/correction-pending")
    own = await correcting.post("correction/confirmation", "sup-1")
    assert (own.status_code, own.json()["type"]) == (403, "/problems/second-person-needed")
    assert (await correcting.look()).json()["state"] == "breached", "nothing counts so far"

    confirmed = await correcting.post("correction/confirmation", "sup-2")
    shown = confirmed.json()
    assert (shown["state"], shown["due_at"]) == ("armed", "2026-11-20T09:59:00Z")
    why = (await correcting.look("/explanation")).json()
    assert (why["original_state"], why["original_due_at"]) == ("breached", "2026-11-20T09:44:00Z")
    assert [one["decided_by"] for one in why["corrections"]] == ["sup-2"]
    whats = [line["what"] for line in why["ledger"]]
    assert whats == ["started", "breached", "escalated", "corrected"]
    [said] = await told(workorders, "clock-corrected")
    assert (said["state_before"], said["state"], said["generation"]) == ("breached", "armed", 2)
    await fire(workorders, clock, hours=1)
    assert [one["generation"] for one in await told(workorders, "clock-breached")] == [1, 1, 2]


async def test_what_was_met_may_turn_out_to_have_been_late(workorders, field, correcting, clock):
    clock.now = NINE + timedelta(minutes=40)
    [row] = await workorders.rows("SELECT order_id FROM clocks WHERE kind = 'arrival'")
    await field.done(f"/v1/work-orders/{row.order_id}", "claim", "arrival")
    assert (await correcting.look()).json()["state"] == "met"
    earlier = {"wrong": "started_at", "since": "2026-11-20T08:50:00Z", "reason": "first call"}
    assert (await correcting.post("correction", "sup-1", earlier)).status_code == 201
    shown = (await correcting.post("correction/confirmation", "sup-2")).json()
    assert (shown["state"], shown["due_at"]) == ("breached", "2026-11-20T09:35:00Z")
    assert shown["used_seconds"] == 50 * 60
    assert (await told(workorders, "clock-breached"))[-1]["kind"] == "arrival"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"until": None}, "impossible-correction"),
        ({"until": "2026-11-20T09:10:00Z"}, "impossible-correction"),
        ({"until": "2026-11-20T10:10:00Z"}, "impossible-correction"),
        ({"since": "2026-11-20T08:10:00Z"}, "impossible-correction"),
        ({"wrong": "stopped_at"}, "impossible-correction"),
        ({"wrong": "colour"}, "invalid-request"),
        ({"reason": ""}, "invalid-request"),
    ],
)
async def test_what_cannot_have_been_is_refused(correcting, clock, changes, problem):
    clock.now = NINE + timedelta(minutes=40)
    answer = await correcting.post("correction", "sup-1", GATE | changes)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}")


async def test_a_rejected_correction_changes_nothing(workorders, correcting, clock):
    clock.now = NINE + timedelta(minutes=40)
    await correcting.post("correction", "sup-1", GATE)
    rejected = await correcting.post("correction/rejection", "sup-2", {"reason": "not so"})
    assert (rejected.status_code, rejected.json()["standing"]) == (200, "rejected")
    assert await ledger(workorders, "arrival") == ["started"]
    assert (await correcting.post("correction", "sup-1", GATE)).status_code == 201


async def test_who_acts_upon_an_older_ledger_is_told(workorders, correcting, clock):
    etag = (await correcting.look()).headers["etag"]
    await fire(workorders, clock, minutes=30)
    late = await correcting.post("correction", "sup-1", GATE, **{"if-match": etag})
    assert late.status_code == 412


async def test_another_regions_clocks_look_like_none(correcting):
    for noun in ("", "/explanation"):
        assert (await correcting.look(noun, region="3301")).status_code == 404
    unknown = Correcting.__new__(Correcting)
    unknown.__dict__ |= correcting.__dict__ | {"address": f"/v1/clocks/{uuid4()}"}
    assert (await unknown.look()).status_code == 404


async def test_a_rebuild_finds_the_row_as_it_is_or_repairs_it(workorders, correcting, token, clock):
    await fire(workorders, clock, minutes=50)

    async def rebuilt():
        address = f"{correcting.address}/rebuild"
        return (await workorders.client.post(address, headers=token("ops"))).json()

    assert (await rebuilt())["equal"] is True
    await workorders.rows(
        "UPDATE clocks SET consumed = interval '1 microsecond', due_at = now() RETURNING 1"
    )
    wrong = await rebuilt()
    assert [one["column"] for one in wrong["different"]] == ["consumed", "due_at"]
    assert (await rebuilt())["equal"] is True


async def change(workorders, clock, mode: Mode, minutes: int, version: str = "2"):
    """Other limits in force; what would become of the clocks, and what does."""
    other = ARRIVAL | {"target": {"minutes": minutes}, "warnings": []}
    more = {"valid_from": f"2026-11-0{version}"}
    await use(workorders, other, CLAIM, version=version, **more)
    ids = await ids_of(workorders)
    stamp = Stamp(by="supervisor-1", at=clock.now)
    async with workorders.database.begin() as tx:
        packs = await references.packs_in_force(tx, clock.now)
        preview = await would_become(tx, stamp, ids, packs, mode)
    before = await workorders.rows("SELECT count(*) AS n FROM clock_entries")
    assert before[0].n == (await workorders.rows("SELECT sum(entries) AS n FROM clocks"))[0].n
    async with workorders.database.begin() as tx:
        done = await retarget(tx, stamp, ids, packs, mode, "winter rules")
    assert [(one.breaches, one.recovers) for one in preview] == [
        (one.breaches, one.recovers) for one in done
    ]
    return done


@pytest.mark.parametrize("mode", Mode)
async def test_other_limits_breach_and_bring_back_what_the_preview_said(
    workorders, field, order, clock, mode
):
    await fire(workorders, clock, minutes=50)
    [back] = await change(workorders, clock, mode, 60)
    assert back.recovers and not back.breaches
    assert (back.after.generation, back.after.state) == (2, "armed")
    assert back.after.due_at == NINE + timedelta(minutes=59)
    [again] = await change(workorders, clock, mode, 30, version="3")
    late = {Mode.FROM_CREATION: True, Mode.FROM_CHANGE: False}[mode]
    assert again.breaches is late
    await fire(workorders, clock, minutes=50, seconds=1)
    breaches = [one for one in await told(workorders, "clock-breached") if one["kind"] == "arrival"]
    due = {True: NINE + timedelta(minutes=29), False: NINE + timedelta(minutes=50)}[late]
    assert [one["generation"] for one in breaches] == [1, 2]
    assert breaches[-1]["due_at"] == due.isoformat().replace("+00:00", "Z")


async def test_what_is_said_by_the_same_words_is_not_touched(workorders, order, clock):
    same = ARRIVAL | {"target": {"minutes": 45}}
    await use(workorders, same, CLAIM, version="2", valid_from="2026-11-02")
    async with workorders.database.begin() as tx:
        packs = await references.packs_in_force(tx, clock.now)
        stamp = Stamp(by="supervisor-1", at=clock.now)
        ids = await ids_of(workorders)
        await retarget(tx, stamp, ids, packs, Mode.FROM_CHANGE, "nothing new")
    assert await ledger(workorders, "arrival") == ["started"]


async def test_what_the_customer_was_told_stands(workorders, field, clock):
    await use(workorders, ARRIVAL | {"target": {"minutes": 40}}, CLAIM)
    order = await field.opened()
    [kept] = await change(workorders, clock, Mode.FROM_CREATION, 10)
    assert kept.before == kept.after
    shown = await field.look(order)
    [arrival] = [one for one in shown["clocks"] if one["kind"] == "arrival"]
    assert arrival["due_at"] == "2026-11-20T09:44:00Z"
