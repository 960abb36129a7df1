"""A policy pack as it is written: read with the place of every mistake."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.workorders.domain.limit import Limit, read_limit
from services.workorders.domain.policy import SECTIONS, UNVERIFIED, Pack, check_pairs
from services.workorders.domain.standard import Standard, read_standard
from services.workorders.domain.written import BadPolicy, day, only, place, text

_ID, _VERSION = re.compile(r"[a-z][a-z0-9-]{0,59}"), re.compile(r"[A-Za-z0-9.-]{1,30}")
_Read = TypeVar("_Read")
_KEYS = ("id", "version", "valid_from", "valid_to", "overlay_of", "limits", "standards", *SECTIONS)


def read_pack(data: Mapping[str, Any]) -> Pack:
    """A pack from its YAML. Raises BadPolicy with the place of the first mistake."""
    with place("a pack"):
        named = f"{_named(data['id'], _ID)} {_named(data['version'], _VERSION)}"
    with place(named):
        only(data, _KEYS)
        pack = Pack(
            id=data["id"],
            version=data["version"],
            valid_from=day(data["valid_from"]),
            valid_to=day(data["valid_to"]) if data.get("valid_to") else None,
            overlay_of=text(data["overlay_of"]) if data.get("overlay_of") else None,
            limits=_each("limit", data["limits"], "clock", read_limit),
            standards=_each("standard", data.get("standards", []), "name", read_standard),
            **{name: _section(data, name, read) for name, read in SECTIONS.items()},
        )
        if pack.valid_to is not None and pack.valid_to <= pack.valid_from:
            raise BadPolicy("valid_to is not after valid_from")
        _check_certainty(pack)
        check_pairs([pack])
    return pack


def _check_certainty(pack: Pack) -> None:
    numbered: list[tuple[str, Limit | Standard]] = [
        *((f"limit {n} ({one.clock})", one) for n, one in enumerate(pack.limits, start=1)),
        *((f"standard {n} ({one.name})", one) for n, one in enumerate(pack.standards, start=1)),
    ]
    for where, one in numbered:
        if one.unverified != pack.unverified:
            raise BadPolicy(
                f"{where}: certainty {one.certainty} belongs"
                f" {'into an overlay' if one.unverified else 'into no pack'}"
                f" whose id ends with {UNVERIFIED}"
            )
    if pack.unverified and pack.overlay_of is None:
        raise BadPolicy("what is unverified is an overlay: overlay_of is missing")


def _named(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadPolicy(f"{value!r} does not look like {pattern.pattern}")
    return value


def _each(
    what: str, listed: object, name: str, read: Callable[[object], _Read]
) -> tuple[_Read, ...]:
    """All of a list, each mistake with its number and, if it has one, its name."""
    if not isinstance(listed, list):
        raise BadPolicy(f"{what}s are no list")
    found = []
    for number, one in enumerate(listed, start=1):
        called = one.get(name) if isinstance(one, Mapping) else None
        with place(f"{what} {number} ({called})" if called else f"{what} {number}"):
            found.append(read(one))
    return tuple(found)


def _section(data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], Any]) -> Any:
    if name not in data:
        return None
    with place(f"section {name}"):
        text(data[name]["source"])
        return read({key: value for key, value in data[name].items() if key != "source"})
