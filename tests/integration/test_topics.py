"""The services' topics are made on purpose: nothing about them is left to the broker's defaults."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.suite import SERVICES, Suite

pytestmark = pytest.mark.anyio

PARTITIONS = 6
SET_ON_THE_TOPIC = 1  # Kafka's DYNAMIC_TOPIC_CONFIG


async def test_the_topics_say_their_partitions_and_how_many_must_have_a_message(
    suite: Suite,
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=suite.bootstrap)
    await admin.start()
    try:
        found = await admin.describe_topics(list(SERVICES))
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in SERVICES]
        [answer] = await admin.describe_configs(asked)
    finally:
        await admin.close()
    assert {t["topic"]: len(t["partitions"]) for t in found} == dict.fromkeys(SERVICES, PARTITIONS)
    for _, _, _, topic, settings in answer.resources:
        said = {name: (value, source) for name, value, _, source, *_ in settings}
        assert said["min.insync.replicas"] == ("1", SET_ON_THE_TOPIC), topic
