"""How fast a case is accepted, against bare two-insert commits on the same server."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator

import asyncpg
import uvloop

from tests.load.figures import Figure, median_of
from tests.load.http_client import flood, post, steady
from tests.load.stage import CORES, Stage, a_port, stage

_CONNECTIONS, _SECONDS, _ROUNDS = 32, 5.0, 3
CASE = {
    "type": "fault_report",
    "channel": "phone",
    "description": "整栋楼停电，楼道也没有灯",
    "caller": {"name": "王小明", "phone": "15400010001"},
    "location": {
        "region": "320505",
        "area": "urban",
        "address": "临湖区学府路12号3室",
        "transformer": "T-0000000",
    },
}


def requests(token: str, run: str) -> Iterator[bytes]:
    """One new case after another, each with its own key, from a transformer of its own."""
    before, after = json.dumps(CASE, ensure_ascii=False).encode().split(b"0000000")
    for number in itertools.count():
        headers = {"authorization": f"Bearer {token}", "idempotency-key": f"{run}-{number}"}
        yield post("/v1/cases", headers, b"%b%07d%b" % (before, number, after))


async def bare_two_inserts(url: str) -> float:
    """Commits a second of bare asyncpg: two inserts a transaction, 32 connections."""
    pool = await asyncpg.create_pool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS)
    await pool.execute(
        "CREATE TABLE IF NOT EXISTS bare_a (id bigserial PRIMARY KEY, text text, data jsonb);"
        "CREATE TABLE IF NOT EXISTS bare_b (id bigserial PRIMARY KEY, topic text, data jsonb)"
    )
    done, end = 0, time.perf_counter() + _SECONDS

    async def one() -> None:
        nonlocal done
        async with pool.acquire() as connection:
            while time.perf_counter() < end:
                async with connection.transaction():
                    await connection.execute(
                        "INSERT INTO bare_a (text, data) VALUES ($1, $2)", "x" * 100, '{"a": 1}'
                    )
                    await connection.execute(
                        "INSERT INTO bare_b (topic, data) VALUES ($1, $2)", "t", '{"a": 1}'
                    )
                done += 1

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    seconds = time.perf_counter() - began
    await pool.close()
    return done / seconds


def measure() -> list[Figure]:
    """Rounds of bare, accept, bare: the ratio pair by pair; then half that rate for the latency."""
    with stage() as set_up:
        set_up.migrate("intake")
        port = a_port()
        for _ in range(CORES):
            set_up.start("intake", "api", port, WATTLINE_REUSE_PORT="true")
        token, url = set_up.token("agent"), set_up.url("intake")
        uvloop.run(flood(port, requests(token, "warm"), _CONNECTIONS, 2))
        bare, accept = [], []
        for number in range(_ROUNDS):
            bare.append(uvloop.run(bare_two_inserts(url)))
            seen = uvloop.run(flood(port, requests(token, f"r{number}"), _CONNECTIONS, _SECONDS))
            if set(seen.statuses) != {201}:
                raise RuntimeError(f"not every case was accepted: {seen.statuses}")
            accept.append(seen.per_second)
        ratios = [a / b for a, b in zip(accept, bare, strict=True)]
        rate = median_of("accept_per_s", accept, "/s").value
        calm = uvloop.run(steady(port, requests(token, "calm"), rate / 2, 10))
        _fsync_is_on(set_up)
    accepted = median_of(
        "accept_per_s",
        accept,
        "/s",
        ratio=round(sorted(ratios)[len(ratios) // 2], 3),
        ratio_to="bare_two_inserts_per_s",
    )
    p50, p99 = (round(calm.percentile(share) * 1000, 1) for share in (0.5, 0.99))
    return [
        median_of("bare_two_inserts_per_s", bare, "/s"),
        accepted,
        Figure("accept_p50_ms", p50, "ms"),
        Figure("accept_p99_ms", p99, "ms"),
    ]


def _fsync_is_on(set_up: Stage) -> None:
    async def ask() -> str:
        connection = await asyncpg.connect(set_up.url("intake"))
        on = await connection.fetchval("SHOW fsync")
        await connection.close()
        return str(on)

    if asyncio.run(ask()) != "on":
        raise RuntimeError("fsync is off: these figures would mean nothing")
