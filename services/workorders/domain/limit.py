"""One limit of a policy pack: which clock, for which orders, how long, and who said so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from services.workorders.domain.written import (
    BadPolicy,
    duration,
    only,
    text,
    whole,
    word,
    words,
    yes_or_no,
)

ALWAYS = "always"  # the calendar of natural time
ORDINARY = "ordinary"  # the class of a customer without any other

# What an order may be about, where it may be, whose it may be.
CASE_TYPES = frozenset(
    {
        "fault_report", "complaint", "report", "opinion", "suggestion", "consultation",
        "info_query", "praise", "service_request",
    }
)  # fmt: skip
AREAS = frozenset({"urban", "rural", "remote"})
CLASSES = frozenset(
    {
        ORDINARY, "important_special", "important_l1", "important_l2", "important_temp",
        "high_danger", "watched", "life_support", "vulnerable", "vip", "sme", "arrears_risk",
        "opinion_risk", "repeat_caller", "nuisance",
    }
)  # fmt: skip

# How sure a number is. Source: handbook domain, section 1.
UNVERIFIED = "D"
CERTAINTIES = frozenset({"A", "B", "C", UNVERIFIED, "seed", "own"})


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


class Merged(StrEnum):
    """While its order follows another a clock runs on, rests, or does as that one's does."""

    RUNS = "runs"
    PAUSES = "pauses"
    MIRRORS = "mirrors"


class Reopening(StrEnum):
    """What becomes of a clock when its order is reopened."""

    RESTART = "restart"  # the same clock, from nothing
    CONTINUE = "continue"  # the same clock, with what it has used
    NEW = "new"  # another generation; the old one stays as it ended


@dataclass(frozen=True, slots=True)
class Target:
    """How long: `time` of the calendar, or so many working `days` of it. Exactly one of them."""

    time: timedelta | None = None
    days: int | None = None
    calendar: str = ALWAYS

    def __post_init__(self) -> None:
        if (self.time is None) == (self.days is None):
            raise BadPolicy("a target is either a time or working days")

    @property
    def natural(self) -> bool:
        """Minutes and hours as they go by, day and night."""
        return self.calendar == ALWAYS


@dataclass(frozen=True, slots=True)
class Warning:
    """Before it is too late: when this `share` of the target is used up, or so long `before`."""

    share: Decimal | None = None
    before: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.share is None) == (self.before is None):
            raise BadPolicy("a warning is either a share or a time before")


@dataclass(frozen=True, slots=True)
class Limit:
    """One clock: for which orders, between which facts, how long, by whose word.

    types, areas, classes: empty is every one. average: a commitment about the mean of all orders;
    each order is clocked against it. pauses: the reasons of a suspension during which it rests.
    ladder: who is told, by name; None: nobody.
    """

    clock: str
    types: frozenset[str]
    areas: frozenset[str]
    target: Target
    starts: Fact
    stops: frozenset[Fact]
    promised: bool
    source: str
    certainty: str
    classes: frozenset[str] = frozenset()
    average: bool = False
    pauses: frozenset[str] = frozenset()
    merged: Merged = Merged.RUNS
    reopening: Reopening = Reopening.NEW
    warnings: tuple[Warning, ...] = ()
    ladder: str | None = None

    @property
    def unverified(self) -> bool:
        """To be verified locally: its source could not be seen."""
        return self.certainty == UNVERIFIED

    def fits(
        self, case_type: str, area: str, classes: Collection[str] = frozenset({ORDINARY})
    ) -> bool:
        """`classes`: those of the customer; none is `ordinary`."""
        return (
            (not self.types or case_type in self.types)
            and (not self.areas or area in self.areas)
            and (not self.classes or not self.classes.isdisjoint(classes or {ORDINARY}))
        )

    def meets(self, other: "Limit") -> bool:
        """True when some order fits both: two clocks of one kind."""
        return self.clock == other.clock and all(
            not a or not b or not a.isdisjoint(b)
            for a, b in (
                (self.types, other.types),
                (self.areas, other.areas),
                (self.classes, other.classes),
            )
        )


_KEYS = (
    "clock", "when", "target", "starts", "stops", "promised", "average", "pauses", "merged",
    "reopening", "warnings", "ladder", "source", "certainty",
)  # fmt: skip


def read_limit(data: object) -> Limit:
    """Raises BadPolicy, KeyError, TypeError or ValueError, naming what is wrong."""
    given = only(data, _KEYS)
    when = only(given.get("when", {}), ("type", "area", "class"))
    target = _target(given["target"])
    limit = Limit(
        clock=word(given["clock"]),
        types=_some(when, "type", CASE_TYPES),
        areas=_some(when, "area", AREAS),
        classes=_some(when, "class", CLASSES),
        target=target,
        starts=Fact(given["starts"]),
        stops=frozenset(Fact(fact) for fact in _listed(given["stops"])),
        promised=yes_or_no(given.get("promised", False)),
        average=yes_or_no(given.get("average", False)),
        pauses=_some(given, "pauses", None),
        merged=Merged(given.get("merged", Merged.RUNS)),
        reopening=Reopening(given.get("reopening", Reopening.NEW)),
        warnings=tuple(_warning(one, target) for one in given.get("warnings", ())),
        ladder=word(given["ladder"]) if "ladder" in given else None,
        source=text(given["source"]),
        certainty=given["certainty"],
    )
    if limit.certainty not in CERTAINTIES:
        raise BadPolicy(f"certainty {limit.certainty!r} is none of {sorted(CERTAINTIES)}")
    if limit.starts in limit.stops:
        raise BadPolicy(f"{limit.starts} both starts and stops it")
    return limit


def _target(data: object) -> Target:
    given = only(data, ("calendar", "working_days", "days", "hours", "minutes", "seconds"))
    calendar = text(given.get("calendar", ALWAYS))
    length = {unit: amount for unit, amount in given.items() if unit != "calendar"}
    if "working_days" in length:
        if calendar == ALWAYS or len(length) > 1:
            raise BadPolicy("the target: working_days stand alone, with a calendar of working days")
        return Target(days=whole(length["working_days"]), calendar=calendar)
    if "days" in length and calendar != ALWAYS:
        raise BadPolicy(f"the target: {calendar} has working_days, or hours")
    try:
        return Target(time=duration(length), calendar=calendar)
    except BadPolicy as error:
        raise BadPolicy(f"the target: {error}") from error


def _warning(data: object, target: Target) -> Warning:
    given = only(data, ("share", "before"))
    if len(given) != 1:
        raise BadPolicy("a warning is either a share or a time before")
    if "before" in given:
        before = duration(given["before"])
        if target.natural and target.time is not None and before >= target.time:
            raise BadPolicy("a warning before the clock has started")
        return Warning(before=before)
    if type(given["share"]) is not float or not 0 < given["share"] < 1:
        raise BadPolicy(f"a share lies between 0 and 1, not {given['share']!r}")
    return Warning(share=Decimal(str(given["share"])))


def _some(data: Mapping[str, Any], name: str, known: Collection[str] | None) -> frozenset[str]:
    return words(data[name], known) if name in data else frozenset()


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BadPolicy(f"not a list: {value!r}")
    return value
