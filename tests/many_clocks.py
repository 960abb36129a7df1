"""Many orders with a clock each, copied from one: for races, storms and figures."""

from datetime import datetime, timedelta
from typing import Any

# Everything of the model but who it is. Ids are in the order in which they are made.
_ORDERS = """
    INSERT INTO work_orders
    SELECT r.* FROM work_orders w, generate_series(1, $2::int) AS n, LATERAL jsonb_populate_record(
      w, jsonb_build_object('id', uuidv7(), 'case_id', uuidv7(), 'case_number', 'many-' || n)) AS r
    WHERE w.id = $1
    """
_CLOCKS = """
    INSERT INTO clocks
    SELECT r.* FROM clocks c, (SELECT id, row_number() OVER (ORDER BY id) AS n FROM work_orders
        WHERE case_number LIKE 'many-%') AS o,
      LATERAL (SELECT $3::timestamptz + $4::interval * (o.n - 1) AS at) AS due,
      LATERAL jsonb_populate_record(c, jsonb_build_object('id', uuidv7(), 'order_id', o.id,
        'due_at', due.at, 'wake_at', due.at, 'wake', 'breached', 'state', 'armed', 'entries', 1,
        'budget', due.at - c.started_at, 'kind', $2::text)) AS r
    WHERE c.id = $1
    """
_ENTRIES = """
    INSERT INTO clock_entries
    SELECT r.* FROM clock_entries e, clocks c, LATERAL jsonb_populate_record(
      e, jsonb_build_object('clock_id', c.id, 'budget', c.budget, 'due_at', c.due_at)) AS r
    WHERE e.clock_id = $1 AND e.n = 1 AND c.id <> $1 AND c.kind = $2
    """


async def orders_like(connection: Any, order_id: Any, many: int) -> None:
    """`many` more orders like this one. `connection`: asyncpg's own."""
    await connection.execute(_ORDERS, order_id, many)


async def clocks_like(
    connection: Any, clock_id: Any, kind: str, due_at: datetime, apart: timedelta = timedelta(0)
) -> None:
    """On each of those orders an armed clock of this kind, due one after the other."""
    await connection.execute(_CLOCKS, clock_id, kind, due_at, apart)
    await connection.execute(_ENTRIES, clock_id, kind)
