"""How urgent an order is, in points that can each be explained.

What waits gains points by the minute. That part is not stored: an order's place among the others
does not depend on when one looks, for all of them gain at the same rate. So `rank_at`, the moment
of the report moved back by what the points are worth in waiting, is the order to sort by: whoever
is earlier comes first, today and in an hour.
Source: handbook domain, section 9.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.workorders.domain.limit import CLASSES
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import Point
from services.workorders.domain.written import BadPolicy, only, place, whole, word

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Weights:
    """A section `priority`. No weight is below zero: nothing about a customer lowers a fault.

    classes: by what protects or marks the customer. tiers: by the account's own class.
    repeats: (from the how manieth on, points). urge, reopened: each. waiting: per minute.
    """

    danger: int
    classes: Mapping[str, int]
    tiers: Mapping[str, int]
    repeats: tuple[int, int]
    urge: int
    reopened: int
    waiting: int

    def score(self, order: WorkOrder) -> tuple[Point, ...]:
        """Every point but those for waiting."""
        asked = order.asked
        points = (
            [Point("danger", self.danger, "danger to people or things")] if asked.danger else []
        )
        ends = {one.code: one.until for one in order.protected}
        for code in order.classes:
            until = ends.get(code)
            why = f"customer class {code}" + (f", until {until.isoformat()}" if until else "")
            points.append(Point(code, self.classes.get(code, 0), why))
        tier = asked.customer_class or ""
        if tier in self.tiers:
            points.append(Point("tier", self.tiers[tier], f"account class {tier}"))
        least, worth = self.repeats
        if order.repeats >= least:
            points.append(Point("repeats", worth, f"closed {order.repeats} times before"))
        if order.urges:
            points.append(Point("urges", order.urges * self.urge, f"urged {order.urges} times"))
        if order.level > 1:
            again = order.level - 1
            points.append(Point("reopened", again * self.reopened, f"reopened {again} times"))
        return tuple(points)

    def waited(self, since: datetime, at: datetime) -> Point:
        """The points for waiting, at that moment."""
        minutes = max(0, (at - since) // _MINUTE)
        return Point("waiting", minutes * self.waiting, f"waiting for {minutes} minutes")

    def rank_at(self, points: int, since: datetime) -> datetime:
        """The earlier, the more urgent."""
        return since - points * _MINUTE / self.waiting


def read_weights(data: Mapping[str, Any]) -> Weights:
    """Raises BadPolicy with the place."""
    known = ("danger", "classes", "tiers", "repeats", "urge", "reopened", "waiting_per_minute")
    given = only(data, known)
    with place("classes"):
        only(given["classes"], CLASSES)
        classes = {code: whole(points, least=0) for code, points in given["classes"].items()}
    with place("tiers"):
        tiers = {word(code): whole(points, least=0) for code, points in given["tiers"].items()}
        if both := sorted(CLASSES & tiers.keys()):
            raise BadPolicy(f"{both[0]} belongs to the classes")
    repeats = only(given["repeats"], ("from", "points"))
    return Weights(
        danger=whole(given["danger"], least=0),
        classes=classes,
        tiers=tiers,
        repeats=(whole(repeats["from"]), whole(repeats["points"], least=0)),
        urge=whole(given["urge"], least=0),
        reopened=whole(given["reopened"], least=0),
        waiting=whole(given["waiting_per_minute"]),
    )
