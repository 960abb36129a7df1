"""OpenAPI 3.1 of a service, with what FastAPI can't know: gates, keys, conditions, refusals."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from shared import errors
from shared.auth import Gate, Open
from shared.errors import Refusal
from shared.http import Expected
from shared.idempotency import AnsweredOnce
from shared.problems import problem

_EXPECTED = get_args(Expected)[1].dependency
_ONCE = get_args(AnsweredOnce)[1].dependency
_ANSWERS: dict[int, type[Refusal] | None] = {
    400: None,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    408: None,
    409: errors.Conflict,
    412: errors.PreconditionFailed,
    413: None,
    422: errors.Invalid,
    503: errors.Unavailable,
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"const": "Bearer"}}},
    503: {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}}},
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `type` is one of docs/problems.md; further fields are facts.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "pattern": "^/problems/[a-z0-9-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Of `invalid-request`: where and what, never the value.",
            "items": {
                "type": "object",
                "properties": {"at": {"type": "string"}, "problem": {"type": "string"}},
                "required": ["at", "problem"],
            },
        },
    },
    "required": ["type", "title", "status"],
    "additionalProperties": True,
}
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key and body again gives the same answer; another body is refused.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that was read: refused with 412 when somebody changed it since.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,9}")$'},
}
_ETAG = {"ETag": {"schema": {"type": "string"}}}
_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "On an answer that was kept from the first request with this key.",
        "schema": {"const": "true"},
    }
}


def described(app: FastAPI, port: int) -> dict[str, Any]:
    """The document of `app`, which listens on `port` when everything runs on one machine."""
    spec = deepcopy(FastAPI.openapi(app))
    spec["info"]["description"] = (
        "Who may call what is in `x-roles`; how it says no, in Problem. "
        "A query holds words that stand here only, each once; else 422."
    )
    spec["servers"] = [{"url": f"http://127.0.0.1:{port}", "description": "On one machine"}]
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and getattr(route, "include_in_schema", False):
            for method in route.methods or ():
                _complete(spec["paths"][route.path_format][method.lower()], dependant, method)
    _components(spec)
    return spec


def _components(spec: dict[str, Any]) -> None:
    parts = spec.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for fastapis_own in ("HTTPValidationError", "ValidationError"):
        schemas.pop(fastapis_own, None)
    schemas["Problem"] = _PROBLEM
    parts["schemas"] = dict(sorted(schemas.items()))
    parts["responses"] = {_name(status): _response(status) for status in _ANSWERS}
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }


def _complete(operation: dict[str, Any], dependant: Dependant, method: str) -> None:
    calls = set(_calls(dependant))
    gate = next(call for call in calls if isinstance(call, Gate | Open))
    operation["x-roles"] = list(gate.roles)
    operation["security"] = [{"bearer": []}] if isinstance(gate, Gate) else []
    if isinstance(gate, Open):
        operation["x-open-because"] = gate.why
    _parameters(operation, once=_ONCE in calls, expected=_EXPECTED in calls)
    answers = operation["responses"]
    if answers.get("422", {}).get("description") == "Validation Error":
        del answers["422"]  # FastAPI's own form, which never leaves
    for status in _refusals(operation, gate, method, expected=_EXPECTED in calls):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
    if _EXPECTED in calls or _ONCE in calls:
        done = next(answer for status, answer in answers.items() if status.startswith("2"))
        done["headers"] = _ETAG | (_REPLAYED if _ONCE in calls else {})
    operation["responses"] = dict(sorted(answers.items()))


def _parameters(operation: dict[str, Any], *, once: bool, expected: bool) -> None:
    """The headers under the names that HTTP gives them."""
    given = [p for p in operation.get("parameters", []) if p["name"] != "if-match"]
    given += [_KEY] * once + [_IF_MATCH] * expected
    if given:
        operation["parameters"] = given


def _refusals(
    operation: dict[str, Any], gate: Gate | Open, method: str, *, expected: bool
) -> Iterator[int]:
    """The statuses with which such an operation may say no."""
    yield from (422, 503)
    if "operations" in operation.get("tags", ()):
        return
    yield 400
    if isinstance(gate, Gate):
        yield from (401, 403)
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "path" in places or "requestBody" in operation or isinstance(gate, Open):
        yield 404  # what the address, the body or the token in the URL names
    if method not in ("GET", "HEAD"):
        yield from (408, 409, 413)
    if expected:
        yield 412


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def _name(status: int) -> str:
    refusal = _ANSWERS[status]
    return refusal.__name__ if refusal else f"Problem{status}"


def _response(status: int) -> dict[str, Any]:
    refusal = _ANSWERS[status]
    title = refusal().title if refusal else json.loads(bytes(problem(status, "").body))["title"]
    schema = {"$ref": "#/components/schemas/Problem"}
    answer = {"description": title, "content": {"application/problem+json": {"schema": schema}}}
    return answer | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
