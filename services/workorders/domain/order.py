"""What a work order is and what may happen to it. Values in, values out; no clock, no database."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.routing import Routing
from shared.errors import Conflict, Invalid

WorkOrderId = NewType("WorkOrderId", UUID)


class Status(StrEnum):
    PENDING_DISPATCH = "pending_dispatch"
    DISPATCHED = "dispatched"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    ARCHIVED = "archived"


class Move(StrEnum):
    DISPATCH = "dispatch"
    CLAIM = "claim"
    DEPART = "depart"
    ARRIVE = "arrive"
    SET_ETR = "set_etr"
    REPLY = "reply"
    ARCHIVE = "archive"
    REOPEN = "reopen"


# From where a move may be made, and where it leads. Read it, test it, draw it.
MOVES: dict[Move, tuple[frozenset[Status], Status | None]] = {
    Move.DISPATCH: (frozenset({Status.PENDING_DISPATCH}), Status.DISPATCHED),
    Move.CLAIM: (frozenset({Status.DISPATCHED}), Status.CLAIMED),
    Move.DEPART: (frozenset({Status.CLAIMED}), Status.IN_PROGRESS),
    Move.ARRIVE: (frozenset({Status.CLAIMED, Status.IN_PROGRESS}), Status.IN_PROGRESS),
    Move.SET_ETR: (frozenset({Status.CLAIMED, Status.IN_PROGRESS}), None),
    Move.REPLY: (frozenset({Status.IN_PROGRESS}), Status.REPLIED),
    Move.ARCHIVE: (frozenset({Status.REPLIED}), Status.ARCHIVED),
    Move.REOPEN: (frozenset({Status.REPLIED}), Status.PENDING_DISPATCH),
}


class WrongMove(Conflict):
    """The work order is not at a step that allows this."""


class OwnWork(Conflict):
    """Who handled the order can't make its callback."""


class AlreadyArrived(Conflict):
    """The crew is on site already."""


class EtrInThePast(Invalid):
    """Power can't be expected back in the past."""


class Responsibility(StrEnum):
    """Whose side the cause was on."""

    UTILITY = "utility"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    NATURE = "nature"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the work is. `address` is personal."""

    region: str
    area: str
    address: str | None = None
    transformer: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What was found and done: an order is not answered without it."""

    cause: str
    action: str
    responsibility: Responsibility
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order for one case. `level` begins at 1 and rises with every reopening."""

    id: WorkOrderId
    case_id: UUID
    case_number: str
    case_type: str
    site: Site
    received_at: datetime
    opened_at: datetime
    status: Status = Status.PENDING_DISPATCH
    level: int = 1
    routing: Routing | None = None
    handler: str | None = None
    claimed_at: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    etr_at: datetime | None = None
    reply: Reply | None = None
    replied_at: datetime | None = None
    archived_at: datetime | None = None
    version: int = 1

    @property
    def team(self) -> str | None:
        return self.routing.team if self.routing else None

    def allowed(self) -> list[Move]:
        """The moves open from here."""
        return [move for move, (origins, _) in MOVES.items() if self.status in origins]

    def dispatch(self, routing: Routing) -> "WorkOrder":
        return self._move(Move.DISPATCH, routing=routing)

    def claim(self, handler: str, at: datetime) -> "WorkOrder":
        return self._move(Move.CLAIM, handler=handler, claimed_at=at)

    def depart(self, at: datetime) -> "WorkOrder":
        return self._move(Move.DEPART, departed_at=at)

    def arrive(self, at: datetime) -> "WorkOrder":
        if self.status is Status.IN_PROGRESS and self.arrived_at is not None:
            raise AlreadyArrived(arrived_at=self.arrived_at.isoformat())
        return self._move(Move.ARRIVE, arrived_at=at)

    def set_etr(self, etr_at: datetime, at: datetime) -> "WorkOrder":
        if etr_at <= at:
            raise EtrInThePast(now=at.isoformat())
        return self._move(Move.SET_ETR, etr_at=etr_at)

    def answer(self, reply: Reply, at: datetime) -> "WorkOrder":
        return self._move(Move.REPLY, reply=reply, replied_at=at)

    def archive(self, by: str, at: datetime) -> "WorkOrder":
        """The customer is satisfied. Raises OwnWork when the handler asks its own customer."""
        self._not_own_work(by)
        return self._move(Move.ARCHIVE, archived_at=at)

    def reopen(self, by: str) -> "WorkOrder":
        """The customer is not satisfied: again, one level higher, with nothing yet done."""
        self._not_own_work(by)
        return self._move(
            Move.REOPEN,
            level=self.level + 1,
            routing=None,
            handler=None,
            claimed_at=None,
            departed_at=None,
            arrived_at=None,
            etr_at=None,
            reply=None,
            replied_at=None,
        )

    def _not_own_work(self, by: str) -> None:
        if by == self.handler:
            raise OwnWork

    def _move(self, move: Move, **changes: Any) -> "WorkOrder":
        origins, to = MOVES[move]
        if self.status not in origins:
            raise WrongMove(
                f"{move} is not possible while {self.status}",
                status_now=self.status,
                allowed=self.allowed(),
            )
        return replace(self, status=to or self.status, version=self.version + 1, **changes)


def diagram() -> str:
    """MOVES as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.PENDING_DISPATCH}"]
    for move, (origins, to) in MOVES.items():
        lines += [f"    {origin} --> {to or origin}: {move}" for origin in sorted(origins)]
    return "\n".join([*lines, f"    {Status.ARCHIVED} --> [*]"]) + "\n"
