"""Promises run out by themselves."""

from datetime import datetime

from services.workorders.store import promises
from shared.db import Tx
from shared.stamp import Stamp


async def break_due(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """What was expected and did not come: broken, from the instant it was due."""
    return await promises.break_due(tx, stamp.at, limit)
