"""Limits as dated data: which clocks an order gets, how long each runs, and who said so.

Versions of one pack follow one another: each ends where the next one begins. One that names an end
of its own must not reach into the next.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any, TypeVar

from services.workorders.domain.board import BoardRules, read_board
from services.workorders.domain.compensation import Compensation, read_compensation
from services.workorders.domain.digest import Digest, read_digest
from services.workorders.domain.grouping import Rules, read_rules
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
)
from services.workorders.domain.notices import Kinds, Planning, read_notices, read_planning
from services.workorders.domain.priority import Weights, read_weights
from services.workorders.domain.promise import read_accuracy
from services.workorders.domain.protected import ProtectedClasses, read_protection
from services.workorders.domain.punctuality import Punctuality, read_punctuality
from services.workorders.domain.reasons import (
    Callbacks,
    Pauses,
    Returns,
    read_callbacks,
    read_pauses,
    read_returns,
)
from services.workorders.domain.roster import RosterRules, read_roster_rules
from services.workorders.domain.standard import Standard
from services.workorders.domain.supervision import Watching, read_watching
from services.workorders.domain.written import BadPolicy

__all__ = [
    "ALWAYS",
    "AREAS",
    "CASE_TYPES",
    "CLASSES",
    "ORDINARY",
    "SECTIONS",
    "UNVERIFIED",
    "BadPolicy",
    "BoardRules",
    "Fact",
    "Limit",
    "Merged",
    "Pack",
    "Reopening",
    "Target",
    "Warning",
    "check_pairs",
    "digest",
    "ends_on",
    "handlings",
    "in_force",
    "ladders",
    "limits_started",
    "punctuality",
    "rules",
]

_Rules = TypeVar("_Rules")

# What the limits of these packs may be. Its id says it, so that no reader can overlook it.
UNVERIFIED = "-unverified"
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
    board: BoardRules | None = None
    digest: Digest | None = None
    standards: tuple[Standard, ...] = ()
    returns: Returns | None = None
    pauses: Pauses | None = None
    callbacks: Callbacks | None = None
    supervision: Watching | None = None
    protection: ProtectedClasses | None = None
    priority: Weights | None = None
    roster: RosterRules | None = None
    grouping: Rules | None = None
    planning: Planning | None = None
    notices: Kinds | None = None
    accuracy: timedelta | None = None
    compensation: Compensation | None = None

    @property
    def name(self) -> str:
        return f"{self.id} {self.version}"

    @property
    def unverified(self) -> bool:
        """An overlay of limits whose sources could not be seen: shown as such."""
        return self.id.endswith(UNVERIFIED)

    @property
    def sections(self) -> list[str]:
        """The names of the optional parts that it has."""
        return [name for name in SECTIONS if getattr(self, name) is not None]

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
SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "handling": read_handlings,
    "ladders": read_ladders,
    "punctuality": read_punctuality,
    "board": read_board,
    "digest": read_digest,
    "returns": read_returns,
    "pauses": read_pauses,
    "callbacks": read_callbacks,
    "supervision": read_watching,
    "protection": read_protection,
    "priority": read_weights,
    "roster": read_roster_rules,
    "grouping": read_rules,
    "planning": read_planning,
    "notices": read_notices,
    "accuracy": read_accuracy,
    "compensation": read_compensation,
}


def handlings(packs: Sequence[Pack]) -> Handlings:
    """The handling rules among the packs in force. Raises BadPolicy when there are none."""
    for pack in packs:
        if pack.handling is not None:
            return pack.handling
    raise BadPolicy("no pack in force says how cases are handled")


def board_rules(packs: Sequence[Pack]) -> BoardRules:
    """The rules of the board among the packs in force. Raises BadPolicy when there are none."""
    for pack in packs:
        if pack.board is not None:
            return pack.board
    raise BadPolicy("no pack in force says when an order is at risk")


def punctuality(packs: Sequence[Pack]) -> Punctuality:
    """What counts as late. Raises BadPolicy when no pack in force says so."""
    for pack in packs:
        if pack.punctuality is not None:
            return pack.punctuality
    raise BadPolicy("no pack in force says what counts as late")


def rules(packs: Sequence[Pack], kind: type[_Rules]) -> _Rules:
    """The section of this kind among the packs in force. Raises BadPolicy when there is none."""
    for pack in packs:
        for name in SECTIONS:
            section = getattr(pack, name)
            if isinstance(section, kind):
                return section
    raise BadPolicy(f"no pack in force has {kind.__name__}")


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


def digest(packs: Sequence[Pack]) -> Digest:
    """How messages to those who are told are gathered. Raises BadPolicy when nothing says so."""
    for pack in packs:
        if pack.digest is not None:
            return pack.digest
    raise BadPolicy("no pack in force says how escalations are gathered")


def in_force(packs: Sequence[Pack], on: date) -> list[Pack]:
    """Of each pack the version that began last, if it has not ended by that day."""
    latest: dict[str, Pack] = {}
    for pack in sorted(packs, key=lambda p: (p.valid_from, p.version)):
        if pack.valid_from <= on:
            latest[pack.id] = pack
    return [pack for pack in latest.values() if pack.valid_to is None or on < pack.valid_to]


def ends_on(pack: Pack, versions: Sequence[Pack]) -> date | None:
    """The first day on which this version is not in force any more, as far as it is known."""
    later = [one.valid_from for one in versions if one.valid_from > pack.valid_from]
    return min([*later, *([pack.valid_to] if pack.valid_to else [])], default=None)


def check_pairs(packs: Sequence[Pack]) -> None:
    """Raises BadPolicy when an order could get two clocks of one kind."""
    numbered = [(p, n, one) for p in packs for n, one in enumerate(p.limits, start=1)]
    for (before, first, one), (pack, number, other) in combinations(numbered, 2):
        if one.meets(other):
            raise BadPolicy(
                f"{pack.name}: limit {number} ({other.clock}): an order that it fits"
                f" fits limit {first} of {before.name} too"
            )
