"""Every query of this service: orders, clocks, and what routing and policies need."""

from services.workorders.store import (
    calendars,
    clocks,
    devices,
    escalations,
    orders,
    policies,
    references,
)

__all__ = [
    "calendars",
    "clocks",
    "devices",
    "escalations",
    "orders",
    "policies",
    "references",
]
