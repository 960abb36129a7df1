"""One action on many orders: a job, its items, and how each of them ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from shared.errors import Conflict, Invalid

JobId = NewType("JobId", UUID)


class TooManyOrders(Invalid):
    """One job takes fewer orders; narrow the filter or make several jobs."""


class NoOrders(Invalid):
    """No order fits."""


class NamedTwice(Invalid):
    """Each order stands once in a job."""


class StillRunning(Conflict):
    """The job is not over yet: cancel it first, or wait."""


class JobIsOver(Conflict):
    """The job is over; nothing of it is left to cancel."""


class HasNoOpposite(Conflict):
    """What this job did has no exact opposite."""


class TooLateToUndo(Conflict):
    """The job ended too long ago to be undone as a whole; undo what is wrong one by one."""


class NothingDone(Conflict):
    """The job did nothing that could be undone."""


class UndoneBefore(Conflict):
    """Another job undoes this one already."""


class ChangedSince(Conflict):
    """Somebody has changed this since; what they decided stands."""


class Action(StrEnum):
    """By the noun of the route that does it to one order."""

    TRIAGE = "triage"
    DISPATCH = "dispatch"
    REASSIGNMENT = "reassignment"
    CLAIM = "claim"
    RETURN = "return"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SUPERVISION = "supervision"
    TAGS = "tags"
    DANGER = "danger"
    URGE_ANSWER = "urge-answer"
    SUSPENSION_APPROVAL = "suspension-approval"
    SUSPENSION_REFUSAL = "suspension-refusal"
    RESUMPTION = "resumption"
    REVIEW = "review"
    CANCELLATION = "cancellation"


# Those that have an exact opposite.
UNDOABLE = frozenset({Action.MERGE, Action.SUPERVISION, Action.TAGS, Action.DANGER})


class Outcome(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    UNCHANGED = "unchanged"  # it was so already
    CANCELLED = "cancelled"  # the job was cancelled before this one's turn


class State(StrEnum):
    RUNNING = "running"
    CANCELLING = "cancelling"  # a worker still has some of its items in hand
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders it is about, and how many of them ended in which way."""

    total: int
    done: int = 0
    refused: int = 0
    unchanged: int = 0
    cancelled: int = 0

    @property
    def waiting(self) -> int:
        return self.total - self.done - self.refused - self.unchanged - self.cancelled


@dataclass(frozen=True, slots=True)
class BulkJob:
    """`by`, in `role`, of `region`: who asked; each item is done as if they had done it alone.

    body: what the action is done with. chosen: the filter that the orders were found by, if one.
    undoes: the job whose items this one takes back. undone_by: the job that takes this one back.
    """

    id: JobId
    action: Action
    body: Mapping[str, Any]
    region: str
    by: str
    role: str
    created_at: datetime
    counts: Counts
    chosen: Mapping[str, Any] | None = None
    undoes: JobId | None = None
    undone_by: JobId | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    finished_at: datetime | None = None

    @property
    def state(self) -> State:
        if self.cancelled_at is None:
            return State.DONE if self.finished_at else State.RUNNING
        return State.CANCELLED if self.finished_at else State.CANCELLING

    def check_cancel(self) -> None:
        """Raises JobIsOver."""
        if self.finished_at is not None or self.cancelled_at is not None:
            raise JobIsOver(state_now=self.state)

    def check_undo(self, at: datetime, within: timedelta) -> None:
        """Raises HasNoOpposite, StillRunning, UndoneBefore, TooLateToUndo, NothingDone."""
        if self.action not in UNDOABLE or self.undoes is not None:
            raise HasNoOpposite(action=self.action, can_be=sorted(UNDOABLE))
        if self.finished_at is None:
            raise StillRunning(state_now=self.state)
        if self.undone_by is not None:
            raise UndoneBefore(undone_by=str(self.undone_by))
        if at > self.finished_at + within:
            raise TooLateToUndo(until=(self.finished_at + within).isoformat())
        if not self.counts.done:
            raise NothingDone


@dataclass(frozen=True, slots=True)
class Item:
    """One order of a job. expected: its version, if the caller acts upon one.

    before: what taking it back needs; of an item that takes back: what it goes by.
    """

    job_id: JobId
    number: int
    order_id: UUID
    expected: int | None = None
    outcome: Outcome = Outcome.WAITING
    problem: Mapping[str, Any] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def numbered(
    job_id: JobId, orders: Mapping[UUID, int | None], before: Mapping[UUID, Any] | None = None
) -> list[Item]:
    """The items of a new job, in this order; `orders` are ids with the versions expected."""
    return [
        Item(job_id, number, id, expected, before=(before or {}).get(id, {}))
        for number, (id, expected) in enumerate(orders.items(), start=1)
    ]
