"""The workorders database at a glance. Alembic reads this."""

from services.workorders.tables.board import on_board
from services.workorders.tables.bulk_jobs import bulk_items, bulk_jobs
from services.workorders.tables.calendars import calendar_alarms, calendars
from services.workorders.tables.clocks import clock_corrections, clock_entries, clocks
from services.workorders.tables.devices import devices
from services.workorders.tables.escalations import digest_windows, escalations
from services.workorders.tables.metadata import metadata
from services.workorders.tables.orders import work_orders
from services.workorders.tables.outages import (
    group_looks,
    outage_decisions,
    outage_devices,
    outage_etrs,
    outages,
)
from services.workorders.tables.policies import policies, policy_edits
from services.workorders.tables.promises import compensations, guarantees, promises
from services.workorders.tables.protected import protected_customers
from services.workorders.tables.roster import (
    handover_items,
    handovers,
    members,
    representatives,
    shifts,
    teams,
)
from services.workorders.tables.routing import routing_decisions, routing_rules
from services.workorders.tables.search import order_search
from services.workorders.tables.watching import watch_requests

__all__ = [
    "bulk_items",
    "bulk_jobs",
    "calendar_alarms",
    "calendars",
    "clock_corrections",
    "clock_entries",
    "clocks",
    "compensations",
    "devices",
    "digest_windows",
    "escalations",
    "group_looks",
    "guarantees",
    "handover_items",
    "handovers",
    "members",
    "metadata",
    "on_board",
    "order_search",
    "outage_decisions",
    "outage_devices",
    "outage_etrs",
    "outages",
    "policies",
    "policy_edits",
    "promises",
    "protected_customers",
    "representatives",
    "routing_decisions",
    "routing_rules",
    "shifts",
    "teams",
    "watch_requests",
    "work_orders",
]
