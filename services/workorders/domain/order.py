"""What a work order is and what may be done with it: values in, values out."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.handling import Handling
from services.workorders.domain.moves import MOVES, OPEN, Move, Status, allowed
from services.workorders.domain.routing import Pending, Routing
from shared.errors import Conflict, Forbidden, Invalid

WorkOrderId = NewType("WorkOrderId", UUID)


class WrongMove(Conflict):
    """The work order is not at a step that allows this."""


class OwnWork(Conflict):
    """Who handled the order can't judge it: neither its review nor its callback."""


class AlreadyDone(Conflict):
    """That step was taken already."""


class EtrInThePast(Invalid):
    """Power can't be expected back in the past."""


class MissingField(Invalid):
    """This kind of order needs more for this move."""


class HandedBackTooOften(Forbidden):
    """After so many returns a supervisor decides where the order goes."""


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
    """What was found and done: an order is not answered without it.

    `substantiated`: whether a complaint was right (属实); None where nothing was claimed.
    """

    cause: str
    action: str
    responsibility: Responsibility
    evidence: tuple[str, ...] = ()
    substantiated: bool | None = None


@dataclass(frozen=True, slots=True)
class Handback:
    """Why a team gave the order back, and who it thinks is right.

    teams: all that gave it back in this round, this one last.
    """

    reason: str
    target: str
    by: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspension:
    """A pause that somebody answers for. It ends by itself at `until`."""

    reason: str
    until: datetime
    asked_by: str
    approved_by: str | None
    customer_told: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What the customer said, as far as the work needs it. Personal, but for `danger`."""

    description: str = ""
    account_no: str | None = None
    danger: bool = False
    different: bool = False  # than any fault that we know already


@dataclass(frozen=True, slots=True)
class Steps:
    """When what was done, in this round."""

    claimed_at: datetime | None = None
    contacted_at: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    diagnosed_at: datetime | None = None
    repaired_at: datetime | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order for one case. `level` begins at 1 and rises with every reopening.

    outage_id: the outage that its customer hears of; part_id: the part of it where the order is.
    leads_until: so long it stands for its transformer, and calls from there follow it.
    """

    id: WorkOrderId
    case_id: UUID
    case_number: str
    case_type: str
    site: Site
    received_at: datetime
    opened_at: datetime
    asked: Asked = Asked()
    status: Status = Status.ACCEPTED
    level: int = 1
    routing: Routing | None = None
    pending: Pending | None = None
    hops: int = 0
    handback: Handback | None = None
    handler: str | None = None
    steps: Steps = Steps()
    etr_at: datetime | None = None
    suspension: Suspension | None = None
    master_id: WorkOrderId | None = None
    outage_id: UUID | None = None
    part_id: UUID | None = None
    leads_until: datetime | None = None
    reply: Reply | None = None
    callback_attempts: int = 0
    unreached: bool = False
    supervised: bool = False
    urges: int = 0
    priority: int = 0
    priority_because: tuple[str, ...] = field(default=())
    article: str | None = None
    ended_because: str | None = None
    archived_at: datetime | None = None
    version: int = 1

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

    def allowed(self) -> list[Move]:
        return allowed(self.status)

    def resolve(self, article: str) -> "WorkOrder":
        """Answered on the call, from this knowledge article."""
        return self._move(Move.RESOLVE, article=article)

    def triage(self) -> "WorkOrder":
        return self._move(Move.TRIAGE)

    def dispatch(self, routing: Routing) -> "WorkOrder":
        return self._move(Move.DISPATCH, routing=routing, pending=None)

    def wait(self, pending: Pending) -> "WorkOrder":
        """Nobody is there to take it; no move, so no new version."""
        self._check(Move.DISPATCH)
        return replace(self, pending=pending)

    def stay(self, because: str) -> "WorkOrder":
        """Unclaimed, but there is nobody else; no move, so no new version."""
        self._check(Move.CLAIM)
        assert self.routing is not None
        reasons = (*self.routing.because, because)
        return replace(self, routing=replace(self.routing, because=reasons, until=None))

    def claim(self, handler: str, at: datetime) -> "WorkOrder":
        return self._step(Move.CLAIM, "claimed_at", at, handler=handler)

    def hand_back(self, handback: Handback) -> "WorkOrder":
        before = self.handback.teams if self.handback else ()
        handback = replace(handback, teams=(*before, self.team or ""))
        return self._move(Move.RETURN, handback=handback, hops=self.hops + 1, handler=None)

    def route_again(self, handling: Handling, role: str) -> "WorkOrder":
        """Raises HandedBackTooOften when only a supervisor may."""
        if self.hops > handling.returns and role != "supervisor":
            raise HandedBackTooOften(hops=self.hops, budget=handling.returns)
        return self._move(Move.ROUTE_AGAIN, routing=None)

    def reassign(self, routing: Routing) -> "WorkOrder":
        return self._move(Move.REASSIGN, routing=routing, handler=None)

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
        if etr_at <= at:
            raise EtrInThePast(now=at.isoformat())
        return self._move(Move.SET_ETR, etr_at=etr_at)

    def repair(self, at: datetime) -> "WorkOrder":
        """Power is back."""
        return self._step(Move.REPAIR, "repaired_at", at)

    def suspend(self, suspension: Suspension) -> "WorkOrder":
        return self._move(Move.SUSPEND, suspension=suspension)

    def resume(self) -> "WorkOrder":
        return self._move(Move.RESUME, suspension=None)

    def merge(
        self,
        master_id: WorkOrderId | None,
        outage_id: UUID | None = None,
        part_id: UUID | None = None,
    ) -> "WorkOrder":
        """It follows another order, an outage or both, with notices and a callback of its own."""
        group = {"master_id": master_id, "outage_id": outage_id, "part_id": part_id}
        return self._move(Move.MERGE, handler=None, leads_until=None, **group)

    def unmerge(self) -> "WorkOrder":
        group = {"master_id": None, "outage_id": None, "part_id": None}
        return self._move(Move.UNMERGE, routing=None, **group)

    def lead(self, until: datetime) -> "WorkOrder":
        """Calls from its transformer follow it, so long; no move, so no new version."""
        return replace(self, leads_until=until)

    def belong(self, outage_id: UUID | None, part_id: UUID | None) -> "WorkOrder":
        """It is the order that is worked on for this outage, or for none any more."""
        return self._changed(outage_id=outage_id, part_id=part_id)

    def expect(self, etr_at: datetime) -> "WorkOrder":
        """Its outage says when power will be back; no move of its own."""
        return self._changed(etr_at=etr_at)

    def restored(self, at: datetime) -> "WorkOrder":
        """Its outage says that power is back; no move of its own."""
        return self._changed(steps=replace(self.steps, repaired_at=at))

    def follow(self, reply: Reply, at: datetime) -> "WorkOrder":
        """Power is back for the whole outage: replied as its master was."""
        steps = replace(self.steps, replied_at=at, repaired_at=self.steps.repaired_at or at)
        return self._move(Move.FOLLOW, reply=reply, steps=steps)

    def answer(self, reply: Reply, handling: Handling, at: datetime) -> "WorkOrder":
        """Raises MissingField. A fault on our side counts as repaired by now, if not before."""
        missing = handling.missing(len(reply.evidence), reply.substantiated)
        if missing:
            raise MissingField(f"a reply to a {self.case_type} needs {missing}", missing=missing)
        ours = reply.responsibility is Responsibility.UTILITY
        repaired = self.steps.repaired_at or (at if ours else None)
        steps = replace(self.steps, replied_at=at, repaired_at=repaired)
        return self._move(Move.REPLY, reply=reply, steps=steps)

    def submit(self) -> "WorkOrder":
        return self._move(Move.SUBMIT)

    def pass_review(self, by: str) -> "WorkOrder":
        """Raises OwnWork when the handler reviews itself."""
        self._not_own_work(by)
        return self._move(Move.PASS)

    def send_back(self, by: str) -> "WorkOrder":
        """The review found the reply wanting."""
        self._not_own_work(by)
        steps = replace(self.steps, replied_at=None)
        return self._move(Move.SEND_BACK, reply=None, steps=steps)

    def miss(self, by: str, handling: Handling) -> "WorkOrder":
        """The customer could not be reached; after the last attempt the callback has failed."""
        self._not_own_work(by)
        attempts = self.callback_attempts + 1
        move = Move.GIVE_UP if attempts >= handling.callback_attempts else Move.MISS
        return self._move(move, callback_attempts=attempts)

    def archive(self, by: str, at: datetime) -> "WorkOrder":
        """The loop is closed. Raises OwnWork when the handler asks its own customer."""
        self._not_own_work(by)
        unreached = self.status is Status.CALLBACK_FAILED
        return self._move(Move.ARCHIVE, archived_at=at, unreached=unreached)

    def reopen(self, by: str) -> "WorkOrder":
        """The customer is not satisfied: again, one level higher, with nothing yet done."""
        self._not_own_work(by)
        return self._move(
            Move.REOPEN,
            level=self.level + 1,
            routing=None,
            hops=0,
            handback=None,
            handler=None,
            steps=Steps(),
            etr_at=None,
            reply=None,
            callback_attempts=0,
            master_id=None,
            outage_id=None,
            part_id=None,
            leads_until=None,
            archived_at=None,
        )

    def cancel(self, reason: str) -> "WorkOrder":
        return self._move(Move.CANCEL, ended_because=reason)

    def urge(self) -> "WorkOrder":
        """The customer asks where we are."""
        if not self.is_open:
            raise WrongMove("it is not open any more", status_now=self.status)
        return self._changed(urges=self.urges + 1)

    def supervise(self, on: bool) -> "WorkOrder":
        """The flag 督办: somebody senior watches it."""
        return self._changed(supervised=on)

    def scored(self, priority: int, because: tuple[str, ...]) -> "WorkOrder":
        """The same order with its priority; no move, so no new version."""
        return replace(self, priority=priority, priority_because=because)

    def _not_own_work(self, by: str) -> None:
        if by == self.handler:
            raise OwnWork

    def _step(self, move: Move, name: str, at: datetime, **changes: Any) -> "WorkOrder":
        self._check(move)
        done: datetime | None = getattr(self.steps, name)
        if done is not None and move is not Move.CLAIM:
            raise AlreadyDone(**{name: done.isoformat()})
        return self._move(move, steps=replace(self.steps, **{name: at}), **changes)

    def _move(self, move: Move, **changes: Any) -> "WorkOrder":
        self._check(move)
        return self._changed(status=MOVES[move][1] or self.status, **changes)

    def _check(self, move: Move) -> None:
        if self.status not in MOVES[move][0]:
            raise WrongMove(
                f"{move} is not possible while {self.status}",
                status_now=self.status,
                allowed=self.allowed(),
            )

    def _changed(self, **changes: Any) -> "WorkOrder":
        return replace(self, version=self.version + 1, **changes)
