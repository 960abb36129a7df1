"""What reckoning with working time costs: processor time of this process, no database."""

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import starmap

from services.workorders.main import read_calendars
from shared.calendar import Calendar, compiled, read_definition
from shared.holidays import published
from tests.load.figures import Figure, median_of

_ROUNDS, _STARTS = 9, 20_000
_BUDGETS = tuple(timedelta(minutes=minutes) for minutes in (45, 120, 480, 2400, 4800))


def office() -> Calendar:
    """Split shifts, holidays and make-up days of three years, as they come with the program."""
    return compiled("cn-office", 1, read_definition(dict(read_calendars())["cn-office"], published))


def starts(count: int) -> list[datetime]:
    """Instants all over 2026, in no order that would flatter a cache."""
    first, step = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=300) / count
    return [first + step * (n * 7919 % count) for n in range(count)]


def calendar_add_us(calendar: Calendar, rounds: int = _ROUNDS) -> list[float]:
    """Microseconds for one `add`; a sample a round."""
    instants = starts(_STARTS)
    asked = [(at, _BUDGETS[n % len(_BUDGETS)]) for n, at in enumerate(instants)]
    samples = []
    for _ in range(rounds):
        began = time.process_time()
        deque(starmap(calendar.add, asked), maxlen=0)
        samples.append((time.process_time() - began) / len(asked) * 1e6)
    return samples


def measure() -> list[Figure]:
    calendar = office()
    added = calendar_add_us(calendar)
    pairs = [(at, calendar.add(at, _BUDGETS[-1])) for at in starts(_STARTS)]
    began = time.process_time()
    deque(starmap(calendar.between, pairs), maxlen=0)
    between = (time.process_time() - began) / _STARTS * 1e6
    began = time.process_time()
    office()
    compiling = (time.process_time() - began) * 1000
    return [
        median_of("calendar_add_us", added, "us"),
        Figure("calendar_between_us", round(between, 2), "us"),
        Figure("calendar_compile_ms", round(compiling, 1), "ms"),
    ]
