"""What a policy pack looks like when it is sent: the same words as in the files."""

from typing import Any

from services.workorders.domain.limit import (
    AREAS,
    CASE_TYPES,
    CERTAINTIES,
    CLASSES,
    Fact,
    Merged,
    Reopening,
)
from services.workorders.domain.policy import SECTIONS

_FACT = {"enum": sorted(Fact)}
_TEXT = {"type": "string", "minLength": 1}
_DAY = {"type": "string", "format": "date"}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _some(words: frozenset[str]) -> dict[str, Any]:
    one = {"enum": sorted(words)}
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]}


_LENGTH: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "properties": {
        unit: {"type": "number", "minimum": 0} for unit in ("days", "hours", "minutes", "seconds")
    },
    "additionalProperties": False,
}
_TARGET = _LENGTH | {
    "properties": _LENGTH["properties"]
    | {"calendar": _TEXT, "working_days": {"type": "integer", "minimum": 1}},
}
_WARNING = _object("", share={"type": "number"}, before=_LENGTH) | {
    "minProperties": 1,
    "maxProperties": 1,
}
_LIMIT = _object(
    "clock target starts stops source certainty",
    clock={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    when=_object("", type=_some(CASE_TYPES), area=_some(AREAS), **{"class": _some(CLASSES)}),
    target=_TARGET,
    starts=_FACT,
    stops={"type": "array", "items": _FACT, "minItems": 1},
    promised={"type": "boolean"},
    average={"type": "boolean"},
    pauses={"type": "array", "items": _TEXT, "minItems": 1},
    merged={"enum": sorted(Merged)},
    reopening={"enum": sorted(Reopening)},
    warnings={"type": "array", "items": _WARNING},
    ladder={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    source=_TEXT,
    certainty={"enum": sorted(CERTAINTIES)},
)
_STANDARD = _object(
    "name what over source certainty",
    name={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
    what=_TEXT,
    within=_LENGTH,
    at_least={"type": "number"},
    at_most={"type": "number"},
    mean=_LENGTH,
    over={"enum": ["event", "month", "quarter", "year"]},
    source=_TEXT,
    certainty={"enum": sorted(CERTAINTIES)},
)
_SECTION = {"type": "object", "required": ["source"], "properties": {"source": _TEXT}}
_PACK = _object(
    "id version valid_from limits",
    id={"type": "string", "pattern": "^[a-z][a-z0-9-]{0,59}$"},
    version={"type": "string", "pattern": "^[A-Za-z0-9.-]{1,30}$"},
    valid_from=_DAY,
    valid_to=_DAY,
    overlay_of=_TEXT,
    limits={"type": "array", "items": _LIMIT},
    standards={"type": "array", "items": _STANDARD},
    **dict.fromkeys(sorted(SECTIONS), _SECTION),
)

PACK_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": _PACK},
        "application/yaml": {"schema": _PACK},
    },
}
