"""A clock was wrong: one person says how it was, another one looks and agrees."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.workorders.domain.clock import Clock, ClockId, State
from services.workorders.domain.counted import Correction, Wrong
from shared.errors import Conflict, Forbidden, Invalid

CorrectionId = NewType("CorrectionId", UUID)


class NotCorrectable(Conflict):
    """That clock has no verdict to correct: it was cancelled."""


class CorrectionPending(Conflict):
    """Another correction of that clock waits for its second person."""


class NothingProposed(Conflict):
    """No correction of that clock waits for a second person."""


class SecondPersonNeeded(Forbidden):
    """Who proposed a correction can't confirm it."""


class ImpossibleCorrection(Invalid):
    """It can't have been so."""


class Standing(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Proposal:
    id: CorrectionId
    clock_id: ClockId
    correction: Correction
    reason: str
    proposed_by: str
    proposed_at: datetime
    standing: Standing = Standing.PROPOSED
    decided_by: str | None = None
    decided_at: datetime | None = None
    decided_because: str | None = None

    def confirm(self, by: str, at: datetime) -> "Proposal":
        """Raises SecondPersonNeeded."""
        if by == self.proposed_by:
            raise SecondPersonNeeded
        return self._decided(Standing.CONFIRMED, by, at)

    def reject(self, by: str, at: datetime, because: str) -> "Proposal":
        """By anybody who may confirm; who proposed it takes it back."""
        return replace(self._decided(Standing.REJECTED, by, at), decided_because=because)

    def _decided(self, standing: Standing, by: str, at: datetime) -> "Proposal":
        return replace(self, standing=standing, decided_by=by, decided_at=at)


def check(clock: Clock, told: Correction, at: datetime) -> None:
    """Raises NotCorrectable, or ImpossibleCorrection with what is wrong about it."""
    if clock.state is State.CANCELLED:
        raise NotCorrectable(clock_id=str(clock.id))
    stretch = told.wrong in (Wrong.COUNTED, Wrong.NOT_COUNTED)
    if stretch != (told.until is not None):
        raise ImpossibleCorrection("a stretch has an end, an instant has none", at="until")
    end = told.until or told.since
    if end > at:
        raise ImpossibleCorrection("nothing is corrected in advance", now=at.isoformat())
    if told.until is not None and told.until <= told.since:
        raise ImpossibleCorrection("it ends before it begins", at="until")
    if told.wrong is not Wrong.STARTED_AT and told.since < clock.started_at:
        started = clock.started_at.isoformat()
        raise ImpossibleCorrection("that is before the clock started", started_at=started)
    over = clock.stopped_at
    if over is not None and told.wrong is not Wrong.STOPPED_AT and end > over:
        raise ImpossibleCorrection("that is after it stopped", stopped_at=over.isoformat())
