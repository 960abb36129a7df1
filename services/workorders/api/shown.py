"""What a work order looks like from outside, and which one a caller means."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.workorders.domain.clock import Clock, State
from services.workorders.domain.moves import Move, Status
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.parts import Responsibility
from services.workorders.domain.protected import seen
from services.workorders.store import clocks
from services.workorders.store.orders import Aim
from shared.auth import Called, may
from shared.db import Tx
from shared.http import Expected, Shown, etag_of
from shared.privacy import mask_account, mask_address

READERS = ("agent", "dispatcher", "crew", "supervisor", "callback", "ops", "service")
FIELD = ("crew", "dispatcher", "supervisor")
DESK = ("dispatcher", "supervisor")
CALLERS = ("callback", "supervisor")
ANSWERING = ("agent", "bot", *DESK)

# Who may make a move; nobody: it follows from another. Routes take their roles from here.
BY: dict[Move, tuple[str, ...]] = {
    Move.RESOLVE: ANSWERING,
    Move.TRIAGE: ANSWERING,
    Move.DISPATCH: DESK,
    Move.CLAIM: FIELD,
    Move.RETURN: FIELD,
    Move.ROUTE_AGAIN: (),
    Move.REASSIGN: DESK,
    Move.CONTACT: FIELD,
    Move.DEPART: FIELD,
    Move.ARRIVE: FIELD,
    Move.DIAGNOSE: FIELD,
    Move.SET_ETR: FIELD,
    Move.REPAIR: FIELD,
    Move.SUSPEND: FIELD,
    Move.RESUME: FIELD,
    Move.MERGE: DESK,
    Move.UNMERGE: DESK,
    Move.FOLLOW: (),
    Move.REPLY: FIELD,
    Move.SUBMIT: (),
    Move.PASS: DESK,
    Move.SEND_BACK: DESK,
    Move.MISS: CALLERS,
    Move.GIVE_UP: (),
    Move.ARCHIVE: CALLERS,
    Move.EXEMPT: ("supervisor",),
    Move.REOPEN: CALLERS,
    Move.CANCEL: DESK,
}


def by(move: Move) -> Any:
    """Route declaration: whoever may make this move."""
    return may(*BY[move])


class ClockOut(Shown):
    """`promised` clocks are public commitments; the others are our own.

    `unverified`: the source of its limit could not be seen; `certainty`: how sure it is. The time
    used is `consumed_seconds`, and all working time since `running_since`. Never due while paused.
    """

    id: UUID
    kind: str
    generation: int
    team: str | None
    promised: bool
    certainty: str | None
    unverified: bool
    policy: str
    policy_version: str
    calendar: str
    calendar_version: int
    budget_seconds: float
    consumed_seconds: float
    running_since: datetime | None
    started_at: datetime
    due_at: datetime | None
    state: State
    paused: bool
    paused_because: str | None
    stopped_at: datetime | None
    fired_at: datetime | None


class ReplyOut(Shown):
    cause: str
    action: str
    responsibility: Responsibility
    evidence: list[str]
    substantiated: bool | None


class HandbackOut(Shown):
    reason: str
    target: str
    by: str


class SuspensionRequestOut(Shown):
    """Asked for, and not yet approved."""

    reason: str
    until: datetime
    customer_told: bool
    by: str
    at: datetime


class SuspensionOut(Shown):
    reason: str
    since: datetime
    until: datetime
    asked_by: str
    approved_by: str | None
    customer_told: bool


class SupervisionOut(Shown):
    """Somebody senior watches it. `level` 1 is the county, then the city, the province."""

    level: int
    owner: str
    because: str
    by: str
    since: datetime


class RelabellingOut(Shown):
    """Somebody says that it is another kind of case; a second person decides."""

    case_type: str
    subtype: str | None
    reason: str
    by: str


class ExemptionOut(Shown):
    reason: str
    by: str


class CalledBackOut(Shown):
    """The last attempt to ask the customer in this round."""

    at: datetime
    result: str
    by: str


class WorkOrderOut(Shown):
    """`priority` is without what waiting adds; `protected` names the classes that you may know.

    Of a `confidential` one nobody here knows who reported it: address, account, transformer and
    description are with intake.
    """

    id: UUID
    case_id: UUID
    case_number: str
    case_type: str
    subtype: str | None
    status: Status
    level: int
    priority: int
    supervised: bool
    supervision: SupervisionOut | None
    danger: bool
    confidential: bool
    tags: list[str]
    protected: list[str]
    repeats: int
    team: str | None
    team_name: str | None
    routed_because: list[str]
    person: str | None
    route_at: datetime | None
    hops: int
    handback: HandbackOut | None
    region: str
    area: str
    address: str | None
    transformer: str | None
    account_no: str | None
    description: str
    handler: str | None
    received_at: datetime
    opened_at: datetime
    claimed_at: datetime | None
    contacted_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    diagnosed_at: datetime | None
    etr_at: datetime | None
    repaired_at: datetime | None
    replied_at: datetime | None
    archived_at: datetime | None
    suspension_request: SuspensionRequestOut | None
    suspension: SuspensionOut | None
    master_id: UUID | None
    outage_id: UUID | None
    reply: ReplyOut | None
    callback_attempts: int
    called_back: CalledBackOut | None
    unreached: bool
    relabelling: RelabellingOut | None
    exemption: ExemptionOut | None
    urges: int
    urges_answered: int
    article: str | None
    ended_because: str | None
    clocks: list[ClockOut]
    allowed: list[Move]
    version: int


_OF_A_CLOCK = (
    "id", "kind", "generation", "team", "promised", "policy", "policy_version", "running_since",
    "started_at", "due_at", "state", "paused_because", "stopped_at", "fired_at",
)  # fmt: skip


def clock_shown(clock: Clock) -> dict[str, Any]:
    """The fields of ClockOut."""
    terms, limit = clock.terms, clock.terms.limit
    return {name: getattr(clock, name) for name in _OF_A_CLOCK} | {
        "certainty": limit.certainty if limit else None,
        "unverified": limit.unverified if limit else False,
        "calendar": terms.calendar.name,
        "calendar_version": terms.calendar.version,
        "budget_seconds": clock.budget.total_seconds(),
        "consumed_seconds": clock.consumed.total_seconds(),
        "paused": clock.paused_because is not None,
    }


def shown(
    order: WorkOrder, its_clocks: Sequence[Clock], role: str | None = None, *, masked: bool = True
) -> WorkOrderOut:
    """The order as callers of this role see it; `masked`: what is personal is not all there."""
    parts = (order, order.site, order.asked, order.steps)
    flat: dict[str, Any] = {
        name: getattr(part, name)
        for part in parts
        for name in WorkOrderOut.model_fields
        if hasattr(part, name) and name not in ("allowed", "protected")
    }
    routing = order.routing
    routed = routing or order.pending
    flat |= {
        "tags": seen(order.asked.tags, role),
        "protected": seen((one.code for one in order.protected), role),
        "team_name": routing.team_name if routing else None,
        "routed_because": list(routed.because) if routed else [],
        "address": mask_address(order.site.address) if masked else order.site.address,
        "account_no": mask_account(order.asked.account_no) if masked else order.asked.account_no,
        "clocks": [clock_shown(clock) for clock in its_clocks],
        "allowed": [m for m in order.allowed() if role is None or role in BY[m]],
    }
    return WorkOrderOut.model_validate(flat)


async def _aim(id: WorkOrderId, caller: Called, expected: Expected) -> Aim:
    return Aim(id, caller.region, expected)


async def _sight(id: WorkOrderId, caller: Called) -> Aim:
    return Aim(id, caller.region)


Aimed = Annotated[Aim, Depends(_aim)]  # to change it
Seen = Annotated[Aim, Depends(_sight)]  # to look at it


async def answer_with(
    tx: Tx, response: Response, order: WorkOrder, role: str | None = None
) -> WorkOrderOut:
    """The order as it is now, with its ETag and what the caller's role may do next."""
    response.headers["etag"] = etag_of(order.version)
    await tx.write_what_was_left()  # clocks that were just started are shown too
    return shown(order, (await clocks.of_orders(tx, [order.id]))[order.id], role)
