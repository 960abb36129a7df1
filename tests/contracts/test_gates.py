"""Every route asks who is calling: nobody, the wrong role and the right one."""

from typing import Any, cast

import httpx
import pytest
from fastapi import APIRouter

from deploy.docs.assembled import assembled
from shared.auth import ROLES, Gate, Keyring
from shared.db import Database
from shared.http import UndeclaredRoute, declared
from shared.service import Service, build_app
from tests.contracts.conftest import Serve

GATED = [
    (one.name, method, path, gate.roles)
    for one in assembled()
    for path, methods, gates in declared(one.app)
    for gate in gates
    for method in sorted(methods)
    if isinstance(gate, Gate)
]
OPEN = {
    (one.name, path)
    for one in assembled()
    for path, _, gates in declared(one.app)
    if not any(isinstance(gate, Gate) for gate in gates)
}
ID = "019a9f3a-5c00-7a11-8c3e-6f2b9d4e7a01"


def called(one: Any) -> str:
    return " ".join(one[:3])


def address(path: str) -> str:
    """Somewhere that is nowhere."""
    steps = [ID if step.startswith("{") else step for step in path.split("/")]
    return "/".join(steps)


def says(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"].startswith("/problems/")


@pytest.mark.parametrize("name", sorted({name for name, *_ in GATED}))
def test_a_gate_lets_pass_whom_it_names(name: str, serve: Serve, token) -> None:
    with serve(name) as served:
        for method, path, roles in (route[1:] for route in GATED if route[0] == name):
            url = address(path)
            says(served.ask(method, url), 401)
            says(served.ask(method, url, headers={"authorization": "Bearer x.y.z"}), 401)
            for role in ROLES:
                answer = served.ask(method, url, headers=token(role))
                if role in roles:
                    assert answer.status_code not in (401, 403), (method, path, role)
                    assert answer.status_code < 500, (method, path, role)
                else:
                    says(answer, 403)


def test_open_doors_are_few_and_known() -> None:
    probes = {
        (one.name, path) for one in assembled() for path in ("/healthz", "/readyz", "/metrics")
    }
    assert OPEN - probes == {("notify", "/v1/receipts/kannel")}


@pytest.mark.parametrize("route", GATED, ids=called)
def test_a_gate_names_somebody(route: tuple[str, str, str, tuple[str, ...]]) -> None:
    assert route[3]


def test_an_app_with_an_undeclared_route_does_not_start() -> None:
    router = APIRouter()

    @router.get("/v1/secrets")
    async def secrets() -> None: ...

    service = Service("intake", 1, router, cast(Any, None))
    with pytest.raises(UndeclaredRoute, match="GET /v1/secrets"):
        build_app(service, cast(Database, None), cast(Keyring, None))
