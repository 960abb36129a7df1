"""When an order is watched by somebody senior without being told to: a section `supervision`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.workorders.domain.limit import CLASSES
from services.workorders.domain.written import BadPolicy, only, place, text, whole, words


@dataclass(frozen=True, slots=True)
class Watching:
    """owners: who answers at each level, from the first up. repeats: from the how manieth on.

    levels: by what happened: `repeats`, `urges`, `breach`, `danger`, or a class of the customer.
    """

    owners: tuple[str, ...]
    repeats: int
    levels: Mapping[str, int]

    def owner(self, level: int) -> str:
        return self.owners[level - 1]

    def level(self, code: str) -> int | None:
        """At which level this is watched; None: it is not."""
        return self.levels.get(code)

    def above(self, level: int) -> int:
        """One level up, or the same at the top."""
        return min(level + 1, len(self.owners))


EVENTS = frozenset({"repeats", "urges", "breach", "danger"})


def read_watching(data: Mapping[str, Any]) -> Watching:
    """Raises BadPolicy with the place."""
    given = only(data, ("owners", "repeats", "levels"))
    if not isinstance(given["owners"], list) or not given["owners"]:
        raise BadPolicy("owners are no list")
    owners = tuple(text(one) for one in given["owners"])
    levels = {}
    for code, level in given["levels"].items():
        with place(f"level of {code}"):
            words(code, EVENTS | CLASSES)
            if whole(level) > len(owners):
                raise BadPolicy(f"there are {len(owners)} levels")
            levels[code] = level
    return Watching(owners, whole(given["repeats"]), levels)
