"""What workorders tells the others: from our words to the published ones."""

from services.workorders.events import calendars, clocks, escalations, orders, outages, policies

__all__ = ["calendars", "clocks", "escalations", "orders", "outages", "policies"]
