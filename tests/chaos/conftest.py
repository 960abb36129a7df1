"""The suite on Apache Kafka, and a recorder of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.suite import SERVICES, Suite
from tests.chaos.recorder import Recorder
from tests.integration.world import _schemas, suite

__all__ = ["_schemas", "suite"]


@pytest.fixture
def recorder(suite: Suite, tmp_path: Path) -> Iterator[Recorder]:
    """Afterwards everybody is up again, also when the test has failed half-way."""
    yield Recorder(suite, tmp_path / "recorder.jsonl")
    for service in SERVICES:
        if suite.children[service].process.poll() is not None:
            suite.start_service(service)
