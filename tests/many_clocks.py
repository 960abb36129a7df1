"""Many orders with a clock each, copied from one: for races, storms and figures."""

from datetime import datetime, timedelta
from typing import Any

from services.workorders.main import WorkordersSettings, service
from services.workorders.store.teams import add_teams
from shared.db import Database
from shared.inbox import Tries, deliver
from shared.stamp import Stamp
from tests.service.given import TEAMS, accepted, as_message

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


async def one_order(settings: Any, at: datetime) -> tuple[Any, Any]:
    """A fault report in an empty database, with the policies of this repository.

    The ids of its order and of its arrival clock: models for the others.
    """
    its_own = WorkordersSettings(postgres=settings.postgres, jwks=settings.jwks)
    database, part = Database(its_own.database_url("workorders"), pool_size=2), service(its_own)
    assert part.on_start is not None
    async with database.begin() as tx:
        await part.on_start(tx, Stamp(by="start", at=at))
        await add_teams(tx, TEAMS)
    message = as_message(accepted(at=at, promises=()))
    await deliver(database.begin, part.heard, [message], at, Tries())
    async with database.begin() as tx:
        [found] = await tx.run("SELECT order_id, id FROM clocks WHERE kind = 'arrival'")
    await database.close()
    return found.order_id, found.id
