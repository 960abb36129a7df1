"""Who did what to what: one row in the same transaction as the change or the look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db import Tx
from shared.page import number_at
from shared.stamp import Stamp
from shared.tables import audit


@dataclass(frozen=True, slots=True)
class Row:
    """What was done, as it was written down."""

    id: int
    at: datetime
    by: str
    role: str
    action: str
    facts: dict[str, Any]


def record(tx: Tx, stamp: Stamp, action: str, about: UUID | str, **facts: str | int | None) -> None:
    """Leave an audit row. `facts` are ids, words and numbers, never personal data."""
    row = {"at": stamp.at, "by": stamp.by, "role": stamp.role, "action": action}
    tx.leave(audit, row | {"about": str(about), "facts": facts})


async def page(
    tx: Tx, about: UUID | str, actions: str, cursor: str | None, limit: int
) -> Sequence[Row]:
    """What was done to `about`, oldest first, of the actions that begin so."""
    columns = [audit.c[name] for name in Row.__dataclass_fields__]
    query = (
        sa.select(*columns)
        .where(audit.c.about == str(about), audit.c.action.startswith(actions, autoescape=True))
        .where(audit.c.id > number_at(cursor))
        .order_by(audit.c.id)
        .limit(limit)
    )
    return [Row(*row) for row in await tx.execute(query)]
