"""What a work order is and what may be done with it: values in, values out."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.handling import Handling
from services.workorders.domain.limit import CLASSES
from services.workorders.domain.moves import AT_WORK, MOVES, OPEN, Move, Status, allowed
from services.workorders.domain.parts import (
    Asked,
    CalledBack,
    Exemption,
    Handback,
    Point,
    Protection,
    Relabelling,
    Reply,
    Responsibility,
    Site,
    Steps,
    Supervision,
    Suspension,
    SuspensionRequest,
)
from services.workorders.domain.refusals import (
    AlreadyDone,
    EtrInThePast,
    HandedBackTooOften,
    MissingField,
    OwnWork,
    SameTeam,
    WrongMove,
)
from services.workorders.domain.routing import Pending, Routing
from services.workorders.domain.values import replacing

__all__ = [
    "AlreadyDone",
    "Asked",
    "EtrInThePast",
    "Handback",
    "HandedBackTooOften",
    "MissingField",
    "OwnWork",
    "Reply",
    "Responsibility",
    "Site",
    "Steps",
    "Suspension",
    "WorkOrder",
    "WorkOrderId",
    "WrongMove",
]

WorkOrderId = NewType("WorkOrderId", UUID)
FAULT = "fault_report"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order for one case. `level` begins at 1 and rises with every reopening.

    handler: who has it now. handlers: all who worked on it in this round. rested: the reasons of
    every pause in this round. repeats: earlier matters of this kind, by the same customer, closed.
    priority: without what waiting adds; rank_at: the earlier, the more urgent.
    outage_id: the outage that its customer hears of; part_id: the part of it where the order is.
    leads_until: so long it stands for its transformer, and calls from there follow it.
    said: how many facts were published about it.
    """

    id: WorkOrderId
    case_id: UUID
    case_number: str
    case_type: str
    site: Site
    received_at: datetime
    opened_at: datetime
    asked: Asked = field(default_factory=Asked)
    status: Status = Status.ACCEPTED
    level: int = 1
    routing: Routing | None = None
    pending: Pending | None = None
    hops: int = 0
    handback: Handback | None = None
    handler: str | None = None
    handlers: tuple[str, ...] = ()
    steps: Steps = field(default_factory=Steps)
    etr_at: datetime | None = None
    suspension_request: SuspensionRequest | None = None
    suspension: Suspension | None = None
    rested: tuple[str, ...] = ()
    master_id: WorkOrderId | None = None
    outage_id: UUID | None = None
    part_id: UUID | None = None
    leads_until: datetime | None = None
    reply: Reply | None = None
    callback_attempts: int = 0
    called_back: CalledBack | None = None
    unreached: bool = False
    relabelling: Relabelling | None = None
    exemption: Exemption | None = None
    supervision: Supervision | None = None
    urges: int = 0
    urges_answered: int = 0
    repeats: int = 0
    protected: tuple[Protection, ...] = ()
    priority: int = 0
    priority_because: tuple[Point, ...] = ()
    rank_at: datetime | None = None
    article: str | None = None
    ended_because: str | None = None
    archived_at: datetime | None = None
    version: int = 1
    said: int = 0

    @property
    def team(self) -> str | None:
        return self.routing.team if self.routing else None

    @property
    def person(self) -> str | None:
        """Whom it was sent to, of that team; None: to all of it."""
        return self.routing.person if self.routing else None

    @property
    def route_at(self) -> datetime | None:
        """When routing looks at it again: unclaimed by then, or still without a team."""
        if self.routing is not None:
            return self.routing.until
        return self.pending.again_at if self.pending else None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def supervised(self) -> bool:
        return self.supervision is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """The customer's classes: those that protect, those of the case, that of the account."""
        given = CLASSES.intersection([*self.asked.tags, self.asked.customer_class or ""])
        return tuple(sorted(given | {one.code for one in self.protected}))

    @property
    def is_fault(self) -> bool:
        """Somebody is without power: it can be restored. Other matters are only answered."""
        return self.case_type == FAULT

    @property
    def reviewed_reply(self) -> Reply | None:
        """Its reply, once nobody has to read it before others are told."""
        unread = self.status in (Status.REPLIED, Status.REVIEW)
        return None if unread else self.reply

    @property
    def is_merged(self) -> bool:
        return self.status is Status.MERGED

    def allowed(self) -> list[Move]:
        return allowed(self.status)

    def resolve(self, article: str) -> "WorkOrder":
        """Answered on the call, from this knowledge article."""
        return self.move(Move.RESOLVE, article=article)

    def triage(self) -> "WorkOrder":
        return self.move(Move.TRIAGE)

    def dispatch(self, routing: Routing) -> "WorkOrder":
        return self.move(Move.DISPATCH, routing=routing, pending=None)

    def wait(self, pending: Pending) -> "WorkOrder":
        """Nobody is there to take it; no move, so no new version."""
        self.check(Move.DISPATCH)
        return replace(self, pending=pending)

    def stay(self, because: str) -> "WorkOrder":
        """Unclaimed, but there is nobody else; no move, so no new version."""
        self.check(Move.CLAIM)
        assert self.routing is not None
        reasons = (*self.routing.because, because)
        return replace(self, routing=replace(self.routing, because=reasons, until=None))

    def keep(self, routing: Routing) -> "WorkOrder":
        """The team that has it is still the right one, with no more time to claim it than before;
        no move, so no new version.
        """
        self.check(Move.CLAIM)
        ends = [at for at in (self.route_at, routing.until) if at is not None]
        return replace(self, routing=replace(routing, until=min(ends, default=None)))

    def claim(self, handler: str, at: datetime) -> "WorkOrder":
        order = self._step(Move.CLAIM, "claimed_at", at, handler=handler)
        return replace(order, handlers=_with(self.handlers, handler))

    def hand_back(self, handback: Handback) -> "WorkOrder":
        """Raises SameTeam when it names the team that returns it."""
        self.check(Move.RETURN)
        if handback.target == self.team:
            raise SameTeam(field="target", team=self.team)
        before = self.handback.teams if self.handback else ()
        handback = replace(handback, teams=(*before, self.team or ""))
        return self.move(Move.RETURN, handback=handback, hops=self.hops + 1, handler=None)

    def route_again(self, handling: Handling, role: str) -> "WorkOrder":
        """Raises HandedBackTooOften when only a supervisor may."""
        if self.hops > handling.returns and role != "supervisor":
            raise HandedBackTooOften(hops=self.hops, budget=handling.returns)
        return self.move(Move.ROUTE_AGAIN, routing=None)

    def reassign(self, routing: Routing) -> "WorkOrder":
        """Raises SameTeam."""
        self.check(Move.REASSIGN)
        if routing.team == self.team:
            raise SameTeam(field="team", team=self.team)
        return self.move(Move.REASSIGN, routing=routing, handler=None)

    def give_back(self, because: str) -> "WorkOrder":
        """Who claimed it will not begin with it; the team keeps it."""
        self.check(Move.REASSIGN)
        assert self.routing is not None
        routing = replace(self.routing, because=(because,), person=None, until=None)
        return self.move(Move.REASSIGN, routing=routing, handler=None)

    def contact(self, at: datetime) -> "WorkOrder":
        """The customer was spoken to."""
        return self._step(Move.CONTACT, "contacted_at", at)

    def depart(self, at: datetime) -> "WorkOrder":
        return self._step(Move.DEPART, "departed_at", at)

    def arrive(self, at: datetime) -> "WorkOrder":
        return self._step(Move.ARRIVE, "arrived_at", at)

    def diagnose(self, at: datetime) -> "WorkOrder":
        """The fault was found."""
        return self._step(Move.DIAGNOSE, "diagnosed_at", at)

    def set_etr(self, etr_at: datetime, at: datetime) -> "WorkOrder":
        self.check(Move.SET_ETR)
        if etr_at <= at:
            raise EtrInThePast(field="etr_at", now=at.isoformat())
        return self.move(Move.SET_ETR, etr_at=etr_at)

    def repair(self, at: datetime) -> "WorkOrder":
        """Power is back: a call from its transformer is about something new."""
        return self._step(Move.REPAIR, "repaired_at", at, leads_until=None)

    def answer(self, reply: Reply, handling: Handling, at: datetime) -> "WorkOrder":
        """Raises MissingField. A fault on our side counts as repaired by now, if not before."""
        self.check(Move.REPLY)
        missing = handling.missing(len(reply.evidence), reply.substantiated)
        if missing:
            raise MissingField(f"a reply to a {self.case_type} needs {missing}", missing=missing)
        ours = self.is_fault and reply.responsibility is Responsibility.UTILITY
        repaired = self.steps.repaired_at or (at if ours else None)
        steps = replace(self.steps, replied_at=at, repaired_at=repaired)
        handlers = _with(self.handlers, reply.by)
        return self.move(Move.REPLY, reply=reply, steps=steps, handlers=handlers)

    def submit(self) -> "WorkOrder":
        return self.move(Move.SUBMIT)

    def cancel(self, reason: str) -> "WorkOrder":
        return self.move(Move.CANCEL, ended_because=reason)

    def move(self, move: Move, **changes: Any) -> "WorkOrder":
        """Raises WrongMove."""
        self.check(move)
        to = MOVES[move][1] or self.status
        if to not in AT_WORK:
            changes = {"suspension_request": None} | changes
        return self.changed(status=to, **changes)

    def check(self, move: Move) -> None:
        """Raises WrongMove, with the moves that are allowed."""
        if self.status not in MOVES[move][0]:
            raise WrongMove(
                f"{move} is not possible while {self.status}",
                status_now=self.status,
                allowed=self.allowed(),
            )

    def changed(self, **changes: Any) -> "WorkOrder":
        return self.also(version=self.version + 1, **changes)

    def also(self, **changes: Any) -> "WorkOrder":
        """The same version with these: what only follows from a change is none of its own."""
        return _with_changes(self, **changes)

    def _step(self, move: Move, name: str, at: datetime, **changes: Any) -> "WorkOrder":
        self.check(move)
        done: datetime | None = getattr(self.steps, name)
        if done is not None and move is not Move.CLAIM:
            raise AlreadyDone(**{name: done.isoformat()})
        return self.move(move, steps=replace(self.steps, **{name: at}), **changes)


_with_changes = replacing(WorkOrder)


def _with(handlers: tuple[str, ...], one: str) -> tuple[str, ...]:
    return handlers if one in handlers else (*handlers, one)
