"""Through a broker and back: what the relay sends is applied once, and no record stops the rest."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from deploy.embedded import EmbeddedBroker
from shared.kafka import Consumer, KafkaSender
from shared.outbox import publish, relay_once
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.given import accepted
from tests.service.shared.hearing import B, Listening, message

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    broker = EmbeddedBroker()
    yield broker.bootstrap
    broker.stop()


@pytest.fixture
def listening(workorders) -> Listening:
    return Listening(workorders)


@asynccontextmanager
async def consuming(listening: Listening, broker: str, group: str) -> AsyncIterator[Consumer]:
    stopping, database = asyncio.Event(), listening.running.database
    consumer = Consumer(database, listening.heard, broker, group, lambda: NINE)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(consumer.run(stopping))
        try:
            yield consumer
        finally:
            stopping.set()
            await task


async def until(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 (what is waited for happens in the database)
            await asyncio.sleep(0.02)


async def test_there_and_back(listening, broker):
    database, sender = listening.running.database, KafkaSender(broker, "intake")
    async with database.begin() as tx:
        for n in range(20):
            publish(tx, accepted(number=f"{n}"), Stamp(by="test", at=NINE), sequence=1)
    await sender.start()
    async with database.engine.connect() as connection:
        assert await relay_once(connection, sender) == 21  # with the promises at the start
    await sender.stop()

    async def all_applied() -> bool:
        return len(await listening.applied()) == 20

    async with consuming(listening, broker, "there-and-back"):
        await until(all_applied)
    assert sorted(await listening.applied(), key=int) == [str(n) for n in range(20)]


RECORDS: list[tuple[bytes | None, bytes | None]] = [
    (b"k", b"not json"),
    (b"k", None),
    (None, b"{}"),
    (b"\xff\xfe", b"{}"),
    (b"a\x00b", b"[]"),
    (b"k", b'{"id": "\\ud800"}'),
    (b"", b"\xff" * 1000),
    (b"k", b"[" * 50_000),
]


async def test_no_record_whatever_it_holds_stops_the_rest(listening, broker):
    last = message(0, "last", B)
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    for key, value in RECORDS:
        await producer.send_and_wait("intake", value, key, partition=0)
    await producer.send_and_wait("intake", last.value, last.key.encode(), partition=0)
    await producer.stop()

    async def the_last_was_applied() -> bool:
        return "last" in await listening.applied()

    async with consuming(listening, broker, "hostile"):
        await until(the_last_was_applied)
    kept = [bytes(row.message) for row in await listening.parked()]
    assert set(kept) == {value or b"" for _, value in RECORDS}
