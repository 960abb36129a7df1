"""How fast events leave (the relay) and are applied (a consumer process with its whole service)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import asyncpg

from shared.contracts.envelope import wrap
from shared.contracts.intake import Caller, CaseAccepted, Location, Promise
from shared.ids import new_id
from shared.stamp import Stamp
from tests.load.figures import Figure, median_of
from tests.load.stage import Stage, a_port, stage

_EVENTS, _ROUNDS = 5_000, 3  # in all less than the embedded broker keeps


def envelopes(numbers: range) -> list[tuple[str, str, str]]:
    """Rows of an outbox: cases as intake tells of them, each with a fault of its own."""
    at, rows = datetime.now(UTC), []
    promise = Promise(
        kind="arrival",
        minutes=45,
        due_at=at + timedelta(minutes=45),
        policy="sgcc-2022",
        policy_version="2022.1",
    )
    for number in numbers:
        event = CaseAccepted(
            case_id=new_id(at),
            number=f"2611-2100-{number:06d}",
            case_type="fault_report",
            channel="phone",
            accepted_at=at,
            caller=Caller(name="王小明", phone="15400010001"),
            location=Location(
                region="320505", area="urban", address="学府路12号", transformer=f"T-{number:07d}"
            ),
            promises=(promise,),
            description="整栋楼停电",
        )
        envelope = wrap(event, Stamp(by="agent-1", at=at), sequence=1)
        rows.append((event.topic, event.key, envelope.model_dump_json()))
    return rows


async def _fill(url: str, rows: list[tuple[str, str, str]]) -> None:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table(
        "outbox", records=rows, columns=["topic", "key", "envelope"]
    )
    await connection.close()


async def _until(url: str, question: str, answer: int, seconds: float = 120) -> float:
    """When the question is answered so, by the monotonic clock."""
    connection = await asyncpg.connect(url)
    end = time.perf_counter() + seconds
    try:
        while time.perf_counter() < end:
            if await connection.fetchval(question) == answer:
                return time.perf_counter()
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    raise RuntimeError(f"not within {seconds} s: {question}")


_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


def measure() -> list[Figure]:
    with stage() as set_up:
        set_up.migrate("intake", "workorders")
        rounds = [range(n * _EVENTS, (n + 1) * _EVENTS) for n in range(_ROUNDS)]
        relayed = [_relay(set_up, numbers) for numbers in rounds]
        applied = [_apply(set_up)]
    return [
        median_of("relay_per_s", relayed, "/s"),
        median_of("apply_per_s", applied, "/s"),
    ]


def _relay(set_up: Stage, numbers: range) -> float:
    """A worker with a full outbox: from its first to its last event sent."""
    url = set_up.url("intake")
    worker = set_up.start("intake", "worker", a_port())
    asyncio.run(_fill(url, envelopes(numbers)))
    began = time.perf_counter()
    ended = asyncio.run(_until(url, _UNSENT, 0))
    worker.terminate()
    worker.wait(16)
    set_up.children.remove(worker)
    return _EVENTS / (ended - began)


def _apply(set_up: Stage) -> float:
    """All that the relay sent, applied by one workorders process: orders, clocks, facts out.

    From the first order to the last; the process also relays what it says.
    """
    url = set_up.url("workorders")
    asyncio.run(_teams(url))
    set_up.start("workorders", "worker", a_port())
    count = "SELECT count(*) FROM work_orders"
    began = asyncio.run(_until(url, "SELECT least(count(*), 1) FROM work_orders", 1))
    already = asyncio.run(_count(url, count))
    total = _EVENTS * _ROUNDS
    ended = asyncio.run(_until(url, count, total))
    return (total - already) / (ended - began)


async def _teams(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.executemany(
        "INSERT INTO teams (code, name, region, serves, level) VALUES ($1, $2, $3, ARRAY[$3], 1)",
        [("GX-01", "一班", "320505"), ("GX-02", "二班", "320505"), ("GX-99", "值班", "32")],
    )
    await connection.close()


async def _count(url: str, question: str) -> int:
    connection = await asyncpg.connect(url)
    found: int = await connection.fetchval(question)
    await connection.close()
    return found
