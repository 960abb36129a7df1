"""A new version for clocks that already run: what is foreseen is what happens, in batches."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.workorders.policies import read_packs
from services.workorders.use_cases import policy_edits
from services.workorders.use_cases.policies import use_policies
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import accepted, as_message
from tests.service.world import Died, dying

pytestmark = pytest.mark.anyio

HOUSE = next(pack for pack in read_packs() if pack["id"] == "house")
FAULT, COMPLAINT = {"type": "fault_report"}, {"type": "complaint"}


def limit(clock: str, when: dict[str, Any], target: dict[str, Any], stops: list[str]) -> Any:
    return {
        "clock": clock,
        "when": when,
        "target": target,
        "starts": "accepted",
        "stops": stops,
        "pauses": ["weather"],
        "source": "for tests",
        "certainty": "own",
    }


def version(name: str, fault: int, complaint: int, valid_from: str = "2026-01-01") -> Any:
    """Minutes until a fault is claimed, working hours until a complaint is answered."""
    return {
        "id": "mine",
        "version": name,
        "valid_from": valid_from,
        "limits": [
            limit("claim", FAULT, {"minutes": fault}, ["claimed"]),
            limit("reply", COMPLAINT, {"hours": complaint, "calendar": "cn-office"}, ["replied"]),
        ],
    }


class Editing:
    """The packs in use, an edit over HTTP, and the worker that does it."""

    def __init__(self, workorders, token, clock) -> None:
        self.running, self._token, self.clock = workorders, token, clock

    async def use(self, *packs: dict[str, Any]) -> None:
        async with self.running.database.begin() as tx:
            stamp = Stamp(by="start", at=self.clock.now)
            await use_policies(tx, stamp, [HOUSE, *packs], "mine")

    async def fire(self, *names: str) -> None:
        for timer in self.running.service.timers:
            if timer.name in names:
                while await fire_due(self.running.database, timer, self.clock.now):
                    pass

    async def preview(self, to: str = "2", region: str = "3205", **body: str) -> Any:
        answer = await self.running.client.post(
            f"/v1/policies/mine/{to}/preview",
            json={"mode": "retarget"} | body,
            headers=self._token("supervisor", region),
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def begin(self, to: str = "2", region: str = "3205", key: str = "", **body: str) -> Any:
        headers = self._token("supervisor", region) | {"idempotency-key": key or str(uuid4())}
        wanted = {"policy": "mine", "version": to, "mode": "retarget", "reason": "new rules"}
        return await self.running.client.post(
            "/v1/policy-edits", json=wanted | body, headers=headers
        )

    async def look(self, id: str, region: str = "3205") -> Any:
        headers = self._token("supervisor", region)
        return await self.running.client.get(f"/v1/policy-edits/{id}", headers=headers)

    async def done(self, **body: str) -> Any:
        """The edit, when the worker has finished it."""
        answer = await self.begin(**body)
        assert answer.status_code == 201, answer.text
        for _ in range(100):
            await self.fire("policy_edits")
            edit = (await self.look(answer.json()["id"])).json()
            if edit["finished_at"]:
                return edit
        raise AssertionError("it never ends")

    async def clocks(self) -> dict[Any, Any]:
        query = "SELECT id, state, policy_version, due_at, entries FROM clocks"
        return {row.id: row for row in await self.running.rows(query)}


@pytest.fixture
def editing(workorders, token, clock) -> Editing:
    return Editing(workorders, token, clock)


async def many(editing: Editing, field, seed: int, orders: int = 25) -> None:
    """Orders of the last hours, some claimed, some resting, some breached, some not noticed yet."""
    chance = random.Random(seed)
    begun = sorted(chance.randrange(0, 180) for _ in range(orders))
    for minutes in begun:
        at = editing.clock.now = NINE - timedelta(hours=9) + timedelta(minutes=minutes)
        kind = chance.choice(["fault_report", "complaint"])
        order = await field.opened(case_type=kind, at=at, promises=())
        if chance.random() < 0.4:
            editing.clock.now += timedelta(minutes=chance.randrange(0, 60))
            await field.post(order, "claim")
            rest = {
                "reason": "weather",
                "until": (editing.clock.now + timedelta(hours=6)).isoformat(),
                "customer_told": True,
            }
            if chance.random() < 0.6:
                await field.post(order, "suspension", rest, role="supervisor")
    editing.clock.now = NINE - timedelta(hours=9) + timedelta(minutes=chance.randrange(200, 400))
    if chance.random() < 0.5:
        await editing.fire("clocks")


@pytest.mark.parametrize("base", ["creation", "change"])
@pytest.mark.parametrize("seed", range(4))
async def test_what_is_foreseen_is_what_happens(editing, field, seed, base, monkeypatch):
    monkeypatch.setattr(policy_edits, "_BATCH", 7)
    chance = random.Random(seed + 100)
    limits = [(chance.choice([30, 90, 150, 300]), chance.choice([1, 2, 4, 8])) for _ in range(2)]
    await editing.use(version("1", *limits[0]))
    await many(editing, field, seed)
    await editing.use(version("1", *limits[0]), version("2", *limits[1], valid_from="2026-02-01"))
    foreseen = await editing.preview(base=base)
    before = await editing.clocks()
    edit = await editing.done(base=base)
    after = await editing.clocks()
    assert edit["counts"] == foreseen["counts"]
    assert foreseen["counts"]["live"] > 0
    changed = [id for id in before if before[id].entries != after[id].entries]
    states = [(before[id].state, after[id].state) for id in before]
    counts = foreseen["counts"]
    assert counts["changed"] == len(changed)
    assert counts["breached"] == sum(a != "breached" and b == "breached" for a, b in states)
    assert counts["recovered"] == sum(a == "breached" and b != "breached" for a, b in states)
    for sample in foreseen["samples"]:
        [row] = [row for id, row in after.items() if str(id) == sample["clock_id"]]
        assert row.state == sample["state_then"]


async def one_of_each(editing: Editing, field) -> tuple[str, str]:
    """A fault of 70 minutes ago by version 1 (an hour), and one of 20 minutes ago."""
    await editing.use(version("1", 60, 8))
    editing.clock.now = NINE - timedelta(minutes=69)
    late = await field.opened(at=editing.clock.now, promises=(), number="late")
    editing.clock.now = NINE - timedelta(minutes=19)
    fresh = await field.opened(at=editing.clock.now, promises=(), number="fresh")
    editing.clock.now = NINE
    await editing.fire("clocks")
    return late, fresh


async def test_a_longer_limit_recovers_what_had_breached(editing, field):
    late, _fresh = await one_of_each(editing, field)
    assert (await field.clocks(late))["claim", 1] == "breached"
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"))
    foreseen = await editing.preview(base="creation")
    assert foreseen["counts"] == {
        "live": 2,
        "changed": 2,
        "breached": 0,
        "recovered": 1,
        "impossible": 0,
    }
    [first, second] = foreseen["samples"]
    assert (first["case_number"], first["recovers"], second["recovers"]) == ("late", True, False)
    assert (await field.clocks(late))["claim", 1] == "breached", "a look changes nothing"
    await editing.done(base="creation")
    assert "armed" in (await field.clocks(late)).values()
    rows = await editing.running.rows(
        "SELECT reason, \"by\" FROM clock_entries WHERE what = 'retargeted'"
    )
    assert len(rows) == 2
    assert {row.by for row in rows} == {"supervisor-1"}
    assert all(row.reason.endswith(": new rules") for row in rows)


async def test_a_shorter_limit_breaches_at_once_what_is_late_by_it(editing, field):
    _late, fresh = await one_of_each(editing, field)
    await editing.use(version("1", 60, 8), version("2", 15, 8, valid_from="2026-02-01"))
    before = (await editing.running.said()).count("clock-breached")
    edit = await editing.done(base="creation")
    assert (edit["counts"]["breached"], edit["counts"]["recovered"]) == (1, 0)
    assert (await field.clocks(fresh))["claim", 1] == "breached"
    assert (await editing.running.said()).count("clock-breached") == before + 1


async def test_pinned_clocks_keep_their_version(editing, field):
    _late, _fresh = await one_of_each(editing, field)
    await editing.use(version("1", 60, 8), version("2", 15, 8, valid_from="2026-02-01"))
    before = await editing.clocks()
    foreseen = await editing.preview(mode="pin")
    assert (foreseen["counts"]["live"], foreseen["counts"]["changed"]) == (2, 0)
    assert (await editing.done(mode="pin"))["counts"] == foreseen["counts"]
    assert await editing.clocks() == before
    newer = accepted(at=NINE, promises=())
    await hear(editing.running, as_message(newer))
    versions = [row.policy_version for row in (await editing.clocks()).values()]
    assert sorted(versions) == ["1", "1", "2"], "only what comes later runs by the new one"


async def test_a_promise_that_was_told_stands(editing, field):
    """The customer heard 45 minutes; the pack said an hour, and now says fifteen minutes."""
    packs = [version("1", 60, 8), version("2", 15, 8, valid_from="2026-02-01")]
    for pack in packs:
        pack["limits"][0] |= {"clock": "arrival", "promised": True, "certainty": "A"}
    await editing.use(packs[0])
    order = await field.opened()
    [before] = (await field.look(order))["clocks"]
    await editing.use(*packs)
    assert (await editing.preview())["counts"]["changed"] == 0
    await editing.done()
    assert (await field.look(order))["clocks"] == [before]


async def test_a_restart_goes_on_where_it_stopped(editing, field, monkeypatch):
    monkeypatch.setattr(policy_edits, "_BATCH", 2)
    await editing.use(version("1", 60, 8))
    for _ in range(5):
        await field.opened(promises=())
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"))
    edit = (await editing.begin()).json()
    timer = next(t for t in editing.running.service.timers if t.name == "policy_edits")
    seen = []
    for _ in range(4):
        with suppress(Died):
            async with dying(editing.running.database.begin)() as tx:
                await timer.fire(tx, Stamp(by="timer:policy_edits", at=NINE), 500)
        await fire_due(editing.running.database, timer, NINE)
        seen.append((await editing.look(edit["id"])).json()["counts"]["changed"])
    assert seen == [2, 4, 5, 5]
    lines = await editing.running.rows("SELECT 1 FROM clock_entries WHERE what = 'retargeted'")
    assert len(lines) == 5, "none twice"
    async with editing.running.database.begin() as tx:
        assert await timer.next_due(tx) is None


async def test_only_orders_of_the_callers_region_change(editing, field):
    await editing.use(version("1", 60, 8))
    await field.opened(promises=(), region="320505")
    await field.opened(promises=(), region="320506")
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"))
    assert (await editing.preview(region="320506"))["counts"]["changed"] == 1
    edit = (await editing.begin(region="320506")).json()
    await editing.fire("policy_edits")
    assert (await editing.look(edit["id"], region="320506")).json()["counts"]["changed"] == 1
    assert (await editing.look(edit["id"], region="320505")).status_code == 404
    versions = sorted(row.policy_version for row in (await editing.clocks()).values())
    assert versions == ["1", "2"]


async def test_the_same_request_twice_is_one_edit(editing, field):
    await one_of_each(editing, field)
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"))
    first, again = await editing.begin(key="k"), await editing.begin(key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(await editing.running.rows("SELECT 1 FROM policy_edits")) == 1


async def test_what_cannot_be_edited_is_refused(editing, field):
    await one_of_each(editing, field)
    later = version("3", 90, 8, valid_from="2027-01-01")
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"), later)
    refused = {
        "unknown": await editing.begin(to="9"),
        "to come": await editing.begin(to="3"),
        "gone": await editing.begin(to="1"),
        "odd": await editing.begin(mode="guess"),
    }
    assert {name: (r.status_code, r.json()["type"]) for name, r in refused.items()} == {
        "unknown": (404, "/problems/no-such-policy"),
        "to come": (409, "/problems/not-in-force"),
        "gone": (409, "/problems/not-in-force"),
        "odd": (422, "/problems/invalid-request"),
    }
    assert (await editing.preview(to="3"))["counts"]["changed"] == 2, "one may look ahead"
    assert (await editing.begin()).status_code == 201
    second = await editing.begin()
    assert (second.status_code, second.json()["type"]) == (409, "/problems/edit-running")


async def test_a_hole_in_a_calendar_stops_no_other_clock(editing, field):
    """A complaint that would run into a year without a calendar keeps what it has."""
    await editing.use(version("1", 60, 8))
    complaint = await field.opened(case_type="complaint", promises=())
    fault = await field.opened(promises=())
    far = version("2", 90, 2000, valid_from="2026-02-01")
    await editing.use(version("1", 60, 8), far)
    foreseen = await editing.preview()
    assert foreseen["counts"] | {"live": 0} == {
        "live": 0,
        "changed": 1,
        "breached": 0,
        "recovered": 0,
        "impossible": 1,
    }
    assert (await editing.done())["counts"] == foreseen["counts"]
    assert (await field.look(complaint))["clocks"][0]["policy_version"] == "1"
    assert (await field.look(fault))["clocks"][0]["policy_version"] == "2"


async def test_edits_are_listed_newest_first(editing, field, workorders, token):
    await one_of_each(editing, field)
    await editing.use(version("1", 60, 8), version("2", 90, 8, valid_from="2026-02-01"))
    ids = []
    for minute in range(3):
        editing.clock.now = NINE + timedelta(minutes=minute)
        ids.append((await editing.done())["id"])
    headers = token("ops", "3205")
    page = (await workorders.client.get("/v1/policy-edits?limit=2", headers=headers)).json()
    assert [one["id"] for one in page["items"]] == [ids[2], ids[1]]
    rest = await workorders.client.get(
        f"/v1/policy-edits?limit=2&cursor={page['next']}", headers=headers
    )
    assert [one["id"] for one in rest.json()["items"]] == [ids[0]]
