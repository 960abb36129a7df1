"""Policy edits over HTTP: what a new version would do to clocks that run, and doing it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, Strict

from services.workorders.api.policies import PackId, Version
from services.workorders.domain.policy_edit import Base, Counts, EditId, PolicyEdit, What
from services.workorders.store import policy_edits
from services.workorders.use_cases.clock_changes import Change
from services.workorders.use_cases.policy_edits import begin_edit, foresee
from shared.auth import Called, may
from shared.http import Body, Shown, Stamped, Transaction, Words
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1", tags=["policies"])

_Mode = Annotated[What, Strict(False)]
_Base = Annotated[Base, Strict(False)]


class PreviewIn(Body):
    """pin: clocks keep their version. creation: all time used is measured anew; change: kept."""

    mode: _Mode
    base: _Base = Base.CHANGE


class EditIn(PreviewIn):
    policy: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$", examples=["sgcc-2022"])]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,30}$", examples=["2022.3"])]
    reason: Words


class CountsOut(Shown):
    """live: clocks that run by another version. impossible: a calendar has a hole; they stay."""

    live: int
    changed: int
    breached: int
    recovered: int
    impossible: int


class SampleOut(Shown):
    """A clock that would change."""

    clock_id: UUID
    work_order_id: UUID
    case_number: str
    kind: str
    version_now: str
    state_now: str
    due_now: datetime | None
    state_then: str
    due_then: datetime | None
    breaches: bool
    recovers: bool


class PreviewOut(Shown):
    """What the edit would do now; newly breached and recovered clocks stand first."""

    policy: str
    version: str
    mode: What
    base: Base
    counts: CountsOut
    samples: list[SampleOut]


class EditOut(Shown):
    """counts: of what was looked at so far. `finished_at` null: it goes on."""

    id: UUID
    policy: str
    version: str
    mode: What
    base: Base
    reason: str
    region: str
    by: str
    created_at: datetime
    finished_at: datetime | None
    counts: CountsOut


def _counts(counts: Counts) -> CountsOut:
    return CountsOut.model_validate(counts)


def _sample(change: Change) -> SampleOut:
    return SampleOut(
        clock_id=change.before.id,
        work_order_id=change.order.id,
        case_number=change.order.case_number,
        kind=change.before.kind,
        version_now=change.before.policy_version,
        state_now=change.before.state,
        due_now=change.before.due_at,
        state_then=change.after.state,
        due_then=change.after.due_at,
        breaches=change.breaches,
        recovers=change.recovers,
    )


def _edit(edit: PolicyEdit) -> EditOut:
    return EditOut(
        id=edit.id,
        policy=edit.policy,
        version=edit.version,
        mode=edit.what,
        base=edit.base,
        reason=edit.reason,
        region=edit.region,
        by=edit.by,
        created_at=edit.created_at,
        finished_at=edit.finished_at,
        counts=_counts(edit.counts),
    )


@router.post("/policies/{id}/{version}/preview", dependencies=[may("ops", "supervisor")])
async def preview(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    id: PackId,
    version: Version,
    body: PreviewIn,
) -> PreviewOut:
    """What this version would do to the live clocks of the caller's region. Nothing is stored.

    What the customer was told stands, whatever a later version says.
    """
    seen = await foresee(tx, stamp, id, version, body.mode, body.base, caller.region)
    return PreviewOut(
        policy=id,
        version=version,
        mode=body.mode,
        base=body.base,
        counts=_counts(seen.counts),
        samples=[_sample(change) for change in seen.samples],
    )


@router.post(
    "/policy-edits",
    status_code=201,
    response_model=EditOut,
    dependencies=[may("ops", "supervisor")],
)
async def begin(
    tx: Transaction, stamp: Stamped, caller: Called, once: AnsweredOnce, body: EditIn
) -> Response:
    """Do it, batch by batch, for the caller's region. Needs an `Idempotency-Key`."""
    edit = await begin_edit(
        tx, stamp, body.policy, body.version, body.mode, body.base, body.reason, caller.region
    )
    return once.answer(_edit(edit))


@router.get("/policy-edits", dependencies=[may("ops", "supervisor")])
async def page(
    tx: Transaction, caller: Called, cursor: Cursor = None, limit: Limit = 50
) -> Page[EditOut]:
    """The edits of the caller's region, newest first."""
    found = await policy_edits.page(tx, caller.region, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[_edit(one) for one in found[:limit]],
        next=cursor_after(last.created_at, last.id) if last else None,
    )


@router.get("/policy-edits/{id}", dependencies=[may("ops", "supervisor")])
async def read(tx: Transaction, caller: Called, id: EditId) -> EditOut:
    """How far it is."""
    return _edit(await policy_edits.get(tx, id, caller.region))
