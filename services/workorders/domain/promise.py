"""A time that a customer was told, and whether we kept it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.workorders.domain.written import duration, only


class State(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"  # replaced by another before it was due, or nothing to promise any more


@dataclass(frozen=True, slots=True)
class Promise:
    """kind: `etr`; what our limits promise is a clock."""

    id: UUID
    order_id: UUID
    outage_id: UUID | None
    region: str
    kind: str
    promised_at: datetime
    due_at: datetime
    state: State
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of the expectations came true to within so much; early is forgiven, late is not."""

    within: int
    early: int
    late: int

    @property
    def of(self) -> int:
        return self.within + self.early + self.late

    @property
    def share(self) -> float | None:
        return round(self.within / self.of, 4) if self.of else None


def accuracy(expected: Sequence[tuple[datetime, datetime]], within: timedelta) -> Accuracy:
    """Of pairs (expected, restored). The boundary itself is within."""
    errors = [restored - etr for etr, restored in expected]
    late = sum(error > within for error in errors)
    early = sum(error < -within for error in errors)
    return Accuracy(len(errors) - late - early, early, late)


def read_accuracy(data: Mapping[str, Any]) -> timedelta:
    """How near an ETR must be to count as right. Raises BadPolicy with the place."""
    return duration(only(data, ("within",))["within"])
