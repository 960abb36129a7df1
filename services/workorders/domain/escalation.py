"""Somebody is told that a clock warns or has breached: one row per step and repetition."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType
from uuid import UUID

EscalationId = NewType("EscalationId", UUID)


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
