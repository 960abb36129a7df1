"""Somebody is told that a clock warns or has breached: one row per step and repetition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NewType
from uuid import UUID

from shared.errors import Conflict

EscalationId = NewType("EscalationId", UUID)


class NothingToAcknowledge(Conflict):
    """Nothing is raised here that nobody has acknowledged yet."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step of a ladder, taken.

    kind: the clock's. step, repetition: counted from 1. tell, by: whom and how, as the step says.
    due_at: when the clock was, or will be, due. held_until: the end of quiet hours, if it was
    raised in them. digest_id: the message that it left with.
    """

    id: EscalationId
    clock_id: UUID
    order_id: UUID
    kind: str
    because: Literal["warned", "breached"]
    step: int
    repetition: int
    tell: str
    by: str
    region: str
    team: str | None
    raised_at: datetime
    due_at: datetime
    held_until: datetime | None = None
    digest_id: UUID | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is on duty in a role for a region, and by what they are reached. due_at: to be told."""

    tell: str
    by: str
    region: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """What leaves in one message: everything counted, the first due listed."""

    total: int
    warned: int
    kinds: Mapping[str, int]
    teams: tuple[str, ...]
    items: tuple[Mapping[str, Any], ...]
