"""Where an order goes: chosen by itself, and said why."""

from collections.abc import Sequence

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.routing import Team, route
from services.workorders.events import orders as events
from services.workorders.use_cases.moved import say
from shared.db import Tx
from shared.stamp import Stamp


def dispatch(tx: Tx, stamp: Stamp, order: WorkOrder, teams: Sequence[Team]) -> WorkOrder:
    """Dispatched to the team that should have it; unchanged when nobody serves there."""
    routing = route(order.site.region, teams)
    if routing is None:
        return order
    order = order.dispatch(routing)
    say(tx, stamp, order, "dispatched", events.dispatched(order, stamp.at), team=routing.team)
    return order
