"""What is published stays readable: the checker finds every break, and there is none."""

import json
from copy import deepcopy
from typing import Any

import pytest

from deploy.docs import events
from deploy.docs.assembled import assembled
from deploy.docs.compatible import breaks
from deploy.docs.files import PUBLISHED, publish

EVENTS = events.spoken(assembled())
PUBLISHED_TYPES = sorted(file.stem for file in PUBLISHED.glob("*.json"))

FACT: dict[str, Any] = {
    "x-topic": "workorders",
    "x-key": "order",
    "type": "object",
    "$defs": {
        "Promise": {
            "type": "object",
            "properties": {"minutes": {"type": "integer", "minimum": 0}},
            "required": ["minutes"],
        }
    },
    "properties": {
        "order": {"type": "string", "format": "uuid"},
        "area": {"type": "string", "enum": ["urban", "rural"]},
        "team": {"anyOf": [{"type": "string", "maxLength": 40}, {"type": "null"}]},
        "promises": {"type": "array", "items": {"$ref": "#/$defs/Promise"}},
        "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]},
    },
    "required": ["order", "area"],
}
_GONE = object()


def with_(value: Any, *steps: Any) -> dict[str, Any]:
    """FACT with another value at a place, or without it."""
    fact = deepcopy(FACT)
    inner: Any = fact
    for step in steps[:-1]:
        inner = inner[step]
    if value is _GONE:
        del inner[steps[-1]]
    else:
        inner[steps[-1]] = value
    return fact


def with_field(name: str, **schema: Any) -> dict[str, Any]:
    return with_(schema, "properties", name)


def with_team(**schema: Any) -> dict[str, Any]:
    """Another kind of text for the team, which may still be null."""
    return with_field("team", anyOf=[{"type": "string"} | schema, {"type": "null"}])


def with_promise(**schema: Any) -> dict[str, Any]:
    return with_({"type": "object"} | schema, "$defs", "Promise")


MINUTES = {"type": "integer", "minimum": 0}
BREAKS = {
    "data.team: removed": with_(_GONE, "properties", "team"),
    "data.area: string is no longer possible": with_field("area", type="integer"),
    "data.team: was optional, is required": with_(["order", "area", "team"], "required"),
    "data.area: was required, is optional": with_(["order"], "required"),
    "data.promises[].kind: new and required": with_promise(
        properties={"minutes": MINUTES, "kind": {"type": "string"}}, required=["minutes", "kind"]
    ),
    "data.area: no longer [\"'rural'\"]": with_field("area", type="string", enum=["urban"]),
    "data.team: only [\"'A'\"] from now on": with_team(maxLength=40, enum=["A"]),
    "data.team: null is no longer possible": with_field("team", type="string", maxLength=40),
    "data.area: may now be null": with_field("area", type=["string", "null"]),
    "data.team: may now be string (uuid)": with_team(format="uuid"),
    "data.order: string (uuid) is no longer possible": with_field("order", type="string"),
    "data.team: maxLength is now 20": with_team(maxLength=20),
    "data.team: minLength is now 1": with_team(maxLength=40, minLength=1),
    "data.team: must now look like ^A": with_team(maxLength=40, pattern="^A"),
    "data.promises[].minutes: minimum is now 1": with_promise(
        properties={"minutes": MINUTES | {"minimum": 1}}, required=["minutes"]
    ),
    "data.place: had 2 places, has 1": with_field(
        "place", type="array", prefixItems=[{"type": "number"}]
    ),
    "data.promises[]: object is no longer possible": with_field(
        "promises", type="array", items={"type": "string"}
    ),
    "data: additionalProperties was True, is False": with_(False, "additionalProperties"),
    "x-key: was 'order', is 'area'": with_("area", "x-key"),
    "x-topic: was 'workorders', is 'orders'": with_("orders", "x-topic"),
}
GROWTH = {
    "nothing changes": FACT,
    "an optional field is new": with_field("note", type="string"),
    "an optional part is new": with_promise(
        properties={"minutes": MINUTES, "kind": {"type": "string"}}, required=["minutes"]
    ),
    "a value is new": with_field("area", type="string", enum=["urban", "rural", "remote"]),
    "a limit is higher": with_team(maxLength=80),
    "a limit is gone": with_team(),
    "a description is new": with_("A fact.", "description"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_found(what: str) -> None:
    assert what in breaks(FACT, BREAKS[what])


@pytest.mark.parametrize("what", GROWTH)
def test_growth_is_no_break(what: str) -> None:
    assert breaks(FACT, GROWTH[what]) == []


@pytest.mark.parametrize("type_", PUBLISHED_TYPES)
def test_what_is_published_stays_readable(type_: str) -> None:
    """Otherwise: make a new version of the fact and keep this one."""
    published = json.loads((PUBLISHED / f"{type_}.json").read_text(encoding="utf-8"))
    assert breaks(published, events.schema(EVENTS[type_])) == []


def test_every_fact_is_published() -> None:
    """Otherwise: `python -m deploy.docs --publish`."""
    assert sorted(EVENTS) == PUBLISHED_TYPES


def test_publishing_never_overwrites_what_it_would_break(tmp_path) -> None:
    frozen, broken = publish(tmp_path)
    assert sorted(frozen) == sorted(EVENTS) and broken == []
    path = tmp_path / "intake.case-accepted.v1.json"
    before = json.loads(path.read_text(encoding="utf-8"))
    before["properties"]["weather"] = {"type": "string"}
    path.write_text(json.dumps(before), encoding="utf-8")
    assert publish(tmp_path) == ([], ["intake.case-accepted.v1: data.weather: removed"])
    assert json.loads(path.read_text(encoding="utf-8")) == before
