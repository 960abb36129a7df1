"""Routing rules: ordered, dated, and read with the place of every mistake.

A version without an end lasts until the next begins. The last rule takes whatever no other took.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from shared.errors import Conflict, Invalid

_MOST_RULES, _MOST_STEPS, _LONGEST_WAIT = 100, 8, timedelta(days=30)
_ALWAYS = "true"


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
    zone: ZoneInfo
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
    version = "the rules"
    with _Place(version):
        _only(data, _RULES)
        version = str(data["version"])
        rules = Rules(
            version=_text(version),
            valid_from=_date(data["valid_from"]),
            valid_to=_date(data["valid_to"]) if data.get("valid_to") else None,
            zone=ZoneInfo(data["zone"]),
            standing=_bool(data["standing"]),
            retry=_minutes(data["retry_minutes"]),
            rules=_rules(data),
            source=_text(data["source"]),
        )
    if rules.valid_to is not None and rules.valid_to <= rules.valid_from:
        raise BadRules("valid_to is not after valid_from")
    if rules.rules[-1].when != _ALWAYS:
        raise BadRules("the last rule must take every order: when: 'true'")
    for place, text, of_a_step in rules.conditions():
        with _Place(place):
            check(text, of_a_step)
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


_RULES = {
    "version", "valid_from", "valid_to", "zone", "standing", "retry_minutes", "relax", "rules",
    "source",
}  # fmt: skip
_RULE = {"name", "when", "relax", "else"}
_STEP = {"to", "choose", "skills", "up", "wait_minutes", "skip_if"}


class _Place:
    """Whatever is wrong in here is a BadRules that says where."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BadRules):
            raise BadRules(f"{self._name}: {error.detail}") from error
        if isinstance(error, KeyError):
            raise BadRules(f"{self._name}: {error} is missing or unknown") from error
        if isinstance(error, TypeError | ValueError | AttributeError | OverflowError | OSError):
            raise BadRules(f"{self._name}: {error}") from error


def _rules(data: Mapping[str, Any]) -> tuple[Rule, ...]:
    usual = data.get("relax", [])
    found = []
    for n, one in enumerate(_list(data["rules"], _MOST_RULES), start=1):
        with _Place(f"rule {n}"):
            found.append(_rule(one, usual))
        if found[-1].name in {rule.name for rule in found[:-1]}:
            raise BadRules(f"rule {n}: there is a rule {found[-1].name} already")
    if not found:
        raise BadRules("there are no rules")
    return tuple(found)


def _rule(data: Mapping[str, Any], usual: Any) -> Rule:
    _only(data, _RULE | _STEP)
    first = {name: value for name, value in data.items() if name in _STEP}
    steps = []
    for n, one in enumerate([first, *_list(data.get("else", []), _MOST_STEPS)], start=1):
        with _Place(f"step {n}"):
            _only(one, _STEP)
            steps.append(_step(one))
    if steps[-1].wait is not None:
        raise BadRules("nothing follows the last step, so it can't be waited for")
    relax = tuple(Constraint(word) for word in _list(data.get("relax", usual), len(Constraint)))
    return Rule(_text(data["name"]), _text(data["when"]), tuple(steps), relax)


def _step(data: Mapping[str, Any]) -> Step:
    [(kind, names)] = data["to"].items()
    kind = Kind(kind)
    if kind is Kind.PERSON and names != "representative":
        raise BadRules("a person can only be the representative")
    names = [names] if isinstance(names, str) else _list(names, 50)
    if kind is not Kind.NEAREST and not names:
        raise BadRules(f"{kind} of none")
    if kind is Kind.TEAM and len(names) != 1:
        raise BadRules("team is one team")
    return Step(
        kind=kind,
        names=frozenset(map(_text, names)),
        choose=Choice(data.get("choose", Choice.LEAST_LOADED)),
        skills=tuple(map(_text, _list(data.get("skills", []), 10))),
        up=_count(data.get("up", 0)),
        wait=_minutes(data["wait_minutes"]) if data.get("wait_minutes") is not None else None,
        skip_if=_text(data["skip_if"]) if data.get("skip_if") is not None else None,
    )


def _only(data: Mapping[str, Any], known: set[str]) -> None:
    if not isinstance(data, Mapping):
        raise BadRules("this must be a mapping")
    if unknown := sorted(str(name) for name in data.keys() - known):
        raise BadRules(f"{unknown[0]} is unknown; there are {', '.join(sorted(known))}")


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise BadRules(f"a list of at most {most} was expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise BadRules(f"a text was expected, not {value!r}"[:200])
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRules(f"true or false was expected, not {value!r}"[:200])
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 9:
        raise BadRules(f"a number from 0 to 9 was expected, not {value!r}"[:200])
    return value


def _minutes(value: Any) -> timedelta:
    if type(value) is not int or not 0 < value <= _LONGEST_WAIT / timedelta(minutes=1):
        raise BadRules(f"minutes, at most 30 days of them, were expected, not {value!r}"[:200])
    return timedelta(minutes=value)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
