"""Every decision about where an order goes, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.routing import Cause, Considered, Decision
from services.workorders.domain.values import shallow
from services.workorders.tables import routing_decisions
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp

_shown = shallow(Considered)


@dataclass(frozen=True, slots=True)
class Decided:
    """A stored decision. `level`: that of the order then."""

    id: UUID
    at: datetime
    level: int
    cause: Cause
    by: str
    rules: str | None
    rule: str | None
    step: int | None
    team: str | None
    person: str | None
    relaxed: list[str]
    because: list[str]
    candidates: list[dict[str, Any]]


def add(tx: Tx, stamp: Stamp, order: WorkOrder, cause: Cause, decision: Decision) -> None:
    row = {
        "id": new_id(stamp.at),
        "order_id": order.id,
        "at": stamp.at,
        "version": order.version,
        "level": order.level,
        "cause": cause,
        "by": stamp.by,
        "rules": decision.rules,
        "rule": decision.rule,
        "step": decision.step,
        "team": decision.team,
        "person": decision.person,
        "relaxed": list(decision.relaxed),
        "because": list(decision.because),
        "candidates": [_shown(candidate) for candidate in decision.candidates],
    }
    tx.leave(routing_decisions, row)


async def of_order(tx: Tx, id: WorkOrderId) -> list[Decided]:
    """The oldest first."""
    query = sa.select(routing_decisions).where(routing_decisions.c.order_id == id)
    rows = await tx.execute(query.order_by(routing_decisions.c.at, routing_decisions.c.version))
    return [_decided(row) for row in rows]


def of_round(decided: Sequence[Decided]) -> list[Decided]:
    """Those since the round began."""
    begins = [n for n, one in enumerate(decided) if one.cause.begins_a_round]
    begin = max(begins, default=0)
    return list(decided[begin:])


def _decided(row: Any) -> Decided:
    names = Decided.__dataclass_fields__
    plain = {name: getattr(row, name) for name in names if name != "cause"}
    return Decided(**plain, cause=Cause(row.cause))
