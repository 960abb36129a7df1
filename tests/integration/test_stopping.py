"""An orderly end: whoever is told to stop answers what it took, keeps it, and leaves in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.suite import Suite
from tests.chaos.evidence import rows, settled
from tests.chaos.recorder import Recorder
from tests.integration.world import ready

pytestmark = pytest.mark.anyio

IN_TIME = 15.0


@asynccontextmanager
async def _told_to_stop(suite: Suite, service: str) -> AsyncIterator[None]:
    """SIGTERM before, the end within time and without complaint after; then a new one."""
    child = suite.children[service]
    child.terminate()
    try:
        yield
        assert await asyncio.to_thread(child.process.wait, IN_TIME) == 0
    finally:
        child.kill()
        suite.start_service(service)
        await asyncio.to_thread(suite.children[service].wait_ready, ready(suite, service))


async def test_half_a_request_keeps_nobody_alive(suite: Suite) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", suite.ports["intake"])
    head = b"POST /v1/cases HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    writer.write(head + b'{"type": "fault')
    await writer.drain()
    await asyncio.sleep(0.2)  # it is being read
    async with _told_to_stop(suite, "intake"):
        await reader.read()  # until the server hangs up
    writer.close()


async def test_what_was_taken_before_the_end_is_answered_and_kept(
    suite: Suite, tmp_path: Path
) -> None:
    once = Recorder(suite, tmp_path / "log.jsonl", patience=0)
    filing = asyncio.create_task(once.file(cases=150, rate=75))
    await asyncio.sleep(1)
    async with _told_to_stop(suite, "intake"):
        await filing
    history = await settled(suite, once.lines)
    asked = {line.key for line in history.log}
    assert 0 < len(history.accepted) < len(asked)
    assert history.accepted.keys() == {key for _, key in history.cases if key in asked}


async def test_workers_end_in_time_while_the_broker_is_away(suite: Suite) -> None:
    assert suite.apache is not None
    suite.apache.kill()
    try:
        async with _told_to_stop(suite, "workorders"):
            pass
    finally:
        await suite.apache.start()
    await asyncio.to_thread(suite.wait_quiet, 60)
    assert await rows(suite, "workorders", "SELECT 1 FROM outbox WHERE sent_at IS NULL") == []
