"""A new version of a policy brought to the clocks that already run, or kept from them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.workorders.domain.counted import Mode
from shared.errors import Conflict

EditId = NewType("EditId", UUID)


class NotInForce(Conflict):
    """This version is not in force today: no order would begin with it either."""


class EditRunning(Conflict):
    """Another edit of this policy is not finished yet."""


class What(StrEnum):
    """What becomes of clocks that run by another version."""

    PIN = "pin"  # they keep it
    RETARGET = "retarget"


class Base(StrEnum):
    """How far back it reaches: all the time used is measured anew, or only what is left."""

    CREATION = "creation"
    CHANGE = "change"

    @property
    def mode(self) -> Mode:
        return Mode.FROM_CREATION if self is Base.CREATION else Mode.FROM_CHANGE


@dataclass(frozen=True, slots=True)
class Counts:
    """live: running by another version. Of these changed, and of those newly breached or recovered.

    impossible: a calendar says nothing about the time they would need; they keep their version.
    """

    live: int = 0
    changed: int = 0
    breached: int = 0
    recovered: int = 0
    impossible: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.live + other.live,
            self.changed + other.changed,
            self.breached + other.breached,
            self.recovered + other.recovered,
            self.impossible + other.impossible,
        )


@dataclass(frozen=True, slots=True)
class PolicyEdit:
    """Worked off in the order of the clocks' ids. `cursor`: the last that was looked at."""

    id: EditId
    policy: str
    version: str
    what: What
    base: Base
    reason: str
    region: str
    by: str
    role: str
    created_at: datetime
    cursor: UUID | None = None
    counts: Counts = Counts()
    finished_at: datetime | None = None

    def went_on(
        self, cursor: UUID | None, more: Counts, at: datetime, *, over: bool
    ) -> "PolicyEdit":
        return replace(
            self,
            cursor=cursor or self.cursor,
            counts=self.counts + more,
            finished_at=at if over else None,
        )
