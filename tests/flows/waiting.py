"""Ask again until it is so."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(ask: Callable[[], Found | None], seconds: float = 10.0) -> Found:
    """What `ask` finds, as soon as that is truthy. Fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s; the last answer was {found!r}")
        time.sleep(0.05)
