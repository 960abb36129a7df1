"""One message for each recipient and window: a section `digest` of a pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.workorders.domain.ladder import RECIPIENTS
from services.workorders.domain.written import BadPolicy, duration, only, place, whole


@dataclass(frozen=True, slots=True)
class Digest:
    """windows: by recipient, how long after a message what is raised is gathered for the next.

    items: the most that one message lists; what is beyond is only counted.
    """

    windows: Mapping[str, timedelta]
    items: int


def read_digest(data: Mapping[str, Any]) -> Digest:
    """Raises BadPolicy or KeyError, naming what is wrong."""
    only(data, ("windows", "items"))
    given = only(data["windows"], RECIPIENTS)
    if missing := RECIPIENTS - given.keys():
        raise BadPolicy(f"no window for {sorted(missing)}")
    windows = {}
    for recipient, length in given.items():
        with place(f"the window of {recipient}"):
            windows[recipient] = duration(length)
    items = whole(data["items"])
    if items > 50:
        raise BadPolicy(f"a message lists at most 50 items, not {items}")
    return Digest(windows, items)
