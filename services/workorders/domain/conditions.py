"""The words in which a routing rule may ask about an order: facts about the work, nobody's data."""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import cycle, islice
from typing import Any, Protocol
from zoneinfo import ZoneInfo

# Does this condition hold? Raises ConditionFailed when it can't be said.
Holds = Callable[[str], bool]

# What each word means. The values below are of the same kinds as those of real orders.
WORDS: dict[str, str] = {
    "type": "kind of the case",
    "area": "urban, rural or remote",
    "region": "region code of the site",
    "transformer": "its code, or an empty text",
    "danger": "somebody or something is in danger",
    "classes": "the customer's classes, a list",
    "priority": "points",
    "level": "1, then one more for each reopening",
    "hops": "how often it was returned in this round",
    "urges": "how often the customer has urged",
    "supervised": "somebody senior watches it",
    "account": "the customer's account is known",
    "represented": "the customer has a representative of its own",
    "waiting": "whole minutes since it was received",
    "hour": "0 to 23, on the utility's own clock",
    "weekday": "1, Monday, to 7",
    "received_at": "a timestamp",
    "candidates": "of `skip_if`: how many teams fit this step",
    "free": "of `skip_if`: how many more orders they have room for, at most 1,000,000",
}
# Known only once the teams of a step are.
OF_A_STEP = frozenset({"candidates", "free"})


class ConditionFailed(Exception):
    """The condition can't be evaluated for this order."""


class Described(Protocol):
    """What conditions ask of an order."""

    @property
    def case_type(self) -> str: ...
    @property
    def level(self) -> int: ...
    @property
    def hops(self) -> int: ...
    @property
    def urges(self) -> int: ...
    @property
    def supervised(self) -> bool: ...
    @property
    def priority(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def site(self) -> Any: ...
    @property
    def asked(self) -> Any: ...


def words_about(
    order: Described, at: datetime, zone: ZoneInfo, classes: tuple[str, ...], represented: bool
) -> dict[str, Any]:
    """The words with their values for `order` at that moment."""
    local = at.astimezone(zone)
    return {
        "type": order.case_type,
        "area": order.site.area,
        "region": order.site.region,
        "transformer": order.site.transformer or "",
        "danger": order.asked.danger,
        "classes": list(classes),
        "priority": order.priority,
        "level": order.level,
        "hops": order.hops,
        "urges": order.urges,
        "supervised": order.supervised,
        "account": order.asked.account_no is not None,
        "represented": represented,
        "waiting": int((at - order.received_at).total_seconds() // 60),
        "hour": local.hour,
        "weekday": local.isoweekday(),
        "received_at": order.received_at,
    }


_SAMPLED: Mapping[str, tuple[Any, ...]] = {
    "type": ("fault_report", "complaint", "consultation", "service_request", "report"),
    "area": ("urban", "rural", "remote"),
    "region": ("320505", "110101"),
    "transformer": ("", "T-1"),
    "danger": (False, True, True),
    "classes": ([], ["important_l1", "vip"], ["life_support"], ["sme", "watched"]),
    "priority": (0, 40, 200),
    "level": (1, 2, 3),
    "hops": (0, 1, 2),
    "urges": (0, 1, 3),
    "supervised": (False, False, True),
    "account": (True, False),
    "represented": (False, True, False),
    "waiting": (0, 7, 45, 600, 10_000),
    "hour": (0, 9, 15, 23),
    "weekday": (1, 5, 6, 7),
    "received_at": (datetime.fromisoformat("2026-11-20T09:00:00+08:00"),),
    "candidates": (0, 1, 7),
    "free": (0, 3, 1_000_000),
}


def samples(many: int = 60) -> list[dict[str, Any]]:
    """Orders of all sorts, always the same: a condition must make sense for every one of them."""
    columns = [islice(cycle(values), many) for values in _SAMPLED.values()]
    return [dict(zip(_SAMPLED, row, strict=True)) for row in zip(*columns, strict=True)]
