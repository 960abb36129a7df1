"""What a decision is made from, and what it says: candidates, the case, the team and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.workorders.domain.rules import Constraint


class Cause(StrEnum):
    """What asked for a decision."""

    OPENED = "opened"
    TRIAGED = "triaged"
    REOPENED = "reopened"
    UNMERGED = "unmerged"
    RETURNED = "returned"
    UNCLAIMED = "unclaimed"
    WAITING = "waiting"
    BY_HAND = "by_hand"
    OFF_SHIFT = "off_shift"
    ENDANGERED = "endangered"
    RELABELLED = "relabelled"

    @property
    def begins_a_round(self) -> bool:
        """Whoever had the order before may have it again."""
        return self in (Cause.OPENED, Cause.TRIAGED, Cause.REOPENED, Cause.UNMERGED)


MOST_ROOM = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A team as it is at this moment.

    serves: region prefixes; a team of 3205 serves 320505 too. areas: none means all.
    skills: of the team and of those on duty, each with the last day of a licence.
    load: its open orders, counted no further than to `counted_to`.
    rostered: one of its shifts is running. standing: it works without shifts too.
    """

    code: str
    name: str
    serves: tuple[str, ...]
    level: int = 1
    role: str = "repair"
    areas: frozenset[str] = frozenset()
    skills: Mapping[str, date | None] = field(default_factory=dict)
    capacity: int | None = None
    weight: int = 1
    standing: bool = True
    rostered: bool = False
    load: int = 0
    counted_to: int = 25
    idle_since: datetime | None = None

    def reach(self, region: str) -> str | None:
        """The longest prefix by which it serves there; None when it does not."""
        return max((p for p in self.serves if region.startswith(p)), key=len, default=None)

    @property
    def room(self) -> int:
        """For so many more orders, at most MOST_ROOM."""
        return MOST_ROOM if self.capacity is None else max(0, self.capacity - self.load)


def longest_licences(held: Sequence[Mapping[str, date | None]]) -> dict[str, date | None]:
    """Of each skill the licence that lasts longest; None lasts for ever."""
    longest: dict[str, date | None] = {}
    for skills in held:
        for skill, until in skills.items():
            before = longest.get(skill, until)
            longest[skill] = None if until is None or before is None else max(before, until)
    return longest


@dataclass(frozen=True, slots=True)
class Representative:
    """The customer's own, by subject."""

    person: str
    team: str
    on_duty: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be routed. today: at the utility, for licences.

    spread: decides among equals that are all counted to the end.

    tried: teams that had it in this round; the rules never send it back to them.
    returned: those of them that gave it back. waited: rule and step that nobody claimed it in.
    named: the right team, says who returned it. holder: has it, unclaimed; keeps it among equals.
    """

    region: str
    area: str
    level: int
    at: datetime
    today: date
    spread: str = ""
    tried: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    waited: tuple[str, int] | None = None
    named: str | None = None
    holder: str | None = None
    representative: Representative | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """A team that was looked at: why it was dropped, or its place among those that fit."""

    team: str
    load: int
    capacity: int | None
    dropped: tuple[str, ...] = ()
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """team: None when nobody was found; then `because` says what was wrong with each."""

    rules: str | None
    rule: str | None
    step: int | None
    team: str | None
    team_name: str | None
    because: tuple[str, ...]
    person: str | None = None
    until: datetime | None = None
    relaxed: tuple[Constraint, ...] = ()
    candidates: tuple[Considered, ...] = ()

    @property
    def routing(self) -> "Routing | None":
        if self.team is None:
            return None
        return Routing(self.team, self.team_name or "", self.because, self.person, self.until)


@dataclass(frozen=True, slots=True)
class Routing:
    """A decision as the order carries it. until: when somebody else gets it, if unclaimed."""

    team: str
    team_name: str
    because: tuple[str, ...]
    person: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Nobody was found. again_at: when it is tried again, if nothing changes before."""

    because: tuple[str, ...]
    again_at: datetime
