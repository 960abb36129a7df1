"""Violence against processes of ours, by the pids that we were given or asked PostgreSQL for."""

import asyncio
import os
import signal
import time

import psutil

from deploy.processes import Child
from deploy.suite import Suite
from tests.chaos.evidence import patient_rows, rows
from tests.integration.world import ready

_LOOK_AGAIN = 0.05
_OTHERS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
    """
_CUT_RELAY = """
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND datname = current_database()
    AND (classid, objid) = (0, x'57415454'::int)
    """


def kill(suite: Suite, service: str) -> None:
    """SIGKILL, and at once a new one."""
    suite.children[service].kill()
    suite.start_service(service)


async def kill_broker(suite: Suite) -> None:
    """SIGKILL, and a new one on the same data; back when it answers."""
    assert suite.apache is not None
    suite.apache.kill()
    await suite.apache.start()


async def kill_backend(suite: Suite, service: str) -> None:
    """SIGKILL to one that serves `service`: PostgreSQL throws everybody out and recovers."""
    [[pid]] = await patient_rows(suite, service, _OTHERS)
    assert psutil.Process(pid).ppid() == suite.postgres_pid
    os.kill(pid, signal.SIGKILL)


async def cut_relay(suite: Suite, service: str) -> None:
    """End the session of the one who relays for `service`: the lock is free."""
    assert [tuple(row) for row in await rows(suite, service, _CUT_RELAY)] == [(True,)]


async def replace(suite: Suite, service: str, point: str, times: int) -> None:
    """The same service again, orderly, but with a fuse in it: see `launch`."""
    child = suite.children[service]
    child.terminate()
    assert await asyncio.to_thread(child.process.wait, 15) == 0
    suite.start_service(service, ("-m", "tests.chaos.launch", service, point, str(times)))
    await asyncio.to_thread(suite.children[service].wait_ready, ready(suite, service))


async def until_stopped(child: Child, seconds: float = 30) -> None:
    """Until it lies in its coma."""
    end = time.monotonic() + seconds
    while psutil.Process(child.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < end, f"{child.name} was not stopped within {seconds:.0f} s"
        await asyncio.sleep(_LOOK_AGAIN)


def wake(child: Child) -> None:
    os.kill(child.pid, signal.SIGCONT)
