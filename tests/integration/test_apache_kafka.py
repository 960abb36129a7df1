"""The broker that the proofs of delivery stand on: does it keep its own promises?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from deploy.kafka.apache import ApacheKafka
from shared import kafka

pytestmark = pytest.mark.anyio


async def test_topics_are_made_on_purpose_and_with_their_partitions(apache: ApacheKafka) -> None:
    await apache.create_topics(["narrow"], partitions=1)
    await apache.create_topics(["narrow"], partitions=1)
    await apache.create_topics(["wide", "wider"], partitions=6)
    with pytest.raises(ValueError, match="narrow has 1 partitions, not 6"):
        await apache.create_topics(["narrow"], partitions=6)
    assert await _partitions(apache, "narrow", "wide", "wider", "unheard-of") == [1, 6, 6, 0]


async def test_a_message_survives_the_brokers_violent_death(apache: ApacheKafka) -> None:
    await apache.create_topics(["survivors"], partitions=1)
    async with _producer(apache) as producer:
        await producer.send_and_wait("survivors", b"before")
    apache.kill()
    await apache.start()
    assert await _read(apache, "survivors", count=1) == [b"before"]


async def test_clients_live_through_the_brokers_death_without_help(apache: ApacheKafka) -> None:
    await apache.create_topics(["patience"], partitions=1)
    where = apache.bootstrap
    async with _producer(apache) as producer, _consumer(apache, "patience") as consumer:
        await producer.send_and_wait("patience", b"before")
        assert (await asyncio.wait_for(consumer.getone(), 10)).value == b"before"
        apache.kill()
        unsent = asyncio.create_task(producer.send_and_wait("patience", b"during"))
        await apache.start()
        assert apache.bootstrap == where
        await asyncio.wait_for(unsent, 30)
        during = await asyncio.wait_for(consumer.getone(), 30)
        await asyncio.wait_for(consumer.commit(), 10)
        partition = TopicPartition("patience", 0)
        assert during.value == b"during"
        assert await consumer.committed(partition) == 2
        assert await consumer.end_offsets([partition]) == {partition: 2}


async def test_a_connection_just_closed_is_an_error_that_clients_expect(
    apache: ApacheKafka,
) -> None:
    """uvloop raises RuntimeError there, which would end a client's background task in silence."""
    host, _, port = apache.bootstrap.partition(":")
    connection = await create_conn(host, int(port))
    connection._writer.transport.abort()
    await asyncio.sleep(0)
    with pytest.raises(KafkaConnectionError):
        kafka.AIOKafkaConnection.send(connection, MetadataRequest([]))
    assert not connection.connected()


async def _partitions(apache: ApacheKafka, *names: str) -> list[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=apache.bootstrap)
    await admin.start()
    try:
        found = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics(list(names))}
    finally:
        await admin.close()
    return [found[name] for name in names]


async def _read(apache: ApacheKafka, topic: str, count: int) -> list[bytes]:
    async with _consumer(apache, topic) as consumer:
        return [(await asyncio.wait_for(consumer.getone(), 10)).value for _ in range(count)]


@asynccontextmanager
async def _producer(apache: ApacheKafka) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=apache.bootstrap, acks="all", enable_idempotence=True
    )
    await producer.start()
    try:
        yield producer
    finally:
        await asyncio.wait_for(producer.stop(), 10)


@asynccontextmanager
async def _consumer(apache: ApacheKafka, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=apache.bootstrap,
        group_id=f"readers-of-{topic}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await asyncio.wait_for(consumer.stop(), 10)
