"""What the board shows, and how urgent a line of it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.workorders.domain.moves import OPEN, Status
from services.workorders.domain.written import duration, only, whole
from shared.errors import Invalid

# Not yet at its end. Whoever follows another order stands behind it, not on the board.
ON_BOARD = OPEN | {Status.REPLIED, Status.REVIEW, Status.CALLBACK_DUE, Status.CALLBACK_FAILED}


class NotOnTheBoard(Invalid):
    """Orders in that state do not stand on the board; lists have them."""


class Urgency(StrEnum):
    """By the order's running clock that is due first. `paused`: its clocks rest, none runs."""

    BREACHED = "breached"
    AT_RISK = "at_risk"
    IN_TIME = "in_time"
    PAUSED = "paused"
    NO_CLOCK = "no_clock"


@dataclass(frozen=True, slots=True)
class BoardRules:
    """at_risk_within: before its due instant. most_items: of one bulk job.

    undo_within: after the end of a bulk job that can be undone.
    """

    at_risk_within: timedelta
    most_items: int
    undo_within: timedelta


def read_board(data: Mapping[str, Any]) -> BoardRules:
    """Raises BadPolicy or KeyError."""
    only(data, ("at_risk_within", "most_items", "undo_within"))
    return BoardRules(
        duration(data["at_risk_within"]),
        whole(data["most_items"]),
        duration(data["undo_within"]),
    )


def urgency(due_at: datetime, at: datetime, within: timedelta) -> Urgency:
    """Of a running clock. The due instant itself is still in time."""
    if due_at < at:
        return Urgency.BREACHED
    return Urgency.AT_RISK if due_at < at + within else Urgency.IN_TIME


def minutes_left(due_at: datetime | None, at: datetime) -> int | None:
    """Whole minutes, never one too many: 90 s are 1, a second too late is -1."""
    return None if due_at is None else int((due_at - at).total_seconds() // 60)
