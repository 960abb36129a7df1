"""A clock on an order: a budget of time, what is used of it, and what it does when it is used up.

Everything in it follows from its ledger (`ledger.py`): a projection, kept so that it can be found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, NewType
from uuid import UUID

from services.workorders.domain.ladder import Ladder
from services.workorders.domain.limit import Fact, Limit, Merged
from services.workorders.domain.order import WorkOrderId
from shared.calendar import Calendar

ClockId = NewType("ClockId", UUID)
NOTHING = timedelta(0)


class State(StrEnum):
    ARMED = "armed"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class What(StrEnum):
    """What a line of the ledger says."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETARGETED = "retargeted"
    WARNED = "warned"
    BREACHED = "breached"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    MET = "met"
    STOPPED = "stopped"  # what it waited for came after the breach
    CANCELLED = "cancelled"  # it will not be waited for
    MERGED = "merged"  # it does from now on as its master's clocks do
    UNMERGED = "unmerged"
    CORRECTED = "corrected"


# What a clock does by itself, and only once in a generation.
ONCE = frozenset({What.WARNED, What.BREACHED, What.ESCALATED, What.MET})


def worked(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """The working time between, as far as this version of the calendar is published."""
    until = min(until, calendar.ends_at)
    return calendar.between(since, until) if until > since else NOTHING


@dataclass(frozen=True, slots=True)
class Terms:
    """What a clock runs by: versions that never change, so that their names are all that is kept.

    number: the limit's place in its pack, from 1 on; None for clocks older than the ledger, of
    whose limit only `promised` and `stops` are known. ladder_from: the pack that has the ladder.
    """

    policy: str
    policy_version: str
    number: int | None
    promised: bool
    stops: frozenset[Fact]
    calendar: Calendar
    limit: Limit | None = None
    ladder_from: tuple[str, str] | None = None
    ladder: Ladder | None = None

    @property
    def merged(self) -> Merged:
        return self.limit.merged if self.limit else Merged.RUNS

    def rests_for(self, reason: str) -> bool:
        """Whether it rests while the order is suspended for this reason."""
        return self.limit is not None and reason in self.limit.pauses


class Whose(NamedTuple):
    """Which clock it is, before anything is said about it."""

    id: ClockId
    order_id: WorkOrderId
    kind: str


@dataclass(frozen=True, slots=True)
class Clock:
    """`generation` counts the clocks of one kind on one order, and their fresh starts.

    budget: time of the terms' calendar. consumed: what was used of it until `running_since`; it
    goes on after a breach, until it stops. due_at: when the budget is used up; None while paused.
    paused_because: why it rests, also after a breach. mirrors: the order whose facts count too.
    warned: how many of the warnings were given. escalated_to: how far the ladder was climbed.
    wake_at, wake: when it does something by itself, and what. entries: lines in its ledger.
    """

    id: ClockId
    order_id: WorkOrderId
    kind: str
    generation: int
    terms: Terms
    budget: timedelta
    started_at: datetime
    team: str | None = None
    state: State = State.ARMED
    consumed: timedelta = NOTHING
    running_since: datetime | None = None
    due_at: datetime | None = None
    paused_because: str | None = None
    mirrors: WorkOrderId | None = None
    warned: int = 0
    warned_at: datetime | None = None
    fired_at: datetime | None = None
    escalated_to: datetime | None = None
    acknowledged_at: datetime | None = None
    stopped_at: datetime | None = None
    wake_at: datetime | None = None
    wake: What | None = None
    entries: int = 0
    changed_at: datetime | None = None

    @property
    def whose(self) -> Whose:
        return Whose(self.id, self.order_id, self.kind)

    @property
    def promised(self) -> bool:
        return self.terms.promised

    @property
    def policy(self) -> str:
        return self.terms.policy

    @property
    def policy_version(self) -> str:
        return self.terms.policy_version

    @property
    def ended(self) -> bool:
        """Nothing is waited for any more."""
        return self.stopped_at is not None

    def used(self, at: datetime) -> timedelta:
        """What is used of the budget by `at`, the rests not counted."""
        if self.running_since is None:
            return self.consumed
        return self.consumed + worked(self.terms.calendar, self.running_since, at)

    def overdue(self, at: datetime) -> bool:
        """It should have breached by now. The due instant itself is still in time."""
        return self.state is State.ARMED and self.due_at is not None and self.due_at < at


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a clock's ledger. Lines are numbered from 1, in the order of their time.

    at: from when it counts. recorded_at: when it was written. due_at: when the clock is due from
    here on; of what it did by itself: when that was due, `late_ms` before it was done.
    """

    clock_id: ClockId
    n: int
    what: What
    at: datetime
    recorded_at: datetime
    by: str
    generation: int
    reason: str | None = None
    terms: Terms | None = None
    budget: timedelta | None = None
    team: str | None = None
    due_at: datetime | None = None
    late_ms: int | None = None
    step: int | None = None
    repetition: int | None = None
    master_id: WorkOrderId | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def once(self) -> str | None:
        """What may happen once in a generation; None for what may happen again."""
        if self.what not in ONCE:
            return None
        parts = (self.what, self.step, self.repetition)
        return ":".join(str(part) for part in parts if part is not None)
