"""The generated documents: complete, the same every time, and true of the examples."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import validator_for

from deploy.docs.files import differing, generated, write
from deploy.docs.problems import all_refusals
from tests.contracts.worlds import EXAMPLES

FILES = generated()
DOCUMENTS = {name: json.loads(text) for name, text in FILES.items() if name.endswith(".json")}
OPENAPI = {name: spec for name, spec in DOCUMENTS.items() if name.startswith("docs/openapi/")}
ASYNCAPI = DOCUMENTS["docs/asyncapi/wattline.json"]


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from inside(inner)


def looked_up(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


def test_they_come_out_the_same_every_time() -> None:
    assert generated() == FILES


def test_they_name_no_machine_and_no_moment() -> None:
    for name, text in FILES.items():
        assert not re.search(r"/(home|root|tmp|work)/|0x[0-9a-f]{6,}|20\d\d-\d\d-\d\dT", text), name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_somewhere(name: str) -> None:
    for part in inside(DOCUMENTS[name]):
        if isinstance(part.get("$ref"), str):
            assert isinstance(looked_up(DOCUMENTS[name], part["$ref"]), dict)


@pytest.mark.parametrize("name", OPENAPI)
def test_every_operation_says_who_may_call_it_and_how_it_says_no(name: str) -> None:
    for path in OPENAPI[name]["paths"].values():
        for operation in path.values():
            assert operation["x-roles"] or operation["x-open-because"]
            assert "503" in operation["responses"]
            assert ("401" in operation["responses"]) is bool(operation["x-roles"])


def test_the_headers_that_matter_are_described() -> None:
    accept = OPENAPI["docs/openapi/intake.json"]["paths"]["/v1/cases"]["post"]
    assert [p["name"] for p in accept["parameters"]] == ["Idempotency-Key"]
    claim = OPENAPI["docs/openapi/workorders.json"]["paths"]["/v1/work-orders/{id}/claim"]["post"]
    assert [p["name"] for p in claim["parameters"]] == ["id", "If-Match"]
    assert "412" in claim["responses"] and "412" not in accept["responses"]


def test_a_slug_means_one_thing() -> None:
    meanings: dict[str, set[tuple[int, str]]] = {}
    for problem in all_refusals():
        meanings.setdefault(problem.slug, set()).add((problem.status, problem.title))
    assert [slug for slug, found in meanings.items() if len(found) > 1] == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*.json")), ids=lambda f: f.parent.name)
def test_an_example_fits_its_schemas(file) -> None:
    example, type_ = json.loads(file.read_bytes()), file.parent.name
    message = ASYNCAPI["components"]["messages"][type_]
    payload = message["payload"] | {"components": ASYNCAPI["components"]}
    validator_for(DOCUMENTS["docs/events/envelope.json"]).validate(example)
    validator_for(DOCUMENTS[f"docs/events/{type_}.json"]).validate(example["data"])
    validator_for(payload).validate(example)


def test_stale_missing_and_left_over_files_are_found(tmp_path) -> None:
    assert set(write(FILES, tmp_path)) == set(FILES) and differing(FILES, tmp_path) == []
    (tmp_path / "docs/problems.md").write_text("Nothing ever goes wrong.")
    (tmp_path / "docs/events/envelope.json").unlink()
    (tmp_path / "docs/events/intake.rumour-heard.v1.json").write_text("{}")
    stale = [
        "docs/events/envelope.json",
        "docs/events/intake.rumour-heard.v1.json",
        "docs/problems.md",
    ]
    assert differing(FILES, tmp_path) == stale
    assert write(FILES, tmp_path) == stale and differing(FILES, tmp_path) == []
