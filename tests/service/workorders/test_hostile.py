"""Whatever is asked of or sent to any address of workorders, what is not meant is refused by name.

Of the words that a route takes each is checked here, and so is each part of an address and each
body: as the service itself says that it takes them.
Nothing that was refused has left anything behind.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from services.workorders.tables import metadata
from tests.conftest import Running

pytestmark = pytest.mark.anyio

NOBODY = UUID(int=1)
NO_TEXT = ("%00", "a%00b", "%FF", "%ED%A0%80", "%C0%AF")
# By type, what can be written but is not meant.
ODD = {
    "integer": ("", "x", "NaN", "-1", "1e400", "0x10", "٥", str(2**70)),
    "boolean": ("", "2", "maybe", "nul"),
    "uuid": ("", "1", "g" * 32, "019a9f3a-5c00-7000-8000-00000000000"),
    "date-time": (
        "", "1", "0000-00-00", "2026-11-20", "2026-11-20T09:00:00", "2026-13-20T09:00:00Z",
        "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00",
    ),
    "enum": ("", "nonsense", "NULL"),
    "cursor": ("", "nonsense", "bm9uc2Vuc2U", "A" * 3000, "MjAyNi0xMS0yMA==", "ICAg"),
}  # fmt: skip
BY_NAME = ("/v1/calendars", "/v1/policies")
# What else must be there for a word to be looked at.
GIVEN = {"q": "xx", "person": "crew-1", "format": "csv", "purpose": "x"}


@pytest.fixture
def api(workorders) -> dict[str, Any]:
    """What the service says of itself."""
    return workorders.app.openapi()


def operations(api: dict[str, Any], where: str) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Each method of each address, with each word that stands `where`."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            for word in operation.get("parameters", ()):
                if word["in"] == where and path.startswith("/v1"):
                    yield method, path, word, operation


def address(path: str, **parts: str) -> str:
    """With nobody's id wherever something else is not said."""
    return re.sub(r"{(\w+)}", lambda part: parts.get(part[1], str(NOBODY)), path)


def schema_of(api: dict[str, Any], word: dict[str, Any]) -> dict[str, Any]:
    schema = next(
        (one for one in word["schema"].get("anyOf", ()) if one.get("type") != "null"),
        word["schema"],
    )
    name = schema.get("$ref", "").rpartition("/")[2]
    return api["components"]["schemas"][name] if name else schema


def not_meant(name: str, schema: dict[str, Any]) -> Iterator[str]:
    """Values that this word can't have."""
    pattern, longest = schema.get("pattern"), schema.get("maxLength")
    kind = "enum" if "enum" in schema else schema.get("format", schema["type"])
    if name == "cursor" and pattern is None:
        kind = "cursor"
    yield from ODD.get(kind, ())
    if longest is not None:
        yield "x" * (longest + 1)
    if pattern is not None:
        yield from (odd for odd in ("", "\n", "%", "-\n", " ", "٣") if not fits(pattern, odd))


def is_bounded(schema: dict[str, Any]) -> bool:
    """Nobody can send just anything."""
    if schema["type"] == "integer":
        return "maximum" in schema
    return schema["type"] == "boolean" or bool(
        schema.keys() & {"pattern", "maxLength", "enum", "format"}
    )


def fits(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None


async def test_a_word_that_is_not_meant_is_refused_by_its_name(workorders, token, api):
    tried = 0
    for method, path, word, operation in operations(api, "query"):
        name, schema = word["name"], schema_of(api, word)
        assert is_bounded(schema), (path, name)
        others = [one["name"] for one in operation["parameters"] if one.get("required")]
        given = {one: GIVEN[one] for one in others if one in GIVEN and one != name}
        if name == "cursor" and ("{" in path or path in BY_NAME):
            continue  # what it belongs to is looked for first; any name is a place among names
        who = token(one_who_may(operation), "")
        for odd in not_meant(name, schema):
            asked = workorders.client.request(
                method, address(path), params=given | {name: odd}, headers=who
            )
            problem = refused(await asked, 422)
            assert named(problem, f"query.{name}"), (path, name, odd, problem)
            tried += 1
    assert tried > 400


async def test_bytes_that_are_no_text_are_refused_wherever_they_stand(workorders, token, api):
    who = token("supervisor", "")
    addresses = {f"{address(path)}?{w['name']}=" for _, path, w, _ in operations(api, "query")}
    addresses |= {
        address(path, **{w["name"]: ""}).partition("//")[0].rstrip("/") + "/"
        for _, path, w, _ in operations(api, "path")
    }
    assert len(addresses) > 100
    for begins in sorted(addresses):
        for odd in NO_TEXT:
            problem = refused(await workorders.client.get(begins + odd, headers=who), 400)
            assert problem["type"] == "/problems/bad-input", begins


async def test_a_part_of_an_address_that_is_not_meant_is_refused_by_its_name(
    workorders, token, api
):
    tried = 0
    for method, path, word, operation in operations(api, "path"):
        name, schema = word["name"], schema_of(api, word)
        assert is_bounded(schema), (path, name)
        for odd in not_meant(name, schema):
            if odd.strip("./") and "/" not in odd:
                there = address(path, **{name: quote(odd)})
                who = token(one_who_may(operation), "") | {"idempotency-key": "x"}
                asked = workorders.client.request(method, there, json={}, headers=who)
                problem = refused(await asked, 422)
                assert named(problem, f"path.{name}"), (method, there, problem)
                tried += 1
    assert tried > 200


async def test_what_there_is_not_is_not_found(workorders, token, api):
    who = token("supervisor", "")
    for method, path, _, _ in operations(api, "path"):
        if method == "get":
            there = address(path, code="no-such", name="no-such", version="no-such")
            there = there.replace(f"/policies/{NOBODY}", "/policies/no-such")
            refused(await workorders.client.get(there, headers=who), 404)


def one_who_may(operation: dict[str, Any]) -> str:
    role: str = operation["x-roles"][-1]
    return role


def refused(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (answer.request.url, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["title"], answer.text
    return problem


def named(problem: dict[str, Any], place: str) -> bool:
    places = [error["at"] for error in problem.get("errors", ())]
    return place in places or (problem["type"], place) == ("/problems/bad-cursor", "query.cursor")


BODIES = (
    None, [], "x", 7, {}, {"reason": None}, {"reason": "\x00"}, {"reason": " "},
    {"reason": "x" * 100_000}, {"team": "\x00"}, {"team": 2**200, "reason": "x"},
    {"team": "no-such-team", "reason": "x"}, {"reason": "x", "surprise": 1},
    {"reason": "no_skill", "target": "\x00"}, {"on": "maybe", "reason": "x"},
    {"on": True, "reason": "x", "level": 2**70}, {"add": ["\x00"], "reason": "x"},
    {"reason": "weather", "until": "9999-12-31T23:59:59Z", "customer_told": True},
    {"reason": "weather", "until": 10**30, "customer_told": True},
    {"etr_at": "0001-01-01T00:00:00+14:00"}, {"etr_at": 1e308},
    {"master_id": "1", "because": "x"}, {"outcome": "unreached", "result": "\x00"},
    {"checklist": {"\x00": True}}, {"case_type": "crime", "reason": "x"}, {"purpose": "\x00"},
    {"answer": "\x00"}, {"cause": "\x00"},
)  # fmt: skip
NOUNS = (
    "resolution", "triage", "return", "dispatch", "reassignment", "suspension-request",
    "suspension-refusal", "cancellation", "tags", "danger", "supervision",
    "relabelling", "relabelling-decision", "review", "callback", "reopening", "exemption", "etr",
    "reply", "diagnosis", "merge", "unmerge", "urge-answer", "reveal", "appliance-claim",
)  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
async def test_nonsense_moves_no_order(workorders, token, field, noun):
    order = await field.opened()
    before = await field.look(order)
    who = token("supervisor", "3205", "mallory") | {"idempotency-key": "x"}
    for body in BODIES:
        answer = await workorders.client.post(f"{order}/{noun}", json=body, headers=who)
        assert 400 <= answer.status_code < 500, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await field.look(order) == before


async def test_nonsense_sent_anywhere_leaves_nothing_behind(workorders, token, api, field):
    await field.opened()
    before = await everything(workorders)
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {"required": False})
            for odd in BODIES if body["required"] else ():
                who = token(one_who_may(operation), "", "mallory") | {"idempotency-key": "x"}
                asked = workorders.client.request(method, address(path), json=odd, headers=who)
                answer = await asked
                assert 400 <= answer.status_code < 500, (path, odd, answer.text)
                assert answer.status_code != 403, path
                assert answer.headers["content-type"] == "application/problem+json", path
    assert await everything(workorders) == before


async def everything(workorders: Running) -> dict[str, str]:
    """What stands in each table, as one number."""
    found = {}
    for table in metadata.sorted_tables:
        [row] = await workorders.rows(
            f"SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) AS whole FROM {table.name} t"
        )
        found[table.name] = str(row.whole)
    return found


@pytest.mark.parametrize("tag", ['"1', "W/1", '"-1"', f'"{2**70}"', '"x"'])
async def test_an_if_match_that_is_none_is_refused(field, order_of_mine, tag):
    status, *_ = await field.refused(order_of_mine, "claim", if_match=tag)
    assert status in (400, 412, 422)


@pytest.fixture
async def order_of_mine(field):
    return await field.opened()


async def test_each_move_that_says_something_is_among_those_tried(api):
    begins = "/v1/work-orders/{id}/"
    said = {
        path.removeprefix(begins)
        for path, methods in api["paths"].items()
        if path.startswith(begins)
        and methods.get("post", {}).get("requestBody", {}).get("required")
    }
    assert said <= set(NOUNS)
