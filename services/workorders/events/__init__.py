"""What workorders tells the others: from our words to the published ones."""

from services.workorders.events import calendars, clocks, orders, policies

__all__ = ["calendars", "clocks", "orders", "policies"]
