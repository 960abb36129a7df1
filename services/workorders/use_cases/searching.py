"""Looking for orders: whoever does so is on record, what was looked for is not."""

from services.workorders.domain.blind import BlindIndex
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.search import read_query
from services.workorders.store import search
from shared.audit import record
from shared.db import Tx
from shared.stamp import Stamp


async def by_words(
    tx: Tx, stamp: Stamp, said: str, region: str, *, cursor: str | None, limit: int
) -> list[WorkOrder]:
    """Raises NothingToSearch."""
    query = read_query(said)
    found = await search.by_words(tx, query, region, cursor=cursor, limit=limit)
    record(tx, stamp, "orders.searched", "words", terms=len(query.terms), found=len(found))
    return found


async def by_phone(
    tx: Tx,
    stamp: Stamp,
    index: BlindIndex,
    phone: str,
    region: str,
    *,
    cursor: str | None,
    limit: int,
) -> list[WorkOrder]:
    """The index stands in the audit: who has the key can ask who looked for a number.

    Raises NotAPhoneNumber.
    """
    blind = index.of(phone)
    found = await search.by_phone(tx, blind, region, cursor=cursor, limit=limit)
    record(tx, stamp, "orders.searched", "phone", index=blind.hex(), found=len(found))
    return found
