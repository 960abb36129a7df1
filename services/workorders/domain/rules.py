"""Routing rules: ordered, dated, and read with the place of every mistake.

A version without an end lasts until the next begins. The last rule takes whatever no other took.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from services.workorders.domain.written import (
    BadPolicy,
    day,
    duration,
    only,
    place,
    text,
    whole,
    yes_or_no,
)
from shared.errors import Conflict, Invalid

_MOST_RULES, _MOST_STEPS, _MOST_NAMES, _MOST_SKILLS, _LONGEST_NAME = 100, 8, 50, 10, 100
_ALWAYS, _REPRESENTATIVE = "true", "representative"


class BadRules(Invalid):
    """The routing rules do not say what they must; the detail names the place."""


class RulesOverlap(Conflict):
    """Another version of the routing rules is in force on those days."""


class RulesHole(Conflict):
    """No version of the routing rules would be in force after that day."""


class Constraint(StrEnum):
    """What a team must meet; rules may give some up, one after the other, when nobody does."""

    AREA = "area"
    LEVEL = "level"
    SKILLS = "skills"
    ROSTER = "roster"
    CAPACITY = "capacity"
    REGION = "region"


class Choice(StrEnum):
    LEAST_LOADED = "least_loaded"
    LONGEST_IDLE = "longest_idle"
    WEIGHTED = "weighted"


class Kind(StrEnum):
    """team: this one. nearest: the closest up the region tree, of these roles (none: of any).
    roles: any that serves there, near or far. person: the customer's representative.
    """

    TEAM = "team"
    NEAREST = "nearest"
    ROLES = "roles"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Step:
    """To whom, and how long until the next step is taken when nobody has claimed it by then.

    up: levels above that of the order. skip_if: a condition; the step is left out when it holds.
    """

    kind: Kind
    names: frozenset[str]
    choose: Choice
    skills: tuple[str, ...]
    up: int
    wait: timedelta | None
    skip_if: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    when: str
    steps: tuple[Step, ...]
    relax: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """A version. retry: how soon an order that nobody took is routed again, at the latest.

    standing: does a team without a shift of its own count as on shift, if it is a standing one?
    """

    version: str
    valid_from: date
    valid_to: date | None
    standing: bool
    retry: timedelta
    rules: tuple[Rule, ...]
    source: str

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        """Every condition: where it stands, its text, and whether it is about a step."""
        for n, rule in enumerate(self.rules, start=1):
            yield f"rule {n} ({rule.name}), when", rule.when, False
            for m, step in enumerate(rule.steps, start=1):
                if step.skip_if is not None:
                    yield f"rule {n} ({rule.name}), step {m}, skip_if", step.skip_if, True

    def named_teams(self) -> set[str]:
        steps = (step for rule in self.rules for step in rule.steps if step.kind is Kind.TEAM)
        return {name for step in steps for name in step.names}

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)


def read_rules(data: Mapping[str, Any], check: Callable[[str, bool], None]) -> Rules:
    """Rules from their YAML or JSON. Raises BadRules with the place of the first mistake.

    check: raises ValueError for a condition (the second word: it is one of a step) that is none.
    """
    try:
        with place("the rules"):
            rules = _rules(only(data, _RULES))
        for where, condition, of_a_step in rules.conditions():
            with place(where):
                check(condition, of_a_step)
    except BadPolicy as error:
        raise BadRules(str(error)) from error
    return rules


def fits_between(new: Rules, others: Sequence[Rules]) -> None:
    """Raises RulesOverlap or RulesHole when `new` can't stand beside the versions there are."""
    for other in others:
        if other.version == new.version:
            raise RulesOverlap(f"there is a version {new.version} already", version=new.version)
        first, second = sorted((new, other), key=lambda rules: rules.valid_from)
        ends = first.valid_to
        if first.valid_from == second.valid_from or (ends and ends > second.valid_from):
            raise RulesOverlap(version=other.version, valid_from=other.valid_from.isoformat())
    line = sorted([*others, new], key=lambda rules: rules.valid_from)
    for before, after in zip(line, [*line[1:], None], strict=True):
        ends = before.valid_to
        if ends is not None and (after is None or after.valid_from != ends):
            raise RulesHole(f"nothing follows {before.version}", on=ends.isoformat())


_RULES = (
    "version", "valid_from", "valid_to", "standing", "retry_minutes", "relax", "rules", "source",
)  # fmt: skip
_STEP = ("to", "choose", "skills", "up", "wait_minutes", "skip_if")
_RULE = ("name", "when", "relax", "else", *_STEP)


def _rules(data: Mapping[str, Any]) -> Rules:
    usual = data.get("relax", [])
    found: list[Rule] = []
    for n, one in enumerate(_list(data["rules"], _MOST_RULES), start=1):
        with place(f"rule {n}"):
            found.append(_rule(only(one, _RULE), usual))
            if found[-1].name in {rule.name for rule in found[:-1]}:
                raise BadPolicy(f"there is a rule {found[-1].name} already")
    if not found or found[-1].when != _ALWAYS:
        raise BadPolicy("the last rule must take every order: when: 'true'")
    rules = Rules(
        version=_line(data["version"]),
        valid_from=day(data["valid_from"]),
        valid_to=day(data["valid_to"]) if data.get("valid_to") else None,
        standing=yes_or_no(data["standing"]),
        retry=_minutes(data["retry_minutes"]),
        rules=tuple(found),
        source=text(data["source"]),
    )
    if rules.valid_to is not None and rules.valid_to <= rules.valid_from:
        raise BadPolicy("valid_to is not after valid_from")
    return rules


def _rule(data: Mapping[str, Any], usual: object) -> Rule:
    first = {name: value for name, value in data.items() if name in _STEP}
    steps = []
    for n, one in enumerate([first, *_list(data.get("else", []), _MOST_STEPS)], start=1):
        with place(f"step {n}"):
            steps.append(_step(only(one, _STEP)))
    if steps[-1].wait is not None:
        raise BadPolicy("nothing follows the last step, so it can't be waited for")
    relax = tuple(Constraint(one) for one in _list(data.get("relax", usual), len(Constraint)))
    return Rule(_line(data["name"]), text(data["when"]), tuple(steps), relax)


def _step(data: Mapping[str, Any]) -> Step:
    kind, names = _to(data["to"])
    wait, skip_if = data.get("wait_minutes"), data.get("skip_if")
    return Step(
        kind=kind,
        names=names,
        choose=Choice(data.get("choose", Choice.LEAST_LOADED)),
        skills=tuple(map(_line, _list(data.get("skills", []), _MOST_SKILLS))),
        up=whole(data.get("up", 0), least=0),
        wait=_minutes(wait) if wait is not None else None,
        skip_if=text(skip_if) if skip_if is not None else None,
    )


def _to(data: object) -> tuple[Kind, frozenset[str]]:
    if len(only(data, list(Kind))) != 1:
        raise BadPolicy(f"to: one of {', '.join(Kind)}")
    [(kind, value)] = only(data, list(Kind)).items()
    names = frozenset(map(_line, [value] if isinstance(value, str) else _list(value, _MOST_NAMES)))
    if kind == Kind.PERSON and names != {_REPRESENTATIVE}:
        raise BadPolicy(f"to: a person can only be the {_REPRESENTATIVE}")
    if kind == Kind.TEAM and len(names) != 1:
        raise BadPolicy("to: a team is one team")
    if kind == Kind.ROLES and not names:
        raise BadPolicy("to: which roles?")
    return Kind(kind), names


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise BadPolicy(f"a list of at most {most} was expected")
    return value


def _line(value: object) -> str:
    if len(text(value)) > _LONGEST_NAME:
        raise BadPolicy(f"longer than {_LONGEST_NAME} characters: {str(value)[:20]!r}..")
    return text(value)


def _minutes(value: object) -> timedelta:
    return duration({"minutes": whole(value)})
