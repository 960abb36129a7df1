"""Who is told when a clock warns or breaches, how, how often: a section `ladders` of a pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from services.workorders.domain.written import (
    BadPolicy,
    duration,
    hour,
    only,
    place,
    whole,
    word,
    words,
)

_NOTHING = timedelta(0)
RECIPIENTS = frozenset({"supervisor", "dispatcher"})
CHANNELS = frozenset({"sms", "board"})


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told, `after` a clock warned or breached, and by what; until acknowledged.

    on: `when` in a pack, for `on` is a truth value in YAML. every, times: again after so long, so
    many times in all. quiet: hours of the utility's own clock in which it is held back; None for
    what can't wait.
    """

    on: Literal["warned", "breached"]
    after: timedelta
    tell: str
    by: str
    every: timedelta | None = None
    times: int = 1
    quiet: tuple[time, time] | None = None

    def held_until(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours end in which `at` lies; None when it may be said at once."""
        if self.quiet is None:
            return None
        begins, ends = self.quiet
        local = at.astimezone(zone)
        now = local.time()
        inside = begins <= now < ends if begins < ends else now >= begins or now < ends
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if now >= ends else 0)
        return datetime.combine(day, ends, zone).astimezone(at.tzinfo)


Numbered = tuple[tuple[int, Step], ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps in order. It ends when somebody acknowledges, and when its clock stops.

    warned, breached: the steps that count then, each with its number, from 1 on.
    """

    name: str
    steps: tuple[Step, ...]
    warned: Numbered = field(init=False, repr=False, compare=False)
    breached: Numbered = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for on in ("warned", "breached"):
            counts = tuple((n, step) for n, step in enumerate(self.steps, 1) if step.on == on)
            object.__setattr__(self, on, counts)


Ladders = Mapping[str, Ladder]


def read_ladders(data: Mapping[str, Any]) -> Ladders:
    """Raises BadPolicy with the place."""
    return {word(name): _ladder(name, steps) for name, steps in data.items()}


def _ladder(name: str, data: object) -> Ladder:
    with place(f"ladder {name}"):
        if not isinstance(data, list) or not data:
            raise BadPolicy("no list of steps")
    steps = []
    for number, one in enumerate(data, start=1):
        with place(f"ladder {name}: step {number}"):
            steps.append(_step(one))
    return Ladder(name, tuple(steps))


def _step(data: object) -> Step:
    given = only(data, ("when", "after", "tell", "by", "every", "times", "quiet"))
    if given["when"] not in ("warned", "breached"):
        raise BadPolicy(f"unknown word {given['when']!r}")
    every = duration(given["every"]) if "every" in given else None
    times = whole(given.get("times", 1))
    if (every is None) != (times == 1):
        raise BadPolicy("every and times go together: at least twice")
    [tell] = words(given["tell"], RECIPIENTS)
    [by] = words(given["by"], CHANNELS)
    return Step(
        on=given["when"],
        after=duration(given["after"]) if "after" in given else _NOTHING,
        tell=tell,
        by=by,
        every=every,
        times=times,
        quiet=_quiet(given["quiet"]) if "quiet" in given else None,
    )


def _quiet(data: object) -> tuple[time, time]:
    if not isinstance(data, list) or len(data) != 2:
        raise BadPolicy('quiet hours are like ["22:00", "07:00"]')
    begins, ends = hour(data[0]), hour(data[1])
    if begins == ends:
        raise BadPolicy("quiet hours that never end")
    return begins, ends
