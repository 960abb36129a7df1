"""One real Apache Kafka for all stories in this folder: the suite's own."""

import pytest

from deploy.kafka.apache import ApacheKafka
from deploy.suite import Suite
from tests.flows.conftest import call
from tests.integration.world import _schemas, suite

__all__ = ["_schemas", "call", "suite"]


@pytest.fixture(scope="session")
def apache(suite: Suite) -> ApacheKafka:
    assert suite.apache is not None
    return suite.apache
