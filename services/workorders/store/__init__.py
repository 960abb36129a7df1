"""Every query of this service: orders, clocks, and what routing and policies need."""

from services.workorders.store import calendars, clocks, devices, orders, references

__all__ = ["calendars", "clocks", "devices", "orders", "references"]
