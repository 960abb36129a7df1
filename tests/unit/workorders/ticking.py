"""A clock at nine, and what it runs by."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.workorders.domain import clockwork
from services.workorders.domain.clock import ClockId, Terms, Whose
from services.workorders.domain.ledger import Page
from services.workorders.domain.limit import Fact, Limit, Target
from services.workorders.domain.order import WorkOrderId
from shared.calendar import ALWAYS, Calendar

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WHOSE = Whose(ClockId(UUID(int=1)), WorkOrderId(UUID(int=2)), "arrival")


def limit(**changes: Any) -> Limit:
    """45 minutes from acceptance to arrival."""
    usual: dict[str, Any] = {
        "clock": "arrival",
        "types": frozenset(),
        "areas": frozenset(),
        "target": Target(time=timedelta(minutes=45)),
        "starts": Fact.ACCEPTED,
        "stops": frozenset({Fact.ARRIVED}),
        "promised": True,
        "source": "somebody",
        "certainty": "A",
    }
    return Limit(**usual | changes)


def terms(one: Limit, calendar: Calendar = ALWAYS, ladder: Any = None) -> Terms:
    ladder_from = ("house", "1") if ladder else None
    about = ("sgcc-2022", "2022.1", 1, one.promised, one.stops)
    return Terms(*about, calendar, one, ladder_from, ladder)


def started(by: Terms | None = None, at: datetime = NINE) -> Page:
    """A page on which nothing but the start is written."""
    by = by or terms(limit())
    assert by.limit is not None
    page = Page(WHOSE, "somebody", at)
    budget = clockwork.budget_of(by.limit.target, by.calendar, at)
    clockwork.start(page, by, budget, at, generation=1, team="LH-1")
    return page
