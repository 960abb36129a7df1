"""What other rules would have done: the same orders routed twice, and the difference."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from heapq import heappop, heappush

from services.workorders.domain.deciding import decide
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.roster import Member, Shift, Team
from services.workorders.domain.routing import (
    Candidate,
    Case,
    Decision,
    Representative,
    longest_licences,
)
from services.workorders.domain.rules import Rules

MOST_SAMPLES = 20
_COUNTED = 25
Hold = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class Moved:
    """An order that would go elsewhere; None: nowhere."""

    order: WorkOrder
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Difference:
    """routes: how many orders would go from which team to which (None: nowhere)."""

    orders: int
    routes: Mapping[tuple[str | None, str | None], int]
    samples: tuple[Moved, ...]
    unrouted_before: int
    unrouted_after: int

    @property
    def moved(self) -> int:
        return sum(self.routes.values())


class Stage:
    """Teams as they are, shifts as they were, and the load that these rules themselves have made.

    An order is a team's load from its opening until it was really answered.
    """

    def __init__(
        self, teams: Sequence[Team], members: Sequence[Member], shifts: Sequence[Shift]
    ) -> None:
        self._by_prefix: dict[str, list[Team]] = {}
        for team in teams:
            for prefix in team.serves if team.active else ():
                self._by_prefix.setdefault(prefix, []).append(team)
        self._named = {team.code: team for team in teams if team.active}
        self._members: dict[str, list[Member]] = {}
        for member in members:
            if member.active:
                self._members.setdefault(member.team, []).append(member)
        self._shifts: dict[str, list[Shift]] = {}
        for shift in shifts:
            self._shifts.setdefault(shift.team, []).append(shift)
        self._busy: dict[str, list[datetime]] = {}
        self._endless: Counter[str] = Counter()
        self._last: dict[str, datetime] = {}

    def candidates(self, region: str, at: datetime, also: set[str]) -> list[Candidate]:
        codes = {
            team.code
            for length in range(len(region) + 1)
            for team in self._by_prefix.get(region[:length], ())
        }
        codes |= also & self._named.keys()
        return [self._candidate(self._named[code], at) for code in sorted(codes)]

    def take(self, code: str, order: WorkOrder) -> None:
        self._last[code] = order.opened_at
        until = order.steps.replied_at or order.archived_at
        if until is None:
            self._endless[code] += 1
        else:
            heappush(self._busy.setdefault(code, []), until)

    def on_duty(self, person: str, at: datetime) -> Representative | None:
        """This representative then; None when that is nobody any more."""
        for team, members in self._members.items():
            if any(member.person == person for member in members):
                running = self._running(team, at)
                there = not running or any(person in shift.members for shift in running)
                return Representative(person, team, there)
        return None

    def _running(self, team: str, at: datetime) -> list[Shift]:
        return [
            shift for shift in self._shifts.get(team, ()) if shift.starts_at <= at < shift.until
        ]

    def _candidate(self, team: Team, at: datetime) -> Candidate:
        busy = self._busy.get(team.code, [])
        while busy and busy[0] <= at:
            heappop(busy)
        running = self._running(team.code, at)
        planned = [shift.capacity for shift in running if shift.capacity is not None]
        capacity = sum(planned) if planned else team.capacity
        there = {person for shift in running for person in shift.members}
        working = [m for m in self._members.get(team.code, ()) if not running or m.person in there]
        counted_to = max(_COUNTED, capacity or 0)
        return Candidate(
            code=team.code,
            name=team.name,
            serves=team.serves,
            level=team.level,
            role=team.role,
            areas=frozenset(team.areas),
            skills=longest_licences([team.skills, *(member.skills for member in working)]),
            capacity=capacity,
            weight=team.weight,
            standing=team.standing,
            rostered=bool(running),
            load=min(counted_to, len(busy) + self._endless[team.code]),
            counted_to=counted_to,
            idle_since=self._last.get(team.code),
        )


def rehearse(
    orders: Sequence[WorkOrder],
    rules: Rules,
    stage: Stage,
    represented: Mapping[str, str],
    about: Callable[[WorkOrder, bool], Hold],
    day_of: Callable[[datetime], date],
) -> Iterator[Decision]:
    """Each order, in the sequence in which they were opened, as if it were just opened.

    represented: by account number. about: the conditions of these rules, for an order.
    day_of: at the utility.
    """
    also = rules.named_teams()
    for order in orders:
        at = order.opened_at
        person = represented.get(order.asked.account_no or "")
        representative = stage.on_duty(person, at) if person else None
        rep_team = {representative.team} if representative else set()
        case = Case(
            region=order.site.region,
            area=order.site.area,
            level=1,
            at=at,
            today=day_of(at),
            spread=order.id.hex,
            representative=representative,
        )
        teams = stage.candidates(case.region, at, also | rep_team)
        decision = decide(case, rules, teams, about(order, representative is not None))
        if decision.team is not None:
            stage.take(decision.team, order)
        yield decision


def compared(
    orders: Sequence[WorkOrder], before: Sequence[Decision], after: Sequence[Decision]
) -> Difference:
    moved = [
        Moved(order, one, other)
        for order, one, other in zip(orders, before, after, strict=True)
        if (one.team, one.person) != (other.team, other.person)
    ]
    return Difference(
        orders=len(orders),
        routes=Counter((one.before.team, one.after.team) for one in moved),
        samples=tuple(moved[:MOST_SAMPLES]),
        unrouted_before=sum(one.team is None for one in before),
        unrouted_after=sum(one.team is None for one in after),
    )


def as_opened(order: WorkOrder) -> WorkOrder:
    """As it was before anything was done with it."""
    return replace(order, level=1, hops=0, urges=0, supervision=None)
