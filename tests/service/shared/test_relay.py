"""The relay sends all that was committed, in the order of each key, and marks what surely left."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import sqlalchemy as sa

from shared.outbox import publish, relay_once, resend_since, run_relay
from shared.stamp import Stamp
from shared.tables import outbox
from tests.conftest import NINE, Running
from tests.service.given import accepted
from tests.service.world import Died, Pipe

pytestmark = pytest.mark.anyio


async def publish_some(intake: Running, many: int = 1) -> None:
    async with intake.database.begin() as tx:
        for _ in range(many):
            publish(tx, accepted(), Stamp(by="test", at=NINE), sequence=1)


async def relay(intake: Running, pipe: Pipe, limit: int = 1000) -> int:
    async with intake.database.engine.connect() as connection:
        return await relay_once(connection, pipe, limit)


async def waiting(intake: Running) -> list[int]:
    rows = await intake.rows("SELECT seq FROM outbox WHERE sent_at IS NULL ORDER BY seq")
    return [row.seq for row in rows]


async def written(intake: Running) -> list[bytes]:
    return [r.envelope.encode() for r in await intake.rows("SELECT * FROM outbox ORDER BY seq")]


def arrived(pipe: Pipe) -> list[bytes]:
    return [value for _, value in pipe.log["intake"]]


async def test_a_slow_transaction_with_a_smaller_number_is_not_forgotten(intake):
    row, pipe = {"topic": "intake", "key": "k"}, Pipe()
    async with intake.database.engine.begin() as slow:
        await slow.execute(outbox.insert().values(row | {"envelope": "first number"}))
        async with intake.database.engine.begin() as fast:
            await fast.execute(outbox.insert().values(row | {"envelope": "second number"}))
        assert await relay(intake, pipe) == 1
        assert arrived(pipe) == [b"second number"]
    assert await relay(intake, pipe) == 1
    assert arrived(pipe) == [b"second number", b"first number"]
    assert await waiting(intake) == []


async def test_an_error_in_the_middle_marks_only_what_came_before_it(intake):
    await publish_some(intake, 5)
    pipe = Pipe(lasts=2)
    with pytest.raises(ConnectionError):
        await relay(intake, pipe)
    assert await waiting(intake) == [3, 4, 5]
    pipe.lasts = None
    assert await relay(intake, pipe) == 3
    assert arrived(pipe) == await written(intake)


async def test_who_dies_between_send_and_mark_sends_the_same_again(intake):
    await publish_some(intake, 2)
    pipe = Pipe(dies=True)
    with suppress(Died):
        await relay(intake, pipe)
    assert await waiting(intake) == [1, 2]
    pipe.dies = False
    assert await relay(intake, pipe) == 2
    assert arrived(pipe) == 2 * await written(intake)
    assert await relay(intake, pipe) == 0


async def test_more_than_a_batch_leaves_in_order(intake):
    await publish_some(intake, 7)
    pipe = Pipe()
    assert [await relay(intake, pipe, limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert arrived(pipe) == await written(intake)


async def test_what_a_forgetful_broker_was_given_leaves_again(intake):
    await publish_some(intake, 2)
    pipe = Pipe()
    await relay(intake, pipe)
    async with intake.database.begin() as tx:
        assert await resend_since(tx, 60) == 2
    assert await relay(intake, pipe) == 2
    assert arrived(pipe) == 2 * await written(intake)


class Producers:
    """Makes senders on one pipe, and counts. The first `broken` of them fail at their first row."""

    def __init__(self, broken: int = 0) -> None:
        self.pipe, self.made, self.started, self.stopped = Pipe(), 0, 0, 0
        self._broken = broken

    def __call__(self) -> "Producer":
        self.made += 1
        return Producer(self, broken=self.made <= self._broken)


class Producer:
    def __init__(self, all_of_them: Producers, *, broken: bool) -> None:
        self._all, self._broken = all_of_them, broken

    async def start(self) -> None:
        self._all.started += 1

    async def stop(self) -> None:
        self._all.stopped += 1

    async def send_all(self, rows):
        if self._broken:
            return [ConnectionError()] * len(rows)
        return await self._all.pipe.send_all(rows)


@asynccontextmanager
async def relaying(intake: Running, producers: Producers) -> AsyncIterator[asyncio.Event]:
    """A worker's relay; set what is yielded to stop it before the end."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_relay(intake.database, producers, stopping))
        try:
            yield stopping
        finally:
            stopping.set()


async def until(holds: Callable[[], object]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def has(pipe: Pipe, many: int) -> Callable[[], bool]:
    return lambda: len(pipe.log["intake"]) >= many


async def test_a_producer_that_failed_once_is_replaced(intake):
    await publish_some(intake, 3)
    producers = Producers(broken=1)
    async with relaying(intake, producers):
        await until(has(producers.pipe, 3))
    assert producers.made == producers.started == producers.stopped == 2
    assert arrived(producers.pipe) == await written(intake)
    assert await waiting(intake) == []


async def test_one_relay_at_a_time_and_the_next_takes_over(intake):
    first, second = Producers(), Producers()
    async with relaying(intake, second) as second_stops:
        await until(lambda: second.started)
        async with relaying(intake, first):
            await publish_some(intake, 2)
            await until(has(second.pipe, 2))
            assert first.made == 0
            second_stops.set()
            await publish_some(intake, 1)
            await until(lambda: len(first.pipe.log["intake"] + second.pipe.log["intake"]) == 3)
            await until(lambda: first.started)
    assert await waiting(intake) == []


async def test_who_never_was_the_relay_sends_nothing_at_its_end(intake):
    owner, other = Producers(), Producers()
    async with relaying(intake, owner):
        await until(lambda: owner.started)
        async with relaying(intake, other):
            await asyncio.sleep(0.05)
    assert other.made == 0


async def test_a_relay_that_lost_its_session_begins_anew(intake):
    producers = Producers()
    async with relaying(intake, producers):
        await until(lambda: producers.started)
        kill = sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        async with intake.database.engine.begin() as connection:
            await connection.execute(kill)
        await publish_some(intake, 2)
        await until(has(producers.pipe, 2))
    assert producers.made == 2
