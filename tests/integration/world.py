"""One Wattline on a real Apache Kafka for integration and chaos, started when first needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.processes import free_ports
from deploy.suite import PORTS, Suite

_ROOT = Path(__file__).parents[2]
_JARS = _ROOT / ".wattline" / "kafka-jars"
_POLICIES = {
    "WATTLINE_POLICIES": str(_ROOT / "tests" / "flows" / "policies"),
    "WATTLINE_POLICY": "short",
}
# A receipt is not lost because its hearer is being killed: the network asks for half a minute.
_PATIENT = ("--dlr-retries", "60", "--dlr-retry-after", "0.5")
_started: list[Suite] = []


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The same one in both folders; it ends with the session."""
    if not _started:
        suite = Suite(
            home=tmp_path_factory.mktemp("apache"),
            kafka="apache",
            jars=_JARS,
            ports=dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
            env={"workorders": _POLICIES},
            gateway_options=_PATIENT,
        )
        suite.start()
        _started.append(suite)
    yield _started[0]
    _started[0].stop()


@pytest.fixture(scope="session", autouse=True)
def _schemas() -> None:
    """Nothing to migrate here: the suite does it."""


def ready(suite: Suite, service: str) -> str:
    """Where a service says that it may take traffic."""
    return f"{suite.urls[service]}/readyz"
