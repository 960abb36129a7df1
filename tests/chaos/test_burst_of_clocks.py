"""Workers die in the middle of a burst of 50,000 clocks: none is lost, none fires twice."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from deploy.processes import Child, free_ports
from services.workorders.main import WorkordersSettings
from services.workorders.use_cases.clock_changes import rebuild
from shared.db import Database
from shared.stamp import Stamp
from tests.load.stage import Stage, stage
from tests.many_clocks import clocks_like, one_order, orders_like

pytestmark = pytest.mark.anyio

BURST, PATIENCE = 50_000, 180
_FIRED = "SELECT count(*) FROM clocks WHERE kind = 'burst' AND state = 'breached'"
_SAID = """
    SELECT fact->'data'->>'clock_id' AS clock, count(*) AS times
    FROM (SELECT envelope::json AS fact FROM outbox) AS said
    WHERE fact->>'type' = 'workorders.clock-breached.v1' AND fact->'data'->>'kind' = 'burst'
    GROUP BY 1
    """
_WRITTEN = """
    SELECT count(*) FILTER (WHERE what = 'breached'), count(DISTINCT clock_id)
    FROM clock_entries e JOIN clocks c ON c.id = e.clock_id WHERE kind = 'burst'
    """


async def until(connection: asyncpg.Connection, question: str, least: int) -> int:
    end = time.monotonic() + PATIENCE
    while (found := await connection.fetchval(question)) < least:
        assert time.monotonic() < end, f"{found} of {least} after {PATIENCE} s"
        await asyncio.sleep(0.02)
    return int(found)


async def worker(set_up: Stage, port: int) -> Child:
    return await asyncio.to_thread(set_up.start, "workorders", "worker", port)


@pytest.fixture
def set_up() -> Iterator[Stage]:
    """A database of its own, with fsync on; migrated before any loop runs."""
    with stage() as made:
        made.migrate("workorders")
        yield made


async def test_none_is_lost_and_none_fires_twice_though_workers_are_killed(set_up: Stage) -> None:
    order_id, clock_id = await one_order(set_up.settings, datetime.now(UTC))
    connection = await asyncpg.connect(set_up.url("workorders"))
    await orders_like(connection, order_id, BURST)
    ports = free_ports(3)  # all at once: a worker listens elsewhere, a hundred ports up
    first, second = await worker(set_up, ports[0]), await worker(set_up, ports[1])
    await clocks_like(connection, clock_id, "burst", datetime.now(UTC) - timedelta(seconds=1))

    await until(connection, _FIRED, BURST // 10)
    first.kill()
    assert await connection.fetchval(_FIRED) < BURST, "it died in the middle of it"
    await until(connection, _FIRED, BURST // 3)
    second.kill()
    assert await connection.fetchval(_FIRED) < BURST, "and so did the other one"
    await worker(set_up, ports[2])
    await until(connection, _FIRED, BURST)

    said = await connection.fetch(_SAID)
    assert len(said) == BURST, "none is lost"
    assert {row["times"] for row in said} == {1}, "none is said twice"
    assert tuple(await connection.fetchrow(_WRITTEN)) == (BURST, BURST)
    await each_is_its_ledger(set_up, connection)
    await connection.close()


async def each_is_its_ledger(set_up: Stage, connection: asyncpg.Connection) -> None:
    """All that the dead had committed, too."""
    settings = WorkordersSettings(postgres=set_up.postgres.url, jwks=set_up.settings.jwks)
    database = Database(settings.database_url("workorders"), pool_size=1)
    ids = [row["id"] for row in await connection.fetch("SELECT id FROM clocks ORDER BY id")]
    stamp = Stamp(by="checker", at=datetime.now(UTC))
    for place in range(0, len(ids), 2000):
        async with database.begin() as tx:
            rebuilt = await rebuild(tx, stamp, ids[place : place + 2000])
        assert [one for one in rebuilt if one.different] == []
    await database.close()
