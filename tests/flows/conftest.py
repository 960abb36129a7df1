"""All of Wattline, running: the embedded pair, the gateway and four service processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.processes import free_ports
from deploy.suite import PORTS, Suite
from shared import auth


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Clocks of two seconds for claiming: `policies/` beside this file."""
    home = tmp_path_factory.mktemp("wattline")
    short = {"WATTLINE_POLICIES": str(Path(__file__).parent / "policies")}
    suite = Suite(
        home=home,
        ports=dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
        env={"workorders": short | {"WATTLINE_POLICY": "short"}},
    )
    suite.start()
    yield suite
    suite.stop()


Call = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def call(suite: Suite) -> Iterator[Call]:
    """`call("intake", "POST", "/v1/cases", role="agent", json=...)`."""
    with httpx.Client(timeout=10) as client:

        def request(
            service: str,
            method: str,
            path: str,
            role: str,
            region: str = "3205",
            subject: str = "",
            headers: dict[str, str] | None = None,
            **rest: object,
        ) -> httpx.Response:
            private = suite.keys / "private.pem"
            token = auth.mint(private, role=role, region=region, subject=subject)
            return client.request(
                method,
                suite.urls[service] + path,
                headers={"authorization": f"Bearer {token}"} | (headers or {}),
                **rest,  # type: ignore[arg-type]
            )

        yield request
