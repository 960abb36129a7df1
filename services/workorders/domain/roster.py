"""Teams, the people in them, and their shifts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.written import duration, only
from shared.errors import Conflict, Invalid

ShiftId = NewType("ShiftId", UUID)
AREAS = ("urban", "rural", "remote")


class BadShift(Invalid):
    """A shift runs forwards, not for too long, and is led by one of its members.

    column: what of it is wrong.
    """

    def __init__(self, detail: str, column: str) -> None:
        super().__init__(detail, column=column)
        self.column = column


class MemberElsewhere(Conflict):
    """Somebody would be on two shifts at once."""


class ShiftClosed(Conflict):
    """The shift was closed."""


class NotBegun(Conflict):
    """The shift has not begun."""


class Begun(Conflict):
    """The shift has begun; it is handed over and closed."""


@dataclass(frozen=True, slots=True)
class RosterRules:
    """at_risk: an order is, when one of its clocks is due within that time, or was already."""

    longest_shift: timedelta
    at_risk: timedelta


def read_roster_rules(data: Mapping[str, Any]) -> RosterRules:
    """The section `roster` of a policy pack. Raises BadPolicy."""
    only(data, ("longest_shift", "at_risk"))
    return RosterRules(duration(data["longest_shift"]), duration(data["at_risk"]))


def level_of(region: str) -> int:
    """1 in a district, 2 in a city, 3 in a province, 4 above: how high up the tree that is."""
    return 4 - len(region) // 2


@dataclass(frozen=True, slots=True)
class Team:
    """Who takes orders. region: its home. serves: prefixes of all regions that it works in.

    areas: none means all. skills: each with the last day of its licence, or None.
    capacity: orders at a time; None: as many as come. standing: it works without shifts, too.
    """

    code: str
    name: str
    region: str
    serves: tuple[str, ...]
    level: int
    role: str = "repair"
    areas: tuple[str, ...] = ()
    skills: Mapping[str, date | None] = field(default_factory=dict)
    capacity: int | None = None
    weight: int = 1
    standing: bool = True
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Member:
    """`person` is the subject of a token, never a name."""

    person: str
    team: str
    skills: Mapping[str, date | None] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Shift:
    id: ShiftId
    team: str
    starts_at: datetime
    ends_at: datetime
    lead: str
    members: tuple[str, ...]
    capacity: int | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    version: int = 1

    def state(self, at: datetime) -> str:
        """planned, running, overdue (over, but not closed) or closed."""
        if self.closed_at is not None:
            return "closed"
        if at < self.starts_at:
            return "planned"
        return "running" if at < self.ends_at else "overdue"

    def checked(self, longest: timedelta) -> "Shift":
        """Raises BadShift."""
        if self.ends_at <= self.starts_at:
            raise BadShift("it ends before it starts", "ends_at")
        if self.ends_at - self.starts_at > longest:
            raise BadShift(f"longer than {longest}", "ends_at")
        if self.lead not in self.members:
            raise BadShift("the lead is none of its members", "lead")
        if len(set(self.members)) != len(self.members):
            raise BadShift("a member is named twice", "members")
        return self

    def meets(self, other: "Shift") -> bool:
        """At the same time, if only for a moment. A shift closed early is over."""
        return self.starts_at < other.until and other.starts_at < self.until

    @property
    def until(self) -> datetime:
        return min(self.ends_at, self.closed_at or self.ends_at)

    def check_running(self, at: datetime) -> None:
        """Raises ShiftClosed, NotBegun."""
        if self.closed_at is not None:
            raise ShiftClosed(closed_at=self.closed_at.isoformat())
        if at < self.starts_at:
            raise NotBegun(starts_at=self.starts_at.isoformat())

    def cancel(self, by: str, at: datetime) -> "Shift":
        """It will not take place. Raises ShiftClosed, Begun."""
        if self.closed_at is not None:
            raise ShiftClosed(closed_at=self.closed_at.isoformat())
        if at >= self.starts_at:
            raise Begun(starts_at=self.starts_at.isoformat())
        return self.close(by, at)

    def close(self, by: str, at: datetime) -> "Shift":
        return replace(self, closed_at=at, closed_by=by, version=self.version + 1)


def meetings(planned: Sequence[Shift], known: Sequence[Shift]) -> Iterator[tuple[int, str, Shift]]:
    """Who of `planned` (by its place in the list) would be on another shift at the same time.

    A pair within `planned` is told of once, with the later in the list.
    """
    of_person: dict[str, list[Shift]] = {}
    for shift in known:
        for person in shift.members:
            of_person.setdefault(person, []).append(shift)
    for place, shift in enumerate(planned):
        for person in shift.members:
            others = of_person.setdefault(person, [])
            clash = next((other for other in others if shift.meets(other)), None)
            if clash is not None:
                yield place, person, clash
            others.append(shift)
