"""Door 1, HTTP: work orders and all that belongs to them."""

from fastapi import APIRouter

from services.workorders.api import (
    board,
    bulk_jobs,
    calendars,
    clocks,
    closing,
    compensations,
    concerns,
    desk,
    devices,
    escalations,
    export,
    field,
    groups,
    orders,
    outages,
    policies,
    policy_edits,
    promises,
    protected,
    reasons,
    roster,
    routing,
    search,
    shifts,
    stream,
)
from services.workorders.domain.blind import BlindIndex

_PARTS = (
    stream,
    board,
    orders,
    reasons,
    field,
    desk,
    concerns,
    closing,
    outages,
    groups,
    promises,
    compensations,
    clocks,
    calendars,
    devices,
    policies,
    policy_edits,
    bulk_jobs,
    escalations,
    protected,
    roster,
    shifts,
    routing,
)


def router(index: BlindIndex) -> APIRouter:
    """`index`: by which phone numbers are found."""
    whole = APIRouter()
    for part in (search.router(index), export.router(), *(part.router for part in _PARTS)):
        whole.include_router(part)
    return whole
