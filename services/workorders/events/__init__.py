"""What workorders tells the others: from our words to the published ones."""

from services.workorders.events import clocks, orders, policies

__all__ = ["clocks", "orders", "policies"]
