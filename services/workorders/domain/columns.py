"""The CSV files of teams, members and shifts: their columns, and how each field is read.

Lists are separated by semicolons; a skill may carry the last day of its licence:
`live_line:2027-06-30;height`. An empty field is the usual value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from services.workorders.domain.roster import AREAS, Member, Team, level_of

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,79}")
_REGION = re.compile(r"[0-9]{0,6}")
_INSTANT = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9:]{5})"
)
_MOST_IN_A_LIST = 100


def _like(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{what} was expected")
        return text

    return read


code = _like(_CODE, "a code of letters, digits, - and _")
word = _like(_WORD, "a word of small letters, digits and _")
person = _like(_PERSON, "a subject, without spaces")
region = _like(_REGION, "a region code, at most 6 digits")


def _listed(read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    def read_all(text: str) -> tuple[str, ...]:
        parts = [part.strip() for part in text.split(";")] if text else []
        if len(parts) > _MOST_IN_A_LIST:
            raise ValueError(f"at most {_MOST_IN_A_LIST} in a list")
        found = tuple(read(part) for part in parts)
        if len(set(found)) != len(found):
            raise ValueError("something is named twice")
        return found

    return read_all


def name(text: str) -> str:
    if not 0 < len(text) <= 200 or not text.isprintable():
        raise ValueError("a name was expected, at most 200 characters")
    return text


def area(text: str) -> str:
    if text not in AREAS:
        raise ValueError(f"one of {', '.join(AREAS)} was expected")
    return text


def skills(text: str) -> dict[str, date | None]:
    held = {}
    for part in _listed(str)(text):
        skill, colon, until = part.partition(":")
        held[word(skill)] = date.fromisoformat(until) if colon else None
    return held


def number(least: int, most: int, usual: int | None) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        if not text:
            return usual
        if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most} was expected")
        return int(text)

    return read


def yes(text: str) -> bool:
    if text not in ("", "yes", "no"):
        raise ValueError("yes or no was expected")
    return text != "no"


def instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise ValueError("a moment like 2026-11-20 08:00+08:00 was expected")
    return datetime.fromisoformat(text)


Columns = Mapping[str, Callable[[str], Any]]

TEAM: Columns = {
    "code": code,
    "name": name,
    "region": region,
    "serves": _listed(region),
    "level": number(1, 9, None),
    "role": lambda text: word(text or "repair"),
    "areas": _listed(area),
    "skills": skills,
    "capacity": number(0, 10_000, None),
    "weight": number(1, 100, 1),
    "standing": yes,
    "active": yes,
}
MEMBER: Columns = {
    "person": person,
    "team": code,
    "skills": skills,
    "languages": _listed(_like(re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?"), "a language like zh")),
    "active": yes,
}
SHIFT: Columns = {
    "team": code,
    "starts_at": instant,
    "ends_at": instant,
    "lead": person,
    "members": _listed(person),
    "capacity": number(0, 10_000, None),
}


def team_of(values: Mapping[str, Any]) -> Team:
    """With its home among what it serves, and the level of its home, unless told otherwise."""
    home = values["region"]
    serves, level = values["serves"] or (home,), values["level"] or level_of(home)
    return Team(**{**values, "serves": serves, "level": level})


def member_of(values: Mapping[str, Any]) -> Member:
    return Member(**values)
