"""An order as a row of its table, and back."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TypeVar

from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import (
    Asked,
    CalledBack,
    Exemption,
    Handback,
    Point,
    Protection,
    Relabelling,
    Reply,
    Responsibility,
    Site,
    Steps,
    Supervision,
    Suspension,
    SuspensionRequest,
)
from services.workorders.domain.routing import Pending, Routing
from services.workorders.domain.values import shallow

# Columns that hold a field of the order as it is.
_PLAIN = (
    "id", "case_id", "case_number", "case_type", "received_at", "opened_at", "level", "hops",
    "handler", "etr_at", "master_id", "outage_id", "part_id", "leads_until", "callback_attempts",
    "unreached", "urges", "urges_answered", "repeats", "priority", "article", "ended_because",
    "archived_at", "version", "said",
)  # fmt: skip

# Columns that hold a part of the order, or nothing, as JSON.
_PARTS: dict[str, type[Any]] = {
    "suspension_request": SuspensionRequest,
    "suspension": Suspension,
    "called_back": CalledBack,
    "relabelling": Relabelling,
    "exemption": Exemption,
    "supervision": Supervision,
}
_INSTANTS = ("at", "since", "until")
_Part = TypeVar("_Part")
_site, _asked, _steps, _point = shallow(Site), shallow(Asked), shallow(Steps), shallow(Point)


_UNROUTED = Routing("", "", ())


def row_of(order: WorkOrder) -> dict[str, Any]:
    routing, suspension, asked = order.routing, order.suspension, order.asked
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        **{name: _json(getattr(order, name)) for name in _PARTS},
        **_site(order.site),
        **_asked(asked),
        **_steps(order.steps),
        "status": order.status,
        "tags": list(asked.tags),
        "protected": [_json(one) for one in order.protected],
        "handback": _json(order.handback),
        "team": order.team,
        "team_name": routing.team_name if routing else None,
        "person": order.person,
        "route_at": order.route_at,
        "routed_because": list((routing or order.pending or _UNROUTED).because),
        "handlers": list(order.handlers),
        "suspended_until": suspension.until if suspension else None,
        "rested": list(order.rested),
        "reply": _json(order.reply),
        "supervised": order.supervised,
        "priority_because": [_point(point) for point in order.priority_because],
        "rank_at": order.rank_at or order.received_at,
    }


def order_of(row: Any) -> WorkOrder:
    routing = pending = None
    because = tuple(row.routed_because)
    if row.team is not None:
        routing = Routing(row.team, row.team_name, because, row.person, row.route_at)
    elif row.route_at is not None:
        pending = Pending(because, row.route_at)
    return WorkOrder(
        **{name: getattr(row, name) for name in _PLAIN},
        **{name: _part(kind, getattr(row, name)) for name, kind in _PARTS.items()},
        status=Status(row.status),
        site=_from(Site, row),
        asked=_from(Asked, row, tags=tuple(row.tags)),
        steps=_from(Steps, row),
        routing=routing,
        pending=pending,
        handback=_handback(row.handback),
        handlers=tuple(row.handlers),
        rested=tuple(row.rested),
        reply=reply_of(row.reply),
        protected=tuple(_known(Protection, one) for one in row.protected),
        priority_because=tuple(Point(**one) for one in row.priority_because),
        rank_at=row.rank_at,
    )


def _from(kind: type[_Part], row: Any, **more: Any) -> _Part:
    """A part whose fields are columns of the same names."""
    names = [one.name for one in fields(kind) if one.name not in more]  # type: ignore[arg-type]
    return kind(**{name: getattr(row, name) for name in names}, **more)


def _json(part: Any) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(part).items()
    }


def _part(kind: type[Any], data: dict[str, Any] | None) -> Any:
    return None if data is None else _known(kind, data)


def _known(kind: type[_Part], data: dict[str, Any]) -> _Part:
    """A part from its JSON, in which instants are text."""
    instants = {name: datetime.fromisoformat(data[name]) for name in _INSTANTS if data.get(name)}
    return kind(**data | instants)


def _handback(data: dict[str, Any] | None) -> Handback | None:
    if data is None:
        return None
    return Handback(**data | {"teams": tuple(data.get("teams", ()))})


def reply_of(data: dict[str, Any] | None) -> Reply | None:
    if data is None:
        return None
    proven = {"responsibility": Responsibility(data["responsibility"])}
    return Reply(**data | proven | {"evidence": tuple(data["evidence"])})
