"""Topics with explicit partitions on any Kafka, and whether a broker answers at all."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

ANSWER_WITHIN = 5.0
CREATE_WITHIN = 30.0
PAUSE = 0.05


async def create_topics(
    bootstrap: str,
    names: Iterable[str],
    partitions: int = 6,
    min_insync_replicas: int = 1,
    replication_factor: int = 1,
) -> None:
    """Makes the topics that aren't there yet; returns when every partition has a leader.

    A topic that is there already keeps its settings, but must have as many partitions as asked for:
    keys would otherwise lie in other partitions than everybody believes.
    """
    configs = {"min.insync.replicas": str(min_insync_replicas)}
    wanted = [NewTopic(n, partitions, replication_factor, topic_configs=configs) for n in names]
    async with asyncio.timeout(CREATE_WITHIN), _admin(bootstrap) as admin:
        answer = await admin.create_topics(wanted)
        for name, code, message in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"Could not create topic {name}: {message}")
        for topic in wanted:
            await _led(admin, topic.name, partitions)


async def answers(bootstrap: str) -> bool:
    """Whether a broker takes connections there and knows of itself as part of its cluster."""
    host, _, port = bootstrap.rpartition(":")
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            _, knock = await asyncio.open_connection(host, int(port))
            knock.close()
            async with _admin(bootstrap) as admin:
                return bool((await admin.describe_cluster())["brokers"])
    except (OSError, TimeoutError, KafkaError):
        return False


async def _led(admin: AIOKafkaAdminClient, name: str, partitions: int) -> None:
    """Waits until the topic is known and led."""
    while True:
        (topic,) = await admin.describe_topics([name])
        if topic["error_code"] == 0:
            if len(topic["partitions"]) != partitions:
                found = len(topic["partitions"])
                raise ValueError(f"Topic {name} has {found} partitions, not {partitions}.")
            if all(p["leader"] >= 0 and p["error_code"] == 0 for p in topic["partitions"]):
                return
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
