"""One real Apache Kafka for all stories in this folder; its jars are fetched once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.kafka.apache import ApacheKafka

JARS = Path(__file__).parents[2] / ".wattline" / "kafka-jars"


@pytest.fixture(scope="session")
async def apache(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApacheKafka]:
    kafka = ApacheKafka(tmp_path_factory.mktemp("kafka"), jars=JARS)
    await kafka.start()
    yield kafka
    await kafka.stop()
