"""Limits as dated data: which clocks an order gets, how long each runs, and who said so.

Versions of one pack follow one another: each ends where the next one begins. One that names an end
of its own must not reach into the next.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from typing import Any

from services.workorders.domain.handling import Handlings, read_handlings
from services.workorders.domain.ladder import Ladders, read_ladders
from services.workorders.domain.limit import (
    ALWAYS,
    AREAS,
    CASE_TYPES,
    CLASSES,
    ORDINARY,
    Fact,
    Limit,
    Merged,
    Reopening,
    Target,
    Warning,
    read_limit,
)
from services.workorders.domain.punctuality import Punctuality, read_punctuality
from services.workorders.domain.written import BadPolicy, day, only, place, text

__all__ = [
    "ALWAYS",
    "AREAS",
    "CASE_TYPES",
    "CLASSES",
    "ORDINARY",
    "BadPolicy",
    "Fact",
    "Limit",
    "Merged",
    "Pack",
    "Reopening",
    "Target",
    "Warning",
    "check_dates",
    "check_together",
    "handlings",
    "in_force",
    "ladders",
    "limits_started",
    "punctuality",
    "read_pack",
]

# What the limits of these packs may be. Its id says it, so that no reader can overlook it.
_UNVERIFIED = "-unverified"
_ANY = "any"


@dataclass(frozen=True, slots=True)
class Pack:
    """A policy version. `overlay_of` names the pack that it adds to; `any`: whichever is in use."""

    id: str
    version: str
    valid_from: date
    valid_to: date | None
    limits: tuple[Limit, ...]
    overlay_of: str | None = None
    handling: Handlings | None = None
    ladders: Ladders | None = None
    punctuality: Punctuality | None = None

    @property
    def name(self) -> str:
        return f"{self.id} {self.version}"

    @property
    def unverified(self) -> bool:
        """An overlay of limits whose sources could not be seen: shown as such."""
        return self.id.endswith(_UNVERIFIED)

    def belongs_to(self, chosen: str) -> bool:
        """True when it is in use while the pack `chosen` is."""
        return chosen == self.id if self.overlay_of is None else self.overlay_of in (chosen, _ANY)

    def started_by(
        self, fact: Fact, case_type: str, area: str, classes: Collection[str] = ()
    ) -> list[Limit]:
        """The clocks that this fact starts on such an order.

        A customer of several classes gets the first limit of a kind that names one of them.
        """
        first: dict[str, Limit] = {}
        for limit in self.limits:
            if limit.starts is fact and limit.fits(case_type, area, classes):
                first.setdefault(limit.clock, limit)
        return list(first.values())


# Optional parts of a pack, each with its `source`: the field's name and how it is read.
_SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "handling": read_handlings,
    "ladders": read_ladders,
    "punctuality": read_punctuality,
}
_KEYS = ("id", "version", "valid_from", "valid_to", "overlay_of", "limits", *_SECTIONS)


def read_pack(data: Mapping[str, Any]) -> Pack:
    """A pack from its YAML. Raises BadPolicy with the place of the first mistake."""
    with place("a pack"):
        named = " ".join(text(data[key]) for key in ("id", "version"))
    with place(named):
        only(data, _KEYS)
        if not isinstance(data["limits"], list):
            raise BadPolicy("limits are no list")
        pack = Pack(
            id=data["id"],
            version=data["version"],
            valid_from=day(data["valid_from"]),
            valid_to=day(data["valid_to"]) if data.get("valid_to") else None,
            overlay_of=text(data["overlay_of"]) if data.get("overlay_of") else None,
            limits=tuple(_limit(n, one) for n, one in enumerate(data["limits"], start=1)),
            **{name: _section(data, name, read) for name, read in _SECTIONS.items()},
        )
        if pack.valid_to is not None and pack.valid_to <= pack.valid_from:
            raise BadPolicy("valid_to is not after valid_from")
        _check_certainty(pack)
        _check_pairs([pack])
    return pack


def handlings(packs: Sequence[Pack]) -> Handlings:
    """The handling rules among the packs in force. Raises BadPolicy when there are none."""
    for pack in packs:
        if pack.handling is not None:
            return pack.handling
    raise BadPolicy("no pack in force says how cases are handled")


def punctuality(packs: Sequence[Pack]) -> Punctuality:
    """What counts as late. Raises BadPolicy when no pack in force says so."""
    for pack in packs:
        if pack.punctuality is not None:
            return pack.punctuality
    raise BadPolicy("no pack in force says what counts as late")


def ladders(packs: Sequence[Pack]) -> Ladders:
    """Every ladder among the packs in force, by name."""
    return {name: one for pack in packs for name, one in (pack.ladders or {}).items()}


def limits_started(
    packs: Sequence[Pack], fact: Fact, case_type: str, area: str, classes: Collection[str] = ()
) -> list[tuple[Pack, Limit]]:
    """The clocks that this fact starts on such an order, each with the pack that says so."""
    return [
        (pack, one) for pack in packs for one in pack.started_by(fact, case_type, area, classes)
    ]


def in_force(packs: Sequence[Pack], on: date) -> list[Pack]:
    """Of each pack the version that began last, if it has not ended by that day."""
    latest: dict[str, Pack] = {}
    for pack in sorted(packs, key=lambda p: (p.valid_from, p.version)):
        if pack.valid_from <= on:
            latest[pack.id] = pack
    return [pack for pack in latest.values() if pack.valid_to is None or on < pack.valid_to]


def check_dates(packs: Sequence[Pack]) -> None:
    """Raises BadPolicy when two versions of one pack claim the same day.

    One that is open at its end is closed by the next.
    """
    ordered = sorted(packs, key=lambda pack: (pack.id, pack.valid_from))
    for one, following in pairwise(ordered):
        if one.id != following.id or one.version == following.version:
            continue
        if one.valid_from == following.valid_from:
            raise BadPolicy(f"{following.name}: begins on the same day as {one.version}")
        if one.valid_to is not None and one.valid_to > following.valid_from:
            raise BadPolicy(
                f"{one.name}: valid_to {one.valid_to} overlaps {following.version},"
                f" which begins on {following.valid_from}"
            )


def check_together(packs: Sequence[Pack], calendars: Collection[str]) -> None:
    """Raises BadPolicy unless packs in use on one day agree, and every name in them is known."""
    known = ladders(packs)
    for pack in packs:
        for number, limit in enumerate(pack.limits, start=1):
            with place(f"{pack.name}: limit {number} ({limit.clock})"):
                if limit.target.calendar not in {ALWAYS, *calendars}:
                    raise BadPolicy(f"unknown calendar {limit.target.calendar!r}")
                if limit.ladder is not None and limit.ladder not in known:
                    raise BadPolicy(f"unknown ladder {limit.ladder!r}")
    _check_pairs(packs)


def _check_certainty(pack: Pack) -> None:
    for number, limit in enumerate(pack.limits, start=1):
        if limit.unverified != pack.unverified:
            raise BadPolicy(
                f"limit {number} ({limit.clock}): certainty {limit.certainty} belongs"
                f" {'into an overlay' if limit.unverified else 'into no pack'}"
                f" whose id ends with {_UNVERIFIED}"
            )
    if pack.unverified and pack.overlay_of is None:
        raise BadPolicy("what is unverified is an overlay: overlay_of is missing")


def _check_pairs(packs: Sequence[Pack]) -> None:
    """Raises BadPolicy when an order could get two clocks of one kind."""
    numbered = [(p, n, one) for p in packs for n, one in enumerate(p.limits, start=1)]
    for (before, first, one), (pack, number, other) in combinations(numbered, 2):
        if one.meets(other):
            raise BadPolicy(
                f"{pack.name}: limit {number} ({other.clock}): an order that it fits"
                f" fits limit {first} of {before.name} too"
            )


def _limit(number: int, data: object) -> Limit:
    clock = data.get("clock") if isinstance(data, Mapping) else None
    with place(f"limit {number} ({clock})" if isinstance(clock, str) else f"limit {number}"):
        return read_limit(data)


def _section(data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], Any]) -> Any:
    if name not in data:
        return None
    with place(f"section {name}"):
        text(data[name]["source"])
        return read({key: value for key, value in data[name].items() if key != "source"})
