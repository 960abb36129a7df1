"""Why an order stands as it does: every point of its priority, every move that was made."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import JsonValue

from services.workorders.api.shown import READERS, Seen
from services.workorders.domain.parts import Point
from services.workorders.domain.policy import rules
from services.workorders.domain.priority import Weights
from services.workorders.domain.protected import HIDDEN, hides
from services.workorders.store import orders, references
from shared import audit
from shared.auth import Called, may
from shared.http import Shown, Stamped, Transaction
from shared.page import Cursor, Limit, Page, cursor_of

router = APIRouter(prefix="/v1", tags=["work orders"])


class PointOut(Shown):
    code: str
    points: int
    why: str


class PriorityOut(Shown):
    """`score` is the sum of the points, as of `at`.

    Orders are sorted by `rank_at`, the earlier the more urgent: what all gain by waiting does not
    change who comes first.
    """

    at: datetime
    score: int
    points: list[PointOut]
    rank_at: datetime


class MoveOut(Shown):
    """What was done, by whom in which role, why, and where the order stood then."""

    at: datetime
    move: str
    by: str
    role: str
    reason: str | None
    status: str | None
    version: int | None
    facts: dict[str, JsonValue]


@router.get("/work-orders/{id}/priority", dependencies=[may(*READERS)])
async def priority(tx: Transaction, stamp: Stamped, aim: Seen) -> PriorityOut:
    """How urgent the order is now, each point with its reason."""
    order = await orders.get(tx, aim)
    weights = rules(await references.packs_in_force(tx, stamp.at), Weights)
    points = [*order.priority_because, weights.waited(order.received_at, stamp.at)]
    return PriorityOut(
        at=stamp.at,
        score=sum(point.points for point in points),
        points=_seen(points, stamp.role),
        rank_at=order.rank_at or order.received_at,
    )


@router.get("/work-orders/{id}/history", dependencies=[may(*READERS)])
async def history(
    tx: Transaction, caller: Called, aim: Seen, cursor: Cursor = None, limit: Limit = 50
) -> Page[MoveOut]:
    """Every move of the order, oldest first; nothing here is ever changed."""
    order = await orders.get(tx, aim)
    found = await audit.page(tx, order.id, "order.", cursor, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[_move(row) for row in found[:limit]], next=cursor_of(last.id) if last else None
    )


def _seen(points: Sequence[Point], role: str) -> list[PointOut]:
    """Classes that are about health are named to those who act on them."""
    hidden = (HIDDEN, "a class that protects the customer")
    return [
        PointOut(code=code, points=point.points, why=why)
        for point in points
        for code, why in [hidden if hides(point.code, role) else (point.code, point.why)]
    ]


def _move(row: audit.Row) -> MoveOut:
    facts = dict(row.facts)
    return MoveOut(
        at=row.at,
        move=row.action.removeprefix("order."),
        by=row.by,
        role=row.role,
        reason=facts.pop("reason", None),
        status=facts.pop("status", None),
        version=facts.pop("version", None),
        facts=facts,
    )
