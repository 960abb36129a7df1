"""What is due fires once: in a storm, with two workers, and while somebody is just in time."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.workorders.store.clocks import some_are_late
from shared import due
from shared.due import Timer, fire_due, run_timer
from shared.ids import new_id
from tests.conftest import NINE, Running
from tests.service.conftest import hear
from tests.service.given import accepted, as_message

pytestmark = pytest.mark.anyio

MANY = """
    INSERT INTO clocks (id, order_id, kind, generation, promised, policy, policy_version, calendar,
      calendar_version, budget, stops, started_at, state, consumed, running_since, due_at, warned,
      wake_at, wake, entries, changed_at)
    SELECT gen_random_uuid(), id, 'storm', n, true, 'p', '1', 'always', 1, due - opened_at,
      '["replied"]', opened_at, 'armed', interval '0', opened_at, due, 0, due, 'breached', 1,
      opened_at
    FROM work_orders, generate_series(1, $1) AS n,
      LATERAL (SELECT opened_at + make_interval(secs => 1 + n % 60) AS due) AS d
    """


async def storm(workorders: Running, many: int) -> None:
    """One order with `many` clocks due within a minute, and no others."""
    await hear(workorders, as_message(accepted()))
    async with workorders.database.begin() as tx:
        await tx.run("DELETE FROM clock_entries")
        await tx.run("DELETE FROM clocks")
        await tx.run(MANY, many)


async def storm_again(workorders: Running) -> None:
    """The same clocks are late once more."""
    async with workorders.database.begin() as tx:
        await tx.run("UPDATE clocks SET wake_at = due_at")


async def breached(workorders: Running) -> Counter[str]:
    """How often each clock's breach was said."""
    rows = await workorders.rows(
        "SELECT fact->'data'->>'clock_id' AS clock FROM"
        " (SELECT envelope::json AS fact FROM outbox) AS said WHERE fact->>'type' LIKE '%breached%'"
    )
    return Counter(row.clock for row in rows)


async def test_a_storm_with_two_workers_fires_each_clock_once(workorders):
    await storm(workorders, 2000)
    timer = workorders.service.timers[0]
    at = NINE + timedelta(hours=1)

    async def worker() -> int:
        fired = 0
        while now := await fire_due(workorders.database, timer, at):
            assert now <= 500, "no transaction takes it all"
            fired += now
        return fired

    assert sum(await asyncio.gather(worker(), worker())) == 2000
    said = await breached(workorders)
    assert len(said) == 2000 and set(said.values()) == {1}
    assert len(await workorders.rows("SELECT 1 FROM clocks WHERE state = 'breached'")) == 2000


async def test_nothing_fires_early_and_the_due_instant_is_still_in_time(workorders):
    await storm(workorders, 60)
    timer = workorders.service.timers[0]
    assert await fire_due(workorders.database, timer, NINE + timedelta(seconds=1)) == 0
    assert await fire_due(workorders.database, timer, NINE + timedelta(seconds=30)) == 29
    async with workorders.database.begin() as tx:
        assert await timer.next_due(tx) == NINE + timedelta(seconds=30)


async def test_just_in_time_or_late_but_never_both(workorders, token, clock):
    """Forty crews arrive at the last moment, while the timer of a faster clock fires."""
    crew, client = token("crew"), workorders.client
    for n in range(40):
        await hear(workorders, as_message(accepted(new_id(NINE)), n))
    rows = await workorders.rows("SELECT id FROM work_orders")
    orders = [f"/v1/work-orders/{row.id}" for row in rows]
    claims = await asyncio.gather(*(client.post(f"{o}/claim", headers=crew) for o in orders))
    assert {answer.status_code for answer in claims} == {200}

    timer = workorders.service.timers[0]
    clock.now = NINE + timedelta(minutes=44)  # when arrival is due
    late = clock.now + timedelta(seconds=1)
    arrivals = [client.post(f"{order}/arrival", headers=crew) for order in orders]
    fires = [fire_due(workorders.database, timer, late, limit=3) for _ in orders]
    both = zip(arrivals, fires, strict=True)
    done = await asyncio.gather(*(one for pair in both for one in pair))
    assert {a.status_code for a in done if not isinstance(a, int)} == {200}

    every_clock = await workorders.rows("SELECT * FROM clocks")
    clocks = [row for row in every_clock if row.kind == "arrival"]
    said = await breached(workorders)
    late_ones = {str(row.id) for row in every_clock if row.state == "breached"}
    assert set(said) == late_ones and set(said.values()) <= {1}
    assert {row.state for row in clocks} <= {"met", "breached"}
    for row in clocks:
        assert (row.state == "met") == (row.fired_at is None)


async def test_a_timer_sleeps_until_the_next_instant_or_until_it_is_rung(workorders, clock):
    timer = workorders.service.timers[0]
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_timer(workorders.database, timer, clock, stopping))
        await asyncio.sleep(0.05)
        clock.now = NINE + timedelta(hours=2)
        await hear(workorders, as_message(accepted()))
        async with asyncio.timeout(5):
            while not await breached(workorders):  # noqa: ASYNC110 (it happens in the database)
                await asyncio.sleep(0.01)
        stopping.set()
        async with workorders.database.begin() as tx:
            tx.ring(timer.name)
    assert set((await breached(workorders)).values()) == {1}


async def test_a_patient_timer_lets_go_first_what_is_late_but_not_for_ever(
    workorders, clock, monkeypatch
):
    monkeypatch.setattr(due, "_YIELD_SECONDS", 0.02)
    await storm(workorders, 60)
    clock.now = NINE + timedelta(hours=1)
    stopping, fired = asyncio.Event(), []

    async def fire(tx, stamp, limit):
        fired.append(len(await breached(workorders)))
        stopping.set()
        return ()

    async def nothing(tx):
        return None

    patient = Timer("patient", fire, nothing, some_are_late)
    running = asyncio.create_task(run_timer(workorders.database, patient, clock, stopping))
    await asyncio.sleep(0.1)
    assert fired == []
    assert await fire_due(workorders.database, workorders.service.timers[0], clock.now) == 60
    await running
    assert fired == [60]

    await storm_again(workorders)
    stopping.clear()
    await run_timer(workorders.database, patient, clock, stopping)
    assert fired == [60, 60], "it had its turn although the clocks are late still"
