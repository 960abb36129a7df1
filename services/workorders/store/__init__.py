"""Every query of this service: orders, clocks, and what routing and policies need."""

from services.workorders.store import clocks, orders, references

__all__ = ["clocks", "orders", "references"]
