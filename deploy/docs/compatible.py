"""May this schema take the place of that published one, under the same version? Or what breaks.

Services are upgraded one after another, and old events are replayed: a new hearer reads old facts,
an old hearer reads new ones. So within a version a field stays, keeps its type, and stays required
if it was; a new field is optional; an enumeration may only grow; a limit may only loosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaks(published: Schema, now: Schema) -> list[str]:
    """What would break, each as `where: what`; empty when nothing does."""
    found = [
        f"{name}: was {published.get(name)!r}, is {now.get(name)!r}"
        for name in ("x-topic", "x-key")
        if published.get(name) != now.get(name)
    ]
    return found + list(_Comparison(published, now).of(published, now, "data"))


@dataclass(frozen=True)
class _Comparison:
    """Two documents, each with its own `$defs`."""

    published: Schema
    now: Schema

    def of(self, before: Schema, after: Schema, at: str) -> Iterator[str]:
        """Alternatives are told apart by type, then compared in order."""
        old, new = _kinds(before, self.published), _kinds(after, self.now)
        for kind in sorted(old.keys() - new.keys()):
            yield f"{at}: {kind} is no longer possible"
        for kind in sorted(new.keys() - old.keys()):
            yield f"{at}: may now be {kind}"
        for kind in sorted(old.keys() & new.keys()):
            if len(old[kind]) != len(new[kind]):
                yield f"{at}: other alternatives of {kind}"
            for one, other in zip(old[kind], new[kind], strict=False):
                yield from self._alike(one, other, at)

    def _alike(self, before: Schema, after: Schema, at: str) -> Iterator[str]:
        yield from _limits(before, after, at)
        yield from self._fields(before, after, at)
        for inner in ("items", "additionalProperties"):
            old, new = before.get(inner, True), after.get(inner, True)
            if isinstance(old, dict) and isinstance(new, dict):
                yield from self.of(old, new, f"{at}[]")
            elif old != new:
                yield f"{at}: {inner} was {old!r}, is {new!r}"
        old, new = before.get("prefixItems", []), after.get("prefixItems", [])
        if len(old) != len(new):
            yield f"{at}: had {len(old)} places, has {len(new)}"
        for place, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from self.of(one, other, f"{at}[{place}]")

    def _fields(self, before: Schema, after: Schema, at: str) -> Iterator[str]:
        old, new = before.get("properties", {}), after.get("properties", {})
        must, must_now = set(before.get("required", ())), set(after.get("required", ()))
        for name in old:
            if name not in new:
                yield f"{at}.{name}: removed"
                continue
            if name in must_now - must:
                yield f"{at}.{name}: was optional, is required"
            if name in must - must_now:
                yield f"{at}.{name}: was required, is optional"
            yield from self.of(old[name], new[name], f"{at}.{name}")
        for name in new:
            if name not in old and name in must_now:
                yield f"{at}.{name}: new and required"


def _kinds(schema: Schema, document: Schema) -> dict[str, list[Schema]]:
    """The alternatives of a schema by type and format, references followed."""
    found: dict[str, list[Schema]] = {}
    for one in _alternatives(schema, document):
        values = one.get("enum", [one["const"]] if "const" in one else [])
        types = one.get("type") or sorted({_JSON[type(value)] for value in values}) or "anything"
        for type_ in [types] if isinstance(types, str) else types:
            kind = f"{type_} ({one['format']})" if "format" in one else type_
            found.setdefault(kind, []).append(one)
    return found


_JSON = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}


def _alternatives(schema: Schema, document: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from _alternatives(document["$defs"][name], document)
        return
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if not inner:
        yield schema
    for one in inner:
        yield from _alternatives(one, document)


def _limits(before: Schema, after: Schema, at: str) -> Iterator[str]:
    """Only values that were possible all remain possible."""
    old, new = _values(before), _values(after)
    if new is not None and old is None:
        yield f"{at}: only {sorted(new)} from now on"
    if old is not None and new is not None and old - new:
        yield f"{at}: no longer {sorted(old - new)}"
    for limits, sign in ((_LOWER, 1), (_UPPER, -1)):
        for limit in limits:
            if limit in after and sign * after[limit] > sign * before.get(limit, -sign * 1e99):
                yield f"{at}: {limit} is now {after[limit]}"
    if "pattern" in after and after["pattern"] != before.get("pattern"):
        yield f"{at}: must now look like {after['pattern']}"


def _values(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None
