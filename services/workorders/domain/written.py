"""Reading what people wrote into a policy pack: nothing unknown, each mistake with its place."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

from shared.errors import Invalid

_UNITS = ("days", "hours", "minutes", "seconds")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = timedelta(days=3650)


class BadPolicy(Invalid):
    """A policy pack does not say what it must; the detail names the place."""


@contextmanager
def place(name: str) -> Iterator[None]:
    """Mistakes found inside are said to be at `name`. Raises BadPolicy."""
    try:
        yield
    except KeyError as error:
        raise BadPolicy(f"{name}: {error} is missing") from error
    except (BadPolicy, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadPolicy(f"{name}: {error}") from error


def only(data: object, known: Collection[str]) -> Mapping[str, Any]:
    """`data`, if it is a mapping with no other keys than these."""
    if not isinstance(data, Mapping):
        raise BadPolicy(f"not a mapping: {data!r}")
    for key in data:
        if key not in known:
            raise BadPolicy(f"unknown key {key!r}")
    return data


def text(value: object) -> str:
    """Words, at least one."""
    if not isinstance(value, str) or not value.strip():
        raise BadPolicy(f"not a text: {value!r}")
    return value


def word(value: object) -> str:
    """A name of ours: small letters, digits, underscores."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise BadPolicy(f"not a name: {value!r}")
    return value


def whole(value: object, least: int = 1) -> int:
    if type(value) is not int or value < least:
        raise BadPolicy(f"not a whole number from {least} on: {value!r}")
    return value


def yes_or_no(value: object) -> bool:
    if type(value) is not bool:
        raise BadPolicy(f"neither true nor false: {value!r}")
    return value


def words(value: object, known: Collection[str] | None = None) -> frozenset[str]:
    """One word or several, none of them unknown."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence) or not listed:
        raise BadPolicy(f"not a list of words: {value!r}")
    for one in listed:
        if not isinstance(one, str) or (known is not None and one not in known):
            raise BadPolicy(f"unknown word {one!r}")
    return frozenset(listed)


def duration(value: object) -> timedelta:
    """`{hours: 1, minutes: 30}`, more than nothing."""
    parts = only(value, _UNITS)
    for unit, amount in parts.items():
        if type(amount) not in (int, float) or not 0 <= amount <= _LONGEST.total_seconds():
            raise BadPolicy(f"{unit} must be a positive number, not {amount!r}")
    length = timedelta(**parts)
    if not timedelta(0) < length <= _LONGEST:
        raise BadPolicy("must be positive, and not above ten years")
    return length


def day(value: object) -> date:
    return value if type(value) is date else date.fromisoformat(text(value))


def hour(value: object) -> time:
    """`"22:00"`, of the utility's own clock."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{2}:\d{2}", value):
        raise BadPolicy(f'not an hour like "22:00": {value!r}')
    return time.fromisoformat(value)
