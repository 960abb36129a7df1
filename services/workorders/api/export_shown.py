"""How an exported order is written: a line of JSON as the list shows it, or one of a sheet."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from services.workorders.api.shown import ClockOut, WorkOrderOut
from services.workorders.domain.clock import State
from services.workorders.domain.spread import Value, line

_PLAIN = (
    "id", "case_id", "case_number", "case_type", "subtype", "status", "level", "priority",
    "supervised", "danger", "confidential", "tags", "protected", "repeats", "team", "team_name",
    "person", "handler", "region", "area", "address", "transformer", "account_no", "description",
    "received_at", "opened_at", "claimed_at", "contacted_at", "departed_at", "arrived_at",
    "diagnosed_at", "etr_at", "repaired_at", "replied_at", "archived_at", "master_id", "outage_id",
    "callback_attempts", "unreached", "urges", "urges_answered", "article", "ended_because",
    "version",
)  # fmt: skip
_OF_PARTS = (
    "suspended_because", "suspended_until", "cause", "action", "responsibility", "clock", "due_at",
    "clock_state", "clocks_breached",
)  # fmt: skip
COLUMNS = _PLAIN + _OF_PARTS


class Form(Protocol):
    """How a file of orders begins, and how its lines are written."""

    def head(self) -> bytes: ...

    def lines(self, orders: Sequence[WorkOrderOut]) -> bytes: ...


class Ndjson:
    """One order a line, with all its clocks."""

    def head(self) -> bytes:
        return b""

    def lines(self, orders: Sequence[WorkOrderOut]) -> bytes:
        return b"".join(order.model_dump_json().encode() + b"\n" for order in orders)


class Csv:
    """`bom`: for spreadsheets that would not take the file for UTF-8 without one."""

    def __init__(self, zone: tzinfo, *, bom: bool) -> None:
        self._zone, self._bom = zone, bom

    def head(self) -> bytes:
        return line(COLUMNS, self._zone).encode("utf-8-sig" if self._bom else "utf-8")

    def lines(self, orders: Sequence[WorkOrderOut]) -> bytes:
        return "".join(line(_cells(order), self._zone) for order in orders).encode()


def _cells(order: WorkOrderOut) -> list[Value]:
    plain = (getattr(order, name) for name in _PLAIN)
    rest, reply = order.suspension, order.reply
    due: ClockOut | None = min(
        (clock for clock in order.clocks if clock.due_at and clock.stopped_at is None),
        key=lambda clock: (clock.due_at, clock.id),
        default=None,
    )
    return [
        *(one if isinstance(one, int | list) or hasattr(one, "tzinfo") else _text(one)
          for one in plain),
        rest.reason if rest else None,
        rest.until if rest else None,
        reply.cause if reply else None,
        reply.action if reply else None,
        _text(reply.responsibility) if reply else None,
        due.kind if due else None,
        due.due_at if due else None,
        _text(due.state) if due else None,
        sum(clock.state is State.BREACHED for clock in order.clocks),
    ]  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)
