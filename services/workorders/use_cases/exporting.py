"""Exports of orders: who took what out, and why, is on record before the first line leaves."""

from dataclasses import fields
from uuid import UUID

from services.workorders.store.lists import Wanted
from shared.audit import record
from shared.db import Tx
from shared.stamp import Stamp


def begin(tx: Tx, stamp: Stamp, id: UUID, wanted: Wanted, purpose: str, form: str) -> None:
    asked = ((field.name, getattr(wanted, field.name)) for field in fields(wanted))
    told = " ".join(f"{name}={value}" for name, value in asked if value is not None)
    record(tx, stamp, "orders.export-begun", id, form=form, purpose=purpose, wanted=told)


def end(tx: Tx, stamp: Stamp, id: UUID, form: str, rows: int, *, whole: bool) -> None:
    """`rows`: how many may have reached the reader; of a broken one the last page is counted."""
    action = "orders.exported" if whole else "orders.export-broken-off"
    record(tx, stamp, action, id, form=form, rows=rows)
