"""What a bulk job looks like from outside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from services.workorders.api.shown import DESK
from services.workorders.domain.bulk import Action, BulkJob, Outcome, State
from shared.auth import Caller
from shared.http import Shown


class JobCountsOut(Shown):
    total: int
    waiting: int
    done: int
    refused: int
    unchanged: int
    cancelled: int


class JobOut(Shown):
    """`body` and `filter` are shown to who asked, and to dispatchers and supervisors.

    undoes: the job that this one takes back. undone_by: the job that takes this one back.
    `finished_at` null: it goes on.
    """

    id: UUID
    href: str
    action: Action
    body: dict[str, JsonValue] | None
    filter: dict[str, JsonValue] | None
    state: State
    counts: JobCountsOut
    region: str
    by: str
    role: str
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str | None
    finished_at: datetime | None
    undoes: UUID | None
    undone_by: UUID | None


class JobItemOut(Shown):
    """`problem`: why it was refused or unchanged, as the route for one order would answer."""

    number: int
    order_id: UUID
    expected: int | None
    outcome: Outcome
    problem: dict[str, JsonValue] | None
    at: datetime | None


_SAME = (
    "id", "action", "state", "region", "by", "role", "created_at", "cancelled_at", "cancelled_by",
    "finished_at", "undoes", "undone_by",
)  # fmt: skip


def shown(job: BulkJob, caller: Caller) -> JobOut:
    known = caller.subject == job.by or caller.role in DESK
    return JobOut(
        **{name: getattr(job, name) for name in _SAME},
        href=f"/v1/bulk-jobs/{job.id}",
        body=_plain(job.body) if known else None,
        filter=_plain(job.chosen) if known else None,
        counts=JobCountsOut.model_validate(job.counts),
    )


def _plain(words: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if words is None else dict(words)
