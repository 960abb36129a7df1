"""Death at every seam between database, broker, caller and gateway.

Every process that dies here dies inside one function, by its own hand (`launch.py`), under load.
"""

import asyncio

import pytest

from deploy.suite import Suite
from tests.chaos import nemesis
from tests.chaos.evidence import settled
from tests.chaos.launch import KILLED
from tests.chaos.recorder import Recorder

pytestmark = pytest.mark.anyio

SEAMS = [
    ("intake", "after-commit", 20),
    ("intake", "after-mark", 5),
    ("workorders", "before-mark", 5),
    ("workorders", "before-offset", 5),
    ("workorders", "after-offset", 5),
    ("notify", "before-offset", 5),
    ("notify", "before-record", 10),
]

CASES, RATE = 60, 20


@pytest.mark.parametrize(("service", "point", "times"), SEAMS)
async def test_death_at_a_seam_loses_and_doubles_nothing(
    suite: Suite, recorder: Recorder, service: str, point: str, times: int
) -> None:
    await nemesis.replace(suite, service, point, times)
    filing = asyncio.create_task(recorder.file(CASES, RATE))
    assert await asyncio.to_thread(suite.children[service].process.wait, 30) == KILLED
    suite.start_service(service)
    await filing
    history = await settled(suite, recorder.lines, doubt=service == "notify")
    assert len(history.accepted) == CASES
    if point == "after-commit":
        assert any(line.replayed for line in history.log)
