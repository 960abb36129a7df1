"""Bulk jobs over HTTP: one action on many orders, with a result for each."""

from fastapi import APIRouter, Response

from services.workorders.api.bulk_asked import ANYBODY, ROLES, JobIn, UndoIn
from services.workorders.api.bulk_shown import JobItemOut, JobOut, shown
from services.workorders.api.wanted import Looking
from services.workorders.domain.bulk import Action, JobId, Outcome
from services.workorders.store import bulk_jobs
from services.workorders.use_cases import bulk_jobs as use_cases
from shared.auth import Called, Caller, may
from shared.errors import Forbidden
from shared.http import Stamped, Transaction
from shared.idempotency import AnsweredOnce
from shared.page import Cursor, Limit, Page, cursor_after, cursor_of

router = APIRouter(prefix="/v1", tags=["bulk jobs"])


def _check(caller: Caller, action: Action) -> None:
    """Who may not do it to one order may not do it to many. Raises Forbidden."""
    if caller.role not in ROLES[action]:
        raise Forbidden(role=caller.role, roles_that_may=list(ROLES[action]))


@router.post("/bulk-jobs", status_code=201, response_model=JobOut, dependencies=[may(*ANYBODY)])
async def begin(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    sight: Looking,
    once: AnsweredOnce,
    body: JobIn,
) -> Response:
    """Do this to these orders, or to those that a filter finds now. Needs an `Idempotency-Key`.

    The worker does it; `href` is where to look how far it is. Each order is asked as by the route
    of that name for one order, with the caller's role and region: what is refused there is refused
    here, item by item.
    """
    _check(caller, body.action)
    what = body.body.model_dump(mode="json")
    if body.filter is not None:
        chosen = body.filter.model_dump(mode="json", exclude_none=True, by_alias=True)
        wanted = body.filter.wanted()
        job = await use_cases.begin_found(tx, stamp, sight, body.action, what, wanted, chosen)
    else:
        named = [(one.id, one.version) for one in body.orders or ()]
        job = await use_cases.begin(tx, stamp, caller.region, body.action, what, named)
    return once.answer(shown(job, caller))


@router.get("/bulk-jobs", dependencies=[may(*ANYBODY)])
async def page(
    tx: Transaction, caller: Called, cursor: Cursor = None, limit: Limit = 50
) -> Page[JobOut]:
    """The jobs of the caller's region, newest first."""
    found = await bulk_jobs.page(tx, caller.region, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[shown(one, caller) for one in found[:limit]],
        next=cursor_after(last.created_at, last.id) if last else None,
    )


@router.get("/bulk-jobs/{id}", dependencies=[may(*ANYBODY)])
async def read(tx: Transaction, caller: Called, id: JobId) -> JobOut:
    """How far it is."""
    return shown(await bulk_jobs.get(tx, id, caller.region), caller)


@router.get("/bulk-jobs/{id}/items", dependencies=[may(*ANYBODY)])
async def items(
    tx: Transaction,
    caller: Called,
    id: JobId,
    outcome: Outcome | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[JobItemOut]:
    """How each order ended, in the order of the job; what was refused has its problem."""
    await bulk_jobs.get(tx, id, caller.region)
    found = await bulk_jobs.items(tx, id, outcome, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[JobItemOut.model_validate(one) for one in found[:limit]],
        next=cursor_of(last.number) if last else None,
    )


@router.post("/bulk-jobs/{id}/cancellation", dependencies=[may(*ANYBODY)])
async def cancel(tx: Transaction, stamp: Stamped, caller: Called, id: JobId) -> JobOut:
    """What has not had its turn stays as it is. What was done stays done."""
    job = await bulk_jobs.get(tx, id, caller.region)
    _check(caller, job.action)
    return shown(await use_cases.cancel(tx, stamp, id, caller.region), caller)


@router.post(
    "/bulk-jobs/{id}/undo", status_code=201, response_model=JobOut, dependencies=[may(*ANYBODY)]
)
async def undo(
    tx: Transaction, stamp: Stamped, caller: Called, id: JobId, once: AnsweredOnce, body: UndoIn
) -> Response:
    """Another job that takes back what this one did, where that has an exact opposite.

    Not for ever: the rules say how long after its end. Needs an `Idempotency-Key`.
    """
    job = await bulk_jobs.get(tx, id, caller.region)
    _check(caller, job.action)
    undoing = await use_cases.undo(tx, stamp, id, caller.region, body.because)
    return once.answer(shown(undoing, caller))
