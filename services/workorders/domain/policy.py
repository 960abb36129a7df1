"""Limits as dated data: which clocks an order gets, how long each runs, and who said so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from services.workorders.domain.handling import Handlings, read_handlings

_Read = TypeVar("_Read")


class Fact(StrEnum):
    """What starts or stops a clock."""

    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    CLAIMED = "claimed"
    RETURNED = "returned"
    CONTACTED = "contacted"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    DIAGNOSED = "diagnosed"
    ETR_SET = "etr_set"
    REPAIRED = "repaired"
    REPLIED = "replied"
    REVIEWED = "reviewed"
    CALLED_BACK = "called_back"
    ARCHIVED = "archived"
    URGED = "urged"
    URGE_ANSWERED = "urge_answered"
    MERGED = "merged"
    CANCELLED = "cancelled"


class BadPolicy(ValueError):
    """A policy pack does not say what it must; the message names the place."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One clock: for which orders, between which facts, how long, by whose word."""

    clock: str
    types: frozenset[str]  # empty: every type
    areas: frozenset[str]  # empty: every area
    target: timedelta
    starts: Fact
    stops: frozenset[Fact]
    promised: bool
    source: str
    certainty: str

    def fits(self, case_type: str, area: str) -> bool:
        return (not self.types or case_type in self.types) and (
            not self.areas or area in self.areas
        )


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

    def started_by(self, fact: Fact, case_type: str, area: str) -> list[Limit]:
        """The clocks that this fact starts on such an order."""
        return [x for x in self.limits if x.starts is fact and x.fits(case_type, area)]


def read_pack(data: Mapping[str, Any]) -> Pack:
    """A pack from its YAML. Raises BadPolicy with the place of the first mistake."""
    try:
        limits = tuple(_limit(n, one) for n, one in enumerate(data["limits"], start=1))
        pack = Pack(
            id=str(data["id"]),
            version=str(data["version"]),
            valid_from=_date(data["valid_from"]),
            valid_to=_date(data["valid_to"]) if data.get("valid_to") else None,
            limits=limits,
            overlay_of=data.get("overlay_of"),
            handling=_section(data, "handling", read_handlings),
        )
    except BadPolicy:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise BadPolicy(f"{data.get('id', 'a pack')}: {error!r} is missing or malformed") from error
    if pack.valid_to is not None and pack.valid_to <= pack.valid_from:
        raise BadPolicy(f"{pack.id}: valid_to is not after valid_from")
    return pack


def handlings(packs: Sequence[Pack]) -> Handlings:
    """The handling rules among the packs in force. Raises BadPolicy when there are none."""
    for pack in packs:
        if pack.handling is not None:
            return pack.handling
    raise BadPolicy("no pack in force says how cases are handled")


def in_force(packs: Sequence[Pack], on: date) -> list[Pack]:
    """Of each pack the newest version valid on that day."""
    valid = [p for p in packs if p.valid_from <= on and (p.valid_to is None or on < p.valid_to)]
    newest: dict[str, Pack] = {}
    for pack in sorted(valid, key=lambda p: (p.valid_from, p.version)):
        newest[pack.id] = pack
    return list(newest.values())


def _limit(number: int, data: Mapping[str, Any]) -> Limit:
    try:
        when = data.get("when", {})
        target = timedelta(**{k: v for k, v in data["target"].items() if k != "calendar"})
        if target <= timedelta(0):
            raise BadPolicy(f"limit {number}: the target must be positive")
        if data["target"].get("calendar", "always") != "always":
            raise BadPolicy(f"limit {number}: only the calendar 'always' is known")
        return Limit(
            clock=data["clock"],
            types=_set(when.get("type")),
            areas=_set(when.get("area")),
            target=target,
            starts=Fact(data["starts"]),
            stops=frozenset(Fact(fact) for fact in data["stops"]),
            promised=bool(data.get("promised", False)),
            source=data["source"],
            certainty=data["certainty"],
        )
    except BadPolicy:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadPolicy(f"limit {number}: {error}") from error


def _section(
    data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], _Read]
) -> _Read | None:
    if name not in data:
        return None
    try:
        return read({key: value for key, value in data[name].items() if key != "source"})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadPolicy(f"{data.get('id')}: section {name}: {error!r}") from error


def _set(words: str | list[str] | None) -> frozenset[str]:
    return frozenset([words] if isinstance(words, str) else words or [])


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
