"""Death and coma at moments nobody chose: of services, the broker, PostgreSQL, a relay."""

import asyncio
import os
import random
import time

import pytest

from deploy.suite import Suite
from tests.chaos import nemesis
from tests.chaos.checker import History
from tests.chaos.evidence import patient_rows, settled
from tests.chaos.recorder import Recorder
from tests.integration.world import ready

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("WATTLINE_CHAOS_SEED", random.randrange(10**6)))
KILLS = 6


@pytest.mark.parametrize("seed", [SEED])
async def test_services_killed_at_random(suite: Suite, recorder: Recorder, seed: int) -> None:
    """The seed is in the name: WATTLINE_CHAOS_SEED=<seed> kills the same ones again."""
    dice = random.Random(seed)
    filing = asyncio.create_task(recorder.file(cases=150, rate=20))
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.3, 2.0))
        nemesis.kill(suite, dice.choice(["intake", "workorders", "notify"]))
    await filing
    history = await settled(suite, recorder.lines, doubt=True, seconds=90)
    assert len(history.accepted) == 150


async def test_the_broker_dies_and_nobody_is_turned_away(suite: Suite, recorder: Recorder) -> None:
    filing = asyncio.create_task(recorder.file(cases=120, rate=30))
    await asyncio.sleep(1)
    await nemesis.kill_broker(suite)
    await filing
    history = await settled(suite, recorder.lines)
    assert len(history.accepted) == 120
    assert {line.status for line in history.log} == {None, 201}


async def test_backends_of_postgresql_die(suite: Suite, recorder: Recorder) -> None:
    filing = asyncio.create_task(recorder.file(cases=120, rate=30))
    for service in ("intake", "workorders"):
        await asyncio.sleep(1)
        await nemesis.kill_backend(suite, service)
    await filing
    history = await settled(suite, recorder.lines)
    assert len(history.accepted) == 120


async def test_a_killed_worker_has_its_partitions_back_at_once(
    suite: Suite, recorder: Recorder
) -> None:
    """By its name: the group would wait ten seconds for a nameless one that is dead."""
    nemesis.kill(suite, "workorders")
    await asyncio.to_thread(suite.children["workorders"].wait_ready, ready(suite, "workorders"))
    began = time.monotonic()
    await recorder.file(cases=1, rate=1)
    [case] = History(log=recorder.lines).accepted.values()
    query = f"SELECT 1 FROM work_orders WHERE case_id = '{case}'"
    await patient_rows(suite, "workorders", query, seconds=8)
    assert time.monotonic() - began < 8
    await settled(suite, recorder.lines)


async def test_a_relay_wakes_up_after_another_took_over(suite: Suite, recorder: Recorder) -> None:
    """It sends what it held in its hands: late, double, and without effect."""
    await nemesis.replace(suite, "workorders", "coma", times=10)
    sleeper, second = suite.children["workorders"], suite.start_worker("workorders", "second")
    try:
        filing = asyncio.create_task(recorder.file(cases=100, rate=25))
        await nemesis.until_stopped(sleeper)
        await nemesis.cut_relay(suite, "workorders")
        await filing
        before = await settled(suite, recorder.lines, quiet=False)
        nemesis.wake(sleeper)
        await asyncio.to_thread(sleeper.wait_ready, ready(suite, "workorders"))
        after = await settled(suite, recorder.lines)
        assert _repeats(before, "workorders") < _repeats(after, "workorders")
    finally:
        nemesis.wake(sleeper)
        second.terminate()
        second.wait(15)
    assert second.process.returncode == 0


def _repeats(history: History, service: str) -> int:
    assert history.carried is not None
    carried = history.carried[service]
    return len(carried) - len({event.id for event in carried})
