"""The books: what must agree once everything is healed, whatever happened on the way."""

import json
from collections import Counter, defaultdict
from typing import Any

from services.workorders.use_cases.clock_changes import rebuild
from shared.stamp import Stamp
from tests.conftest import NINE, Running
from tests.service.world import HEARD, World, rows_of


async def agree(world: World, accepted: set[str]) -> None:
    """`accepted`: the ids that customers were given."""
    intake, workorders, notify = world.services.values()
    cases = {str(row.id): row for row in await rows_of(intake, "cases")}
    orders = {str(row.case_id): row for row in await rows_of(workorders, "work_orders")}
    assert set(cases) == accepted, "a case for every answer, an answer for every case"
    assert set(orders) == accepted, "an order for every case"
    told_of = _last_versions(world, intake)
    for id in orders:
        assert cases[id].order_version == told_of.get(id, 0), "intake knows how far the work is"
    told = [m.dedupe_key for m in await rows_of(notify, "messages")]
    assert {key.removeprefix("case-accepted:") for key in told if "case-acc" in key} == accepted
    assert len(told) == len(set(told)), "nobody hears the same twice"
    for running in world.services.values():
        await _everything_left(world, running)
        await _each_fact_acted_once(world, running)
    _orders_speak_in_order(world)
    await _clocks_fired_once(world, workorders)
    await clocks_are_their_ledgers(workorders)


async def clocks_are_their_ledgers(workorders: Running) -> None:
    """Every clock made anew from its ledger is its row, to the microsecond."""
    ids = [row.id for row in await rows_of(workorders, "clocks")]
    async with workorders.database.begin() as tx:
        for rebuilt in await rebuild(tx, Stamp(by="books", at=NINE), ids):
            assert rebuilt.different == {}, rebuilt.clock


async def _everything_left(world: World, running: Running) -> None:
    rows = await rows_of(running, "outbox")
    assert all(row.sent_at is not None for row in rows)
    written = {row.envelope.encode() for row in rows}
    assert written == {value for _, value in world.pipe.log[running.service.name]}
    assert all(row.released_at is not None for row in await rows_of(running, "parked"))


async def _each_fact_acted_once(world: World, running: Running) -> None:
    noted = [row for row in await rows_of(running, "audit") if row.action == HEARD]
    sent = [json.loads(value) for h in world.hearers if h.running is running
            for _, value in world.pipe.log[h.topic]]  # fmt: skip
    meant = {fact["id"] for fact in sent if fact["type"] in running.service.heard}
    acted = Counter(row.about for row in noted)
    assert set(acted) == meant, "every fact was acted on"
    assert set(acted.values()) <= {1}, "no fact was acted on twice"
    versions = defaultdict(list)
    for row in sorted(noted, key=lambda row: row.id):
        if row.facts["version"] and "clock" not in row.facts["type"]:
            versions[row.facts["key"]].append(row.facts["version"])
    for heard in versions.values():
        assert heard == sorted(set(heard)), "the facts of one order are heard in their order"


def _orders_speak_in_order(world: World) -> None:
    first_seen: dict[str, list[int]] = defaultdict(list)
    for _, fact in _said(world, "workorders"):
        about = fact["data"].get("work_order_id")
        if about and "clock" not in fact["type"] and fact["sequence"] not in first_seen[about]:
            first_seen[about].append(fact["sequence"])
    for versions in first_seen.values():
        assert versions[0] == 1 and versions == sorted(versions), "each order's facts in order"


async def _clocks_fired_once(world: World, workorders: Running) -> None:
    clocks = {str(row.id): row for row in await rows_of(workorders, "clocks")}
    breaches = {fact["id"]: fact["data"] for _, fact in _said(world, "workorders")
                if fact["type"] == "workorders.clock-breached.v1"}  # fmt: skip
    fired = Counter(breach["clock_id"] for breach in breaches.values())
    assert set(fired.values()) <= {1}, "a clock fires once"
    assert set(fired) == {id for id, row in clocks.items() if row.state == "breached"}
    for row in clocks.values():
        if row.state == "met":
            assert row.stopped_at <= row.due_at, "met means in time"
            assert row.fired_at is None
        if row.state == "breached":
            assert row.fired_at > row.due_at, "none fires early"
        if row.state == "armed":
            assert row.due_at >= world.clock(), "none is forgotten"


def _last_versions(world: World, hearer: Running) -> dict[str, int]:
    """By case: the newest version of its order in what `hearer` listens to."""
    last: dict[str, int] = {}
    for _, fact in _said(world, "workorders"):
        data = fact["data"]
        if fact["type"] in hearer.service.heard and "version" in data and "case_id" in data:
            last[data["case_id"]] = max(last.get(data["case_id"], 0), data["version"])
    return last


def _said(world: World, topic: str) -> list[tuple[str, Any]]:
    return [(key, json.loads(value)) for key, value in world.pipe.log[topic]]
