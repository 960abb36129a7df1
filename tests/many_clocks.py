"""Many orders with clocks, copied from one: for races, storms and figures."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.workorders.main import WorkordersSettings, service
from services.workorders.store.teams import add_teams
from services.workorders.tables import clock_entries, clocks, work_orders
from shared.db import Database
from shared.inbox import Tries, deliver
from shared.stamp import Stamp
from tests.service.given import TEAMS, accepted, as_message


def _copied(table: sa.Table, **other: str) -> str:
    """INSERT .. SELECT everything of the model `m`, but for what is `other`."""
    names = [column.name for column in table.columns]
    values = (other.get(name, f"m.{name}") for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)}"


_ORDERS = (
    _copied(
        work_orders,
        id="uuidv7()",
        case_id="uuidv7()",
        case_number="'many-' || n",
        leads_until="NULL",  # nobody follows them
        said="0",  # nothing was
    )
    + " FROM work_orders m, generate_series(1, $2::int) AS n WHERE m.id = $1"
)
_CLOCKS = (
    _copied(
        clocks,
        id="uuidv7()",
        order_id="o.id",
        kind="$2::text",
        budget="d.at - m.started_at",
        due_at="d.at",
        wake_at="d.at",
        wake="'breached'",
    )
    + " FROM clocks m, (SELECT id, row_number() OVER (ORDER BY id) AS n FROM work_orders"
    " WHERE case_number LIKE 'many-%' ORDER BY id LIMIT $5) AS o,"
    " LATERAL (SELECT $3::timestamptz + $4::interval * (o.n - 1) AS at) AS d WHERE m.id = $1"
)
_ENTRIES = (
    _copied(clock_entries, clock_id="c.id", budget="c.budget", due_at="c.due_at")
    + " FROM clock_entries m, clocks c"
    " WHERE m.clock_id = $1 AND m.n = 1 AND c.id <> $1 AND c.kind = $2"
)


async def orders_like(connection: Any, order_id: Any, many: int) -> None:
    """`many` more orders like this one. `connection`: asyncpg's own."""
    await connection.execute(_ORDERS, order_id, many, timeout=600)


async def clocks_like(
    connection: Any,
    clock_id: Any,
    kind: str,
    due_at: datetime,
    apart: timedelta = timedelta(0),
    most: int | None = None,
) -> None:
    """On each (or the first `most`) of those orders an armed clock of this kind, with its ledger.

    One is due after the other.
    """
    await connection.execute(_CLOCKS, clock_id, kind, due_at, apart, most, timeout=600)
    await connection.execute(_ENTRIES, clock_id, kind, timeout=600)


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
