"""Every route of every service, given bodies and headers that no honest client sends."""

import json
from typing import Any

import pytest

from services.billing.main import service as billing
from services.intake.main import service as intake
from services.notify.api.receipts import KANNEL
from services.notify.main import NotifySettings
from services.notify.main import service as notify
from services.workorders.main import WorkordersSettings
from services.workorders.main import service as workorders
from shared.auth import Gate
from shared.http import declared
from shared.service import Service
from shared.settings import Settings
from tests.service.shared.test_bad_input import ELSEWHERE, NAME, PHONE, nothing_is_stored, refused

pytestmark = pytest.mark.anyio

BODIES: dict[str, bytes] = {
    "NaN": b'{"x": NaN}',
    "NUL": b'{"purpose": "a\\u0000"}',
    "a lone surrogate": b'{"purpose": "\\udc00"}',
    "a key twice": b'{"purpose": "a", "purpose": "b"}',
    "4000 digits": b'{"x": ' + b"7" * 4000 + b"}",
    "deep nesting": b"[" * 50_000,
    "UTF-16": json.dumps({"purpose": NAME}).encode("utf-16"),
    "too large": b'"' + b"x" * 300_000 + b'"',
    "half": b'{"purpose": ',
    "an unknown field": json.dumps({NAME: PHONE}).encode(),
    "a list": b"[1]",
    "true": b"true",
}
NAMES = ["intake", "workorders", "notify", "billing"]


def make(name: str, settings: Settings) -> Service:
    same = {"postgres": settings.postgres, "jwks": settings.jwks}
    return {
        "intake": lambda: intake(settings),
        "workorders": lambda: workorders(WorkordersSettings(**same)),
        "notify": lambda: notify(NotifySettings(**same)),
        "billing": lambda: billing(settings),
    }[name]()


def routes(app: Any) -> list[tuple[str, str, str]]:
    """Method, address of something that does not exist, role that may."""
    return [
        (method, path.replace("{id}", ELSEWHERE).replace("{account_no}", "5050000001"), role)
        for path, methods, gates in declared(app)
        for method in sorted(methods)
        for gate in gates
        if isinstance(gate, Gate)
        for role in gate.roles[:1]
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_bad_bodies_are_refused_on_every_route(name, start, settings, token):
    async with start(make(name, settings)) as running:
        changing = [route for route in routes(running.app) if route[0] == "POST"]
        for method, path, role in changing:
            headers = token(role) | {"content-type": "application/json", "idempotency-key": "k"}
            for what, body in BODIES.items():
                answer = await running.client.request(method, path, headers=headers, content=body)
                assert 400 <= answer.status_code < 500, (what, path, answer.text)
                refused(answer, answer.status_code)
        await nothing_is_stored(running)


@pytest.mark.parametrize("name", NAMES)
async def test_bad_queries_and_headers_are_refused_on_every_route(name, start, settings, token):
    async with start(make(name, settings)) as running:
        for method, path, role in routes(running.app):
            headers = token(role)
            for query in ("?cursor=%00", "?limit=%FF", "?x=%ED%A0%80"):
                answer = await running.client.request(method, path + query, headers=headers)
                refused(answer, 400)
            for value in ("3", '"-1"', '"x"', "\x00", '"' + "9" * 40 + '"', '"1", "2"'):
                tagged = headers | {"if-match": value}
                answer = await running.client.request(method, path, headers=tagged)
                assert answer.status_code < 500, (method, path, value)
                if method == "POST":
                    refused(answer, answer.status_code)
        await nothing_is_stored(running)


def words(app: Any) -> dict[tuple[str, str], list[str]]:
    """What each operation takes in its query, as the service itself says."""
    return {
        (method.upper(), path): [
            word["name"] for word in operation.get("parameters", ()) if word["in"] == "query"
        ]
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("name", NAMES)
async def test_a_word_that_no_route_takes_and_one_said_twice_are_refused_by_name(
    name, start, settings, token
):
    """Whatever else is wrong with the address or the body, and where nobody need say who asks."""
    async with start(make(name, settings)) as running:
        taken = words(running.app)
        for path, methods, [gate] in declared(running.app):
            headers = token(gate.roles[0]) if isinstance(gate, Gate) else {}
            for method in methods if path != KANNEL else ():
                asked = [("surprise", "1"), (PHONE, "1"), ("Limit", "1"), ("cursor", "")]
                asked += [(word, "1") for word in taken[method, path] for _ in range(2)]
                answer = await running.client.request(method, path, params=asked, headers=headers)
                refused(answer, 422)
                wrong = {"query.surprise", "query.?"} | {f"query.{w}" for w in taken[method, path]}
                said = {error["at"]: error["problem"] for error in answer.json()["errors"]}
                assert said.keys() == wrong | {"query.cursor"}, (method, path)
                assert "takes" in said["query.surprise"]
                if isinstance(gate, Gate):
                    refused(await running.client.request(method, path, params=asked), 401)
        await nothing_is_stored(running)


async def test_a_gateway_and_a_reader_of_the_documents_may_say_what_they_like(start, settings):
    async with start(make("notify", settings)) as running:
        foreign = "?smsc=a&smsc=b&m=1"
        answer = await running.client.get(KANNEL + foreign)
        refused(answer, 422)
        assert answer.json()["type"] == "/problems/malformed-receipt"
        for documents in ("/docs", "/openapi.json"):
            assert (await running.client.get(documents + foreign)).status_code == 200


@pytest.mark.parametrize("value", ["3", '"-1"', '"x"', "W/3", '"' + "9" * 10 + '"', '"1", "2"'])
async def test_a_malformed_if_match_is_a_refusal_of_its_own(workorders, token, value):
    headers = token("crew") | {"if-match": value}
    path = f"/v1/work-orders/{ELSEWHERE}/claim"
    answer = await workorders.client.post(path, headers=headers)
    refused(answer, 400)
    assert answer.json()["type"] == "/problems/malformed-if-match"


@pytest.mark.parametrize("etr_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-20T12:00:00", "tomorrow", 5, True, None, "1e9", "20261120"])  # fmt: skip
async def test_instants_that_are_none(workorders, token, etr_at):
    path = f"/v1/work-orders/{ELSEWHERE}/etr"
    answer = await workorders.client.post(path, json={"etr_at": etr_at}, headers=token("crew"))
    refused(answer, 422)
