"""Who did what to what: one row in the same transaction as the change or the look."""

from uuid import UUID

from shared.db import Tx
from shared.stamp import Stamp
from shared.tables import audit


def record(tx: Tx, stamp: Stamp, action: str, about: UUID | str, **facts: str | int | None) -> None:
    """Leave an audit row. `facts` are ids, words and numbers, never personal data."""
    row = {"at": stamp.at, "by": stamp.by, "role": stamp.role, "action": action}
    tx.leave(audit, row | {"about": str(about), "facts": facts})
