"""Which team gets an order, and why: rules, candidates and the moment in, a decision out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zlib import crc32

from services.workorders.domain.conditions import ConditionFailed
from services.workorders.domain.routing import (
    MOST_ROOM,
    Candidate,
    Case,
    Considered,
    Decision,
    Routing,
)
from services.workorders.domain.rules import Choice, Constraint, Kind, Rule, Rules, Step

MOST_CANDIDATES = 20  # that a decision tells of
NOBODY_SERVES = "no team serves this region"


def decide(
    case: Case, rules: Rules, teams: Sequence[Candidate], hold: Callable[..., bool]
) -> Decision:
    """The first step of the first rule that fits finds a team; if none does, constraints are
    given up one after the other, in the rule's own order, and the steps are tried again.
    """
    rule, doubts = _rule_for(rules, hold)
    if (named := _named(case, rules, rule, teams)) is not None:
        return named
    begin = case.waited[1] + 1 if case.waited and case.waited[0] == rule.name else 0
    steps = list(enumerate(rule.steps))[begin:]
    for given_up in range(len(rule.relax) + 1):
        for number, step in steps:
            looked = [_look(case, rules, step, team) for team in _pool(case, step, teams)]
            fitting = [x for x in looked if x.fits(rule.relax[:given_up])]
            if not fitting or _skipped(step, fitting, hold):
                continue
            ranked = sorted(fitting, key=lambda x: x.rank(case, step))
            return _found(case, rules, rule, number, ranked, looked, doubts)
    return _nobody(case, rules, rule, teams, steps, doubts)


def by_hand(team: Candidate, why: str) -> Decision:
    """Somebody decided, and need not be followed by the rules."""
    code, name = team.code, team.name
    return Decision(None, None, None, code, name, (why,), candidates=(_considered(team),))


def kept(routing: Routing) -> Decision:
    """The team has it already."""
    return Decision(None, None, None, routing.team, routing.team_name, routing.because)


def unruled() -> Decision:
    return Decision(None, None, None, None, None, ("no routing rules are in force",))


@dataclass(frozen=True, slots=True)
class _Look:
    """A team under one step, with what it does not meet. A reason without a constraint is final."""

    team: Candidate
    reach: str | None
    wrong: Mapping[Constraint | None, str]

    def fits(self, given_up: Sequence[Constraint]) -> bool:
        return all(constraint in given_up for constraint in self.wrong)

    def rank(self, case: Case, step: Step) -> tuple[Any, ...]:
        team = self.team
        near = -len(self.reach or "") if step.kind is Kind.NEAREST else 0
        full = team.load >= team.counted_to
        spread = crc32(f"{case.spread}{team.code}".encode()) if full else 0
        other = team.code != case.holder
        return len(self.wrong), near, other, _preference(team, step.choose), spread, team.code


def _preference(team: Candidate, choose: Choice) -> float:
    if choose is Choice.LONGEST_IDLE:
        return team.idle_since.timestamp() if team.idle_since else 0.0
    if choose is Choice.WEIGHTED:
        return team.load / team.weight
    return min(team.load, team.counted_to)


def _rule_for(rules: Rules, hold: Callable[..., bool]) -> tuple[Rule, list[str]]:
    """The first that fits; what can't be judged is passed over, and said."""
    doubts: list[str] = []
    for rule in rules.rules[:-1]:
        try:
            if hold(rule.when):
                return rule, doubts
        except ConditionFailed as error:
            doubts.append(f"rule {rule.name} could not be judged ({error})")
    return rules.rules[-1], doubts


def _named(case: Case, rules: Rules, rule: Rule, teams: Sequence[Candidate]) -> Decision | None:
    """The team that a hand-back named, if it serves there and did not have the order before."""
    for team in teams:
        may = team.code not in case.returned and team.reach(case.region) is not None
        if team.code == case.named and may:
            wait = rule.steps[0].wait
            return Decision(
                rules.version, rule.name, None, team.code, team.name,
                ("named by the team that returned it",),
                until=case.at + wait if wait else None,
                candidates=(_considered(team, rank=1),),
            )  # fmt: skip
    return None


def _pool(case: Case, step: Step, teams: Sequence[Candidate]) -> Iterator[Candidate]:
    """Whom the step speaks of."""
    representative = case.representative
    for team in teams:
        if step.kind is Kind.PERSON:
            mine = representative is not None and team.code == representative.team
        elif step.kind is Kind.TEAM:
            mine = team.code in step.names
        else:
            mine = not step.names or team.role in step.names
        if mine:
            yield team


def _look(case: Case, rules: Rules, step: Step, team: Candidate) -> _Look:
    """What the team does not meet."""
    wrong: dict[Constraint | None, str] = {}
    reach = team.reach(case.region)
    if team.code in case.tried:
        wrong[None] = "had it before in this round"
    if reach is None:
        wrong[Constraint.REGION] = f"does not serve {case.region}"
    if team.areas and case.area not in team.areas:
        wrong[Constraint.AREA] = f"not for {case.area} areas"
    if team.level < case.level + step.up:
        wrong[Constraint.LEVEL] = f"of level {team.level}, not {case.level + step.up} or higher"
    if lacking := _lacking(step.skills, team.skills, case.today):
        wrong[Constraint.SKILLS] = lacking
    on_shift = team.rostered or (team.standing and rules.standing)
    if step.kind is Kind.PERSON and case.representative is not None:
        on_shift = case.representative.on_duty and on_shift
    if not on_shift:
        wrong[Constraint.ROSTER] = "not on shift"
    if team.room == 0:
        wrong[Constraint.CAPACITY] = f"full: {team.load} of {team.capacity} orders"
    return _Look(team, reach, wrong)


def _lacking(wanted: Sequence[str], held: Mapping[str, date | None], today: date) -> str:
    for skill in wanted:
        if skill not in held:
            return f"without {skill}"
        until = held[skill]
        if until is not None and until < today:
            return f"licence for {skill} ran out on {until}"
    return ""


def _skipped(step: Step, fitting: Sequence[_Look], hold: Callable[..., bool]) -> bool:
    if step.skip_if is None:
        return False
    free = min(MOST_ROOM, sum(look.team.room for look in fitting))
    try:
        return hold(step.skip_if, candidates=len(fitting), free=free)
    except ConditionFailed:
        return False


def _found(
    case: Case,
    rules: Rules,
    rule: Rule,
    number: int,
    ranked: Sequence[_Look],
    looked: Sequence[_Look],
    doubts: Sequence[str],
) -> Decision:
    best, step = ranked[0], rule.steps[number]
    relaxed = tuple(c for c in rule.relax if c in best.wrong)
    person = case.representative.person if case.representative else None
    because = [
        _where(case, step, best),
        *_why_this_one(case, step, ranked),
        *(f"{c} given up, for nobody else fits: {best.wrong[c]}" for c in relaxed),
        f"rule {rule.name}" + (f", step {number + 1}" if number else ""),
        *doubts,
    ]
    others = [look for look in looked if look not in ranked]
    return Decision(
        rules.version,
        rule.name,
        number,
        best.team.code,
        best.team.name,
        tuple(because),
        person=person if step.kind is Kind.PERSON else None,
        until=case.at + step.wait if step.wait else None,
        relaxed=relaxed,
        candidates=_told(
            [_considered(x.team, x.wrong.values(), n) for n, x in enumerate(ranked, start=1)],
            [_considered(x.team, x.wrong.values()) for x in others],
        ),
    )


def _where(case: Case, step: Step, best: _Look) -> str:
    if step.kind is Kind.PERSON:
        return "the customer's own representative"
    if best.reach is None:
        return f"named by the rules, outside of what it serves, for {case.region}"
    where = f"serves region {best.reach or 'everywhere'}"
    if step.kind is Kind.NEAREST:
        return f"{where}, the nearest to {case.region}"
    return f"{where}, asked for {case.region}"


def _why_this_one(case: Case, step: Step, ranked: Sequence[_Look]) -> list[str]:
    best = ranked[0]
    equals = [
        look
        for look in ranked
        if step.kind is not Kind.NEAREST or len(look.reach or "") == len(best.reach or "")
    ]
    if len(equals) == 1:
        return []
    if best.team.code == case.holder:
        return [f"has it already, and is one of {len(equals)}"]
    if step.choose is Choice.LONGEST_IDLE:
        return [f"longest without a new order, of {len(equals)}"]
    if step.choose is Choice.WEIGHTED:
        return [f"least loaded for its weight of {len(equals)}: {best.team.load} open orders"]
    return [f"least loaded of {len(equals)}: {best.team.load} open orders"]


def _nobody(
    case: Case,
    rules: Rules,
    rule: Rule,
    teams: Sequence[Candidate],
    steps: Sequence[tuple[int, Step]],
    doubts: Sequence[str],
) -> Decision:
    """With every team of the steps that are left, and what was wrong with it."""
    serving = [team for team in teams if team.reach(case.region) is not None]
    because: tuple[str, ...] = (NOBODY_SERVES,)
    wrong: dict[str, _Look] = {}
    for _, step in steps:
        for team in _pool(case, step, teams):
            wrong.setdefault(team.code, _look(case, rules, step, team))
    if serving:
        said = [f"{x.team.code}: {', '.join(x.wrong.values())}" for x in wrong.values()]
        because = (f"nobody fits rule {rule.name}", *said[:MOST_CANDIDATES], *doubts)
    dropped = [_considered(x.team, x.wrong.values()) for x in wrong.values()]
    return Decision(
        rules.version, rule.name, None, None, None, because, candidates=_told(dropped, [])
    )


def _considered(team: Candidate, wrong: Iterable[str] = (), rank: int | None = None) -> Considered:
    return Considered(team.code, team.load, team.capacity, tuple(wrong), rank)


def _told(ranked: list[Considered], dropped: list[Considered]) -> tuple[Considered, ...]:
    return tuple([*ranked, *dropped][:MOST_CANDIDATES])
