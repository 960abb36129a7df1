"""Leases, waits and doubts end, and early receipts find their message, with nobody there."""

from collections.abc import Sequence
from datetime import datetime

from services.notify import store, use_cases
from services.notify.domain.message import Patience
from shared.db import Tx
from shared.due import Timer
from shared.stamp import Stamp


def lapsing(patience: Patience) -> Timer:
    """The timer of what no news will end: see `Message.overdue`."""

    async def fire(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
        return await use_cases.lapse(tx, stamp, patience, limit)

    return Timer("lapsing", fire, store.next_watched)


def early_receipts(patience: Patience) -> Timer:
    """The timer of receipts that came before the message they are about."""

    async def fire(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
        return await use_cases.hear_early(tx, stamp, patience, limit)

    return Timer("early-receipts", fire, store.next_early)
