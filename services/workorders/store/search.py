"""Orders by their words, or by the phone that called about them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.search import Query, folded, lexemes
from services.workorders.store.lists import plan_for_these
from services.workorders.store.rows import order_of
from services.workorders.tables import order_search, work_orders
from shared.db import Tx
from shared.http import region_scope
from shared.page import after

_REGION = "@"  # no word begins so: a prefix of the region's code, to narrow the index by


def add(tx: Tx, order: WorkOrder, phone: bytes | None) -> None:
    """Let a new order be found, from its own transaction on."""
    texts = (order.case_number, order.site.address, order.asked.description)
    region = order.site.region
    known = lexemes(*texts) | {_REGION + region[:n] for n in range(1, len(region) + 1)}
    row = {
        "order_id": order.id,
        "opened_at": order.opened_at,
        "lexemes": " ".join(f"'{lexeme}'" for lexeme in sorted(known)),
        "folded": folded(*texts),
        "phone": phone,
    }
    tx.leave(order_search, row)


async def by_words(
    tx: Tx, query: Query, region: str, *, cursor: str | None, limit: int
) -> list[WorkOrder]:
    """Those in whose number, address or description all terms stand, newest first."""
    its = order_search.c
    asked = query.lexemes + (f" & '{_REGION}{region}'" if region else "")
    has = its.lexemes.bool_op("@@")(sa.cast(asked, TSQUERY))
    stands = (sa.func.strpos(its.folded, term) > 0 for term in query.terms)
    return await _found(tx, (has, *stands), region, cursor, limit)


async def by_phone(
    tx: Tx, phone: bytes, region: str, *, cursor: str | None, limit: int
) -> list[WorkOrder]:
    """Newest first."""
    return await _found(tx, (order_search.c.phone == phone,), region, cursor, limit)


async def _found(
    tx: Tx,
    where: tuple[sa.ColumnElement[bool], ...],
    region: str,
    cursor: str | None,
    limit: int,
) -> list[WorkOrder]:
    its, order = order_search.c, work_orders.c
    query = (
        sa.select(work_orders)
        .join(order_search, its.order_id == order.id)
        .where(*where, region_scope(order.region, region))
        .where(after(its.opened_at, its.order_id, cursor))
        .order_by(its.opened_at.desc(), its.order_id.desc())
        .limit(limit)
    )
    await plan_for_these(tx)
    return [order_of(row) for row in await tx.execute(query)]
