"""The same million rows as scheduled jobs of Procrastinate, on the same server."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import asyncpg
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from tests.load.figures import Figure, median_of
from tests.load.stage import Stage

_FETCHES, _DUE = 10, 100
_JOBS = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
    SELECT 'clocks', 'breach', jsonb_build_object('clock', n), $1::timestamptz + $3::interval * n
    FROM generate_series(1, $2::int) AS n
    """


def measure(set_up: Stage, waiting: int) -> list[Figure]:
    return asyncio.run(_measured(set_up, waiting))


async def _measured(set_up: Stage, waiting: int) -> list[Figure]:
    url = await _database(set_up)
    async with App(
        connector=PsycopgConnector(conninfo=url, min_size=1, max_size=2)
    ).open_async() as app:
        await app.schema_manager.apply_schema_async()
        await _fill(url, datetime.now(UTC) + timedelta(days=1), waiting)
        manager = app.job_manager
        worker = await manager.register_worker()
        empty = []
        for _ in range(_FETCHES):
            began = time.perf_counter()
            assert await manager.fetch_job(queues=None, worker_id=worker) is None
            empty.append((time.perf_counter() - began) * 1000)
        await _fill(url, datetime.now(UTC) - timedelta(minutes=1), _DUE)
        began = time.perf_counter()
        for _ in range(_DUE):
            job = await manager.fetch_job(queues=None, worker_id=worker)
            assert job is not None
            await manager.finish_job(job, Status.SUCCEEDED, delete_job=False)
        rate = _DUE / (time.perf_counter() - began)
    return [
        median_of("procrastinate_empty_fetch_ms", empty, "ms"),
        Figure("procrastinate_per_s", round(rate, 1), "/s"),
    ]


async def _database(set_up: Stage) -> str:
    """A database of its own beside ours."""
    ours = set_up.url("workorders")
    connection = await asyncpg.connect(ours)
    await connection.execute("CREATE DATABASE procrastinate")
    await connection.close()
    return ours.replace("/workorders", "/procrastinate", 1)


async def _fill(url: str, since: datetime, many: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(_JOBS, since, many, timedelta(milliseconds=20), timeout=600)
    await connection.execute("VACUUM (ANALYZE) procrastinate_jobs", timeout=600)
    await connection.close()
