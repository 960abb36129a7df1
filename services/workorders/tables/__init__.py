"""The workorders database at a glance. Alembic reads this."""

from services.workorders.tables.calendars import calendar_alarms, calendars
from services.workorders.tables.clocks import clocks
from services.workorders.tables.devices import devices
from services.workorders.tables.escalations import digest_windows, escalations
from services.workorders.tables.metadata import metadata
from services.workorders.tables.orders import work_orders
from services.workorders.tables.policies import policies, policy_edits
from services.workorders.tables.roster import teams

__all__ = [
    "calendar_alarms",
    "calendars",
    "clocks",
    "devices",
    "digest_windows",
    "escalations",
    "metadata",
    "policies",
    "policy_edits",
    "teams",
    "work_orders",
]
