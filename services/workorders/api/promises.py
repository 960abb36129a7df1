"""What customers were promised, over HTTP: each ETR kept or broken, and how near the ETRs were."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from services.workorders.api.shown import READERS
from services.workorders.domain import sections
from services.workorders.domain.promise import Accuracy, State, accuracy
from services.workorders.store import etrs, promises, references
from services.workorders.store.promises import Wanted
from shared.auth import Called, may
from shared.http import Instant, Shown, Stamped, Transaction
from shared.page import Cursor, Limit, Page, cursor_after

router = APIRouter(prefix="/v1/promises", tags=["promises"])


class PromiseOut(Shown):
    """A time that a customer was told. `settled_at`: when it was kept, broken or withdrawn."""

    id: UUID
    order_id: UUID
    outage_id: UUID | None
    region: str
    kind: str
    promised_at: datetime
    due_at: datetime
    state: State
    settled_at: datetime | None


class NearOut(Shown):
    """Outages by whether power was back near that ETR; `share` of those within; null: none."""

    within: int
    early: int
    late: int
    of: int
    share: float | None


class AccuracyOut(Shown):
    """Of outages that were restored in the time asked for and had an ETR."""

    within_minutes: float
    first: NearOut
    last: NearOut


@router.get("", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    order_id: UUID | None = None,
    outage_id: UUID | None = None,
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[PromiseOut]:
    """Every time that customers of the caller's region were told, newest first."""
    wanted = Wanted(order_id, outage_id, state)
    found = await promises.page(tx, caller.region, wanted, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[PromiseOut.model_validate(one) for one in found[:limit]],
        next=cursor_after(last.promised_at, last.id) if last else None,
    )


@router.get("/accuracy", dependencies=[may(*READERS)])
async def read_accuracy(
    tx: Transaction,
    stamp: Stamped,
    caller: Called,
    since: Instant | None = None,
    until: Instant | None = None,
) -> AccuracyOut:
    """How near the first and the last ETR of each outage were; how near counts is policy."""
    within = sections.accuracy(await references.packs_in_force(tx, stamp.at))
    found = await etrs.expected(tx, caller.region, since, until)
    return AccuracyOut(
        within_minutes=within.total_seconds() / 60,
        first=_near(accuracy([(one.first_etr_at, one.restored_at) for one in found], within)),
        last=_near(accuracy([(one.last_etr_at, one.restored_at) for one in found], within)),
    )


def _near(found: Accuracy) -> NearOut:
    return NearOut(
        within=found.within, early=found.early, late=found.late, of=found.of, share=found.share
    )
