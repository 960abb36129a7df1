"""Orders by the dozen, straight into the tables: for lists, where only what they show matters."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.workorders.tables import clocks, work_orders
from shared.db import Tx
from tests.conftest import NINE

_AGO = NINE - timedelta(hours=3)


def id_of(number: int) -> UUID:
    return UUID(int=0x019A_9F3A_5C00_7000_8000_0000_0000_0000 + number)


def order(tx: Tx, number: int, **changes: Any) -> UUID:
    """An order of that number, opened so many seconds after six o'clock."""
    id = id_of(number)
    row = {
        "id": id,
        "case_id": id,
        "case_number": f"2611-2000-{number:04}-00",
        "case_type": "fault_report",
        "region": "320505",
        "area": "urban",
        "address": "临湖区学府路12号3室",
        "description": "整栋楼停电",
        "account_no": "5050000001",
        "transformer": None,
        "received_at": _AGO + timedelta(seconds=number),
        "opened_at": _AGO + timedelta(seconds=number),
        "status": "dispatched",
        "level": 1,
        "team": "LH-1",
        "team_name": "临湖一队",
        "routed_because": [],
        "handler": None,
        "priority": 0,
        "supervised": False,
        "version": 1,
    }
    tx.leave(work_orders, row | changes)
    return id


def clock(tx: Tx, number: int, kind: str, due_at: datetime | None, state: str = "armed") -> None:
    """A clock of the order of that number; `stopped` when its state says so."""
    stopped = NINE if state in ("met", "cancelled") else None
    row = {
        "id": UUID(int=id_of(number).int + hash_of(kind)),
        "order_id": id_of(number),
        "kind": kind,
        "generation": 1,
        "promised": kind == "arrival",
        "policy": "sgcc-2022",
        "policy_version": "2022.1",
        "calendar": "always",
        "calendar_version": 1,
        "stops": ["arrived"],
        "budget": timedelta(hours=1),
        "started_at": _AGO,
        "state": state,
        "consumed": timedelta(0),
        "due_at": due_at,
        "stopped_at": stopped,
        "warned": 0,
        "entries": 1,
        "changed_at": _AGO,
    }
    tx.leave(clocks, row)


def hash_of(kind: str) -> int:
    return int.from_bytes(kind.encode()[:6], "big") << 16
