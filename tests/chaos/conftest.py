"""The suite on Apache Kafka, and a recorder whose log lies beside the suite's own."""

from pathlib import Path

import pytest

from deploy.suite import Suite
from tests.chaos.recorder import Recorder
from tests.integration.world import _schemas, suite

__all__ = ["_schemas", "suite"]


@pytest.fixture
def recorder(suite: Suite, tmp_path: Path) -> Recorder:
    return Recorder(suite, tmp_path / "recorder.jsonl")
