"""What the gateway reports later: kept as it came, folded into what is known."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notify import store
from services.notify.domain.lattice import meaning
from services.notify.domain.message import Patience
from services.notify.store import Kept, Receipt
from services.notify.use_cases.saving import save
from shared.db import Tx
from shared.stamp import Stamp

_FIRST_LOOK = timedelta(seconds=1)


async def hear(tx: Tx, stamp: Stamp, heard: Sequence[Receipt], patience: Patience) -> None:
    """Keep receipts, also of unknown messages, and let the new ones tell us what they can."""
    fresh = await store.keep_receipts(tx, heard)
    early = await _fold(tx, stamp, fresh, patience)
    await store.try_later(tx, [(kept.id, stamp.at + _FIRST_LOOK) for kept in early])


async def hear_early(tx: Tx, stamp: Stamp, patience: Patience, limit: int) -> list[datetime]:
    """Look again for the messages of receipts that came before them. Returns when each was due.

    Less and less often; never more once no receipt is waited for.
    """
    due = await store.lock_early(tx, stamp.at, limit)
    early = {kept.id for kept in await _fold(tx, stamp, due, patience)}

    def again(kept: Kept) -> datetime | None:
        age = stamp.at - kept.receipt.received_at
        return stamp.at + max(age, _FIRST_LOOK) if age < patience.receipt else None

    await store.try_later(tx, [(k.id, again(k) if k.id in early else None) for k in due])
    return [kept.retry_at for kept in due if kept.retry_at is not None]


async def _fold(tx: Tx, stamp: Stamp, kept: Sequence[Kept], patience: Patience) -> list[Kept]:
    """What receipts say of their messages, under each message's lock. Returns those without one."""
    before = await store.lock(tx, [one.receipt.message_id for one in kept])
    now, early = dict(before), []
    for one in kept:
        receipt = one.receipt
        if (message := now.get(receipt.message_id)) is None:
            early.append(one)
            continue
        status = meaning(receipt.code, receipt.reply)
        heard = message.hear(status, receipt.received_at, patience, receipt.number)
        now[message.id] = heard
    await save(tx, stamp, before.values(), now.values())
    return early
