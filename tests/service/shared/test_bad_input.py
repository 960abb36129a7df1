"""What no honest client sends: the right refusal, in the one form, and nothing is stored."""

import json
from typing import Any

import httpx
import pytest

from tests.conftest import Running
from tests.service.given import a_call

pytestmark = pytest.mark.anyio

NAME, PHONE = "王小明", "13800138000"
GOOD = json.dumps(a_call(), ensure_ascii=False)
ELSEWHERE = "019a9f3a-5c00-7a11-8c3e-6f2b9d4e7a01"


def with_text(escaped: str) -> bytes:
    """The good body with something in its description, as it stands in JSON."""
    return GOOD.replace("整栋楼停电", escaped).encode()


def with_field(name: str, value: str) -> bytes:
    return GOOD.replace('{"type"', f'{{"{name}": {value}, "type"', 1).encode()


def instead(field: str, value: Any) -> bytes:
    return json.dumps(a_call(**{field: value}), ensure_ascii=False).encode()


BODIES: dict[str, tuple[bytes, int]] = {
    "NaN": (with_field("x", "NaN"), 400),
    "Infinity": (with_field("x", "-Infinity"), 400),
    "a float beyond all": (with_field("x", "1e999"), 400),
    "NUL escaped": (with_text("a\\u0000b"), 400),
    "NUL raw": (with_text("a\x00b"), 400),
    "NUL in a key": (with_field("a\\u0000", "1"), 400),
    "a lone surrogate": (with_text("a\\ud800b"), 400),
    "a surrogate raw": (GOOD.encode().replace(b"urban", b"ur\xed\xa0\x80ban"), 400),
    "a key twice": (with_field("channel", '"web"'), 400),
    "a key twice, deep": (GOOD.replace('"region"', '"region": "1", "region"').encode(), 400),
    "4000 digits": (with_field("x", "9" * 4000), 400),
    "deep nesting": (with_field("x", "[" * 100_000 + "]" * 100_000), 400),
    "middling nesting with an escape": (with_field("x", "[" * 930 + '"\\u0041"' + "]" * 930), 400),
    "not UTF-8": (GOOD.encode("gb18030"), 400),
    "UTF-16": (GOOD.encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), 400),
    "half a body": (GOOD.encode()[:-5], 400),
    "two bodies": (GOOD.encode() * 2, 400),
    "nothing": (b"", 422),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "a text": (b'"case"', 422),
    "an unknown field": (with_field("priority", "1"), 422),
    "an unknown field, deep": (GOOD.replace('"region"', '"city": "x", "region"').encode(), 422),
    "an unknown field with a person for a name": (with_field(PHONE, "1"), 422),
    "true for a text": (instead("description", True), 422),
    "1 for a text": (instead("description", 1), 422),
    "a text for an object": (instead("caller", NAME + PHONE), 422),
    "no such type": (instead("type", NAME), 422),
    "no phone number": (instead("caller", {"name": NAME, "phone": PHONE + "0"}), 422),
    "digits of another script": (instead("caller", {"phone": "138٠٠138000"}), 422),
    "no region": (instead("location", {"region": "3205", "area": "urban"}), 422),
    "nowhere": (instead("location", {}), 422),
    "an account that nobody has": (instead("account_no", "5050000001"), 422),
    "a long name": (instead("caller", {"name": NAME * 100}), 422),
    "a name of two lines": (instead("caller", {"name": f"{NAME}\nx"}), 422),
    "a novel": (instead("description", "停" * 4001), 422),
}


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status and said["type"].startswith("/problems/") and said["title"]
    assert NAME not in answer.text and PHONE not in answer.text, "nobody's data is repeated"


async def nothing_is_stored(running: Running) -> None:
    for table in running.service.metadata.sorted_tables:
        if table.name not in ("teams", "policies"):
            assert await running.rows(f"SELECT * FROM {table.name}") == [], table.name


async def post(intake: Running, headers: dict[str, str], content: Any) -> httpx.Response:
    return await intake.client.post("/v1/cases", headers=headers, content=content)


@pytest.fixture
def headers(token) -> dict[str, str]:
    return token("agent") | {"idempotency-key": "k", "content-type": "application/json"}


async def test_bad_bodies(intake, headers):
    answers = {what: await post(intake, headers, body) for what, (body, _) in BODIES.items()}
    said = {what: answer.status_code for what, answer in answers.items()}
    assert said == {what: status for what, (_, status) in BODIES.items()}
    for what, answer in answers.items():
        refused(answer, BODIES[what][1])
    await nothing_is_stored(intake)
    assert (await post(intake, headers, GOOD.encode())).status_code == 201


async def chunks(size: int) -> Any:
    for _ in range(0, size, 64 * 1024):
        yield b" " * 64 * 1024


async def test_30_megabytes_announced_or_not(intake, headers):
    size = 30 * 1024 * 1024
    refused(await post(intake, headers, b" " * size), 413)
    refused(await post(intake, headers, chunks(size)), 413)
    announced = headers | {"content-length": "9" * 30}
    refused(await post(intake, announced, chunks(size)), 413)
    await nothing_is_stored(intake)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_a_body_that_does_not_say_it_is_json(intake, headers, kind):
    refused(await post(intake, headers | {"content-type": kind}, GOOD.encode()), 422)
    await nothing_is_stored(intake)


@pytest.mark.parametrize(
    "kinds",
    [
        ["APPLICATION/JSON"],
        ["application/JSON; charset=utf-8"],
        ["application/problem+Json"],
        ["application/json", "text/plain"],
        ["text/plain", "application/json"],
    ],
)
async def test_no_spelling_of_the_content_type_gets_past_the_checks(intake, headers, kinds):
    del headers["content-type"]
    several = [*headers.items(), *(("content-type", kind) for kind in kinds)]
    for what in ("NUL escaped", "a key twice", "NaN"):
        answer = await intake.client.post("/v1/cases", headers=several, content=BODIES[what][0])
        refused(answer, 400)
    await nothing_is_stored(intake)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/cases?number=%00", 400),
        ("/v1/cases?number=%FF", 400),
        ("/v1/cases?number=%ED%A0%80", 400),
        ("/v1/cases/%00", 400),
        ("/v1/cases?number=" + "9" * 21, 422),
        (f"/v1/cases?phone={PHONE}0", 422),
        ("/v1/cases?status=lost", 422),
        ("/v1/cases?limit=0", 422),
        ("/v1/cases?limit=201", 422),
        ("/v1/cases?limit=" + "9" * 5000, 422),
        ("/v1/cases?limit=true", 422),
        ("/v1/cases?cursor=x", 422),
        ("/v1/cases?cursor=%E7%94%B5", 422),
        ("/v1/cases?cursor=" + "A" * 121, 422),
        ("/v1/cases/7", 422),
        ("/v1/cases/" + "f" * 5000, 422),
        ("/v1/nothing", 404),
        ("/v1/cases/", 404),
        ("/", 404),
    ],
)
async def test_bad_addresses(intake, token, path, status):
    refused(await intake.client.get(path, headers=token("agent")), status)


# base64 of "<instant> <uuid>": well-formed, but no instant that PostgreSQL and Python share.
@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-20T09:00:00",
        "2026-13-20T09:00:00+00:00",
    ],
)
async def test_cursors_from_the_edge_of_time(intake, token, cursor, instant):
    path = f"/v1/cases?cursor={cursor(f'{instant} {ELSEWHERE}')}"
    refused(await intake.client.get(path, headers=token("agent")), 422)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
async def test_a_method_that_is_not_taken(intake, token, method):
    answer = await intake.client.request(method, "/v1/cases", headers=token("agent"))
    refused(answer, 405)
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "POST"}


async def test_another_regions_case_looks_like_no_case(intake, headers, token):
    case = (await post(intake, headers, GOOD.encode())).json()
    foreign = token("agent", region="3301")
    hidden = await intake.client.get(f"/v1/cases/{case['id']}", headers=foreign)
    missing = await intake.client.get(f"/v1/cases/{ELSEWHERE}", headers=foreign)
    refused(hidden, 404)
    assert hidden.text.replace(case["id"], "") == missing.text.replace(ELSEWHERE, "")
    reveal = f"/v1/cases/{case['id']}/reveal"
    peek = await intake.client.post(reveal, json={"purpose": "x"}, headers=foreign)
    refused(peek, 404)
    listed = await intake.client.get("/v1/cases", headers=foreign)
    assert listed.json() == {"items": [], "next": None}
    beyond = await intake.client.post(
        "/v1/cases", json=a_call(), headers=foreign | {"idempotency-key": "other"}
    )
    refused(beyond, 404)


@pytest.mark.parametrize(
    "header",
    [
        ("idempotency-key", "a\x00b"),
        ("idempotency-key", "ключ"),
        ("idempotency-key", "k" * 256),
        ("idempotency-key", ""),
        ("idempotency-key", "a b"),
        ("traceparent", "00-\x00-\xff"),
        ("authorization", "Bearer \x00"),
        ("authorization", "Bearer é.é.é"),
    ],
)
async def test_hostile_headers_are_refused_or_without_effect(intake, headers, header):
    name, value = header
    raw = [(n.encode(), v.encode()) for n, v in (headers | {name: value}).items()]
    answer = await intake.client.post("/v1/cases", headers=raw, content=GOOD.encode())
    if name == "traceparent":
        assert answer.status_code == 201
    else:
        refused(answer, 401 if name == "authorization" else 400)
        await nothing_is_stored(intake)


async def test_what_breaks_inside_says_nothing_of_it(intake, headers, monkeypatch):
    def breaks() -> None:
        raise RuntimeError(f"{NAME} {PHONE}")

    monkeypatch.setattr(intake.app.state, "clock", breaks)
    refused(await post(intake, headers, GOOD.encode()), 500)
    await nothing_is_stored(intake)
