"""A clock on an order: armed, then met or breached, once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.policy import Fact, Limit

ClockId = NewType("ClockId", UUID)


class State(StrEnum):
    ARMED = "armed"
    MET = "met"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Clock:
    """`generation` counts the same clock on one order: 1, then one more for each reopening."""

    id: ClockId
    order_id: WorkOrderId
    kind: str
    generation: int
    promised: bool
    policy: str
    policy_version: str
    limit: timedelta
    stops: frozenset[Fact]
    started_at: datetime
    due_at: datetime
    state: State = State.ARMED
    stopped_at: datetime | None = None
    fired_at: datetime | None = None

    @classmethod
    def start(
        cls,
        id: ClockId,
        order_id: WorkOrderId,
        generation: int,
        limit: Limit,
        policy: tuple[str, str],
        at: datetime,
    ) -> "Clock":
        time = limit.target.time
        assert time is not None
        assert limit.target.natural
        return cls(
            id=id,
            order_id=order_id,
            kind=limit.clock,
            generation=generation,
            promised=limit.promised,
            policy=policy[0],
            policy_version=policy[1],
            limit=time,
            stops=limit.stops,
            started_at=at,
            due_at=at + time,
        )

    def as_promised(self, due_at: datetime) -> "Clock":
        """Due when the customer was told, whatever our own limit says."""
        return replace(self, due_at=due_at, limit=due_at - self.started_at)

    def stop(self, at: datetime) -> "Clock":
        """What it was waiting for has happened: met, or breached when that is too late.

        The due instant itself is still in time. A breached clock stops too: so late it was.
        """
        if self.stopped_at is not None:
            return self
        if self.state is State.BREACHED:
            return replace(self, stopped_at=at)
        if at > self.due_at:
            return replace(self, state=State.BREACHED, fired_at=at, stopped_at=at)
        return replace(self, state=State.MET, stopped_at=at)
