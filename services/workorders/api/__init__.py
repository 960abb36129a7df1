"""Door 1, HTTP: work orders and all that belongs to them."""

from fastapi import APIRouter

from services.workorders.api import (
    board,
    calendars,
    clocks,
    closing,
    concerns,
    desk,
    devices,
    escalations,
    field,
    groups,
    orders,
    outages,
    policies,
    protected,
    reasons,
    roster,
    routing,
    shifts,
    stream,
)

router = APIRouter()
for part in (
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
    clocks,
    calendars,
    devices,
    policies,
    escalations,
    protected,
    roster,
    shifts,
    routing,
):
    router.include_router(part.router)
