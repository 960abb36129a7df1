"""An open transaction. Whoever opened it (a door) ends it; nobody else may."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

OUTBOX_BELL, FEED_BELL = "outbox", "feed"
_GONE = (PoolTimeout, OSError, TimeoutError, InterfaceError, asyncpg.InterfaceError)
# Connection, idle too long, deadlock, resources, a lock too long held, shutdown, the system itself.
_PASSING = ("08", "25P", "40", "53", "55P03", "57P", "58")
CHINA = ZoneInfo("Asia/Shanghai")
_MANY = 20  # rows of one table: from there on COPY is worth its round trips
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class Tx:
    """A transaction in progress: ask it, change with it, leave rows in it.

    Rows that are *left* (events, audit, kept answers, what nobody reads before the commit) are
    written just before it in one statement: part of the transaction like any other.

    `memory`: what this process keeps of this database. Only what is committed and never changes.
    `ahead`: what was asked at once for many that come next; gone as soon as something is written.
    `zone`: the utility's own; a day begins at its midnight.
    """

    __slots__ = ("_connection", "_left", "_raw", "ahead", "bells", "memory", "zone")

    def __init__(
        self,
        connection: AsyncConnection,
        memory: dict[Hashable, Any] | None = None,
        zone: ZoneInfo = CHINA,
    ) -> None:
        self._connection, self.zone = connection, zone
        self.memory: dict[Hashable, Any] = {} if memory is None else memory
        self.ahead: dict[Hashable, Any] = {}
        self._raw: Any = None
        self._left: dict[sa.Table, list[dict[str, Any]]] = {}
        self.bells: set[str] = set()

    async def execute(
        self,
        statement: sa.Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return await self._connection.execute(statement, parameters)

    def day_of(self, at: datetime) -> date:
        """The date on the utility's own clock."""
        return at.astimezone(self.zone).date()

    def leave(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Write `row` when the door commits."""
        self._left.setdefault(table, []).append(row)

    def left(self, table: sa.Table) -> Sequence[Mapping[str, Any]]:
        """The rows of `table` that wait to be written: no query sees them yet."""
        return self._left.get(table, ())

    def ring(self, bell: str) -> None:
        """After the commit, wake the loop of this process that waits for `bell`."""
        self.bells.add(bell)

    async def run(self, sql: str, *values: Any) -> Sequence[Any]:
        """A statement in PostgreSQL's own words (`$1`, `$2`), for the few hot paths. Its rows."""
        result = await self._connection.exec_driver_sql(sql, values)
        return result.all() if result.returns_rows else ()

    async def read(self, sql: str, *values: Any) -> list[Any]:
        """`run` for a SELECT, without the cost of a transaction that it does not need.

        It changes and locks nothing, so it needs no transaction: while nothing else has begun one,
        it runs without, and a use case that only reads and leaves rows commits by its one INSERT.
        """
        if not sql.lstrip().startswith("SELECT") or "FOR UPDATE" in sql:
            raise ValueError("only what changes and locks nothing")
        rows: list[Any] = await (await self._driver()).fetch(sql, *values)
        return rows

    async def _driver(self) -> Any:
        """The asyncpg connection itself: in the transaction, if `execute` has begun one."""
        if self._raw is None:
            self._raw = (await self._connection.get_raw_connection()).driver_connection
        return self._raw

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[None]:
        """What is done inside stands or falls by itself: an exception undoes it and nothing else.

        What it leaves is written at its end, not at that of the transaction, so that a row which
        can't be written undoes this part too. Locks taken by a part that was undone are free again.
        """
        await self.write_what_was_left()
        bells = set(self.bells)
        try:
            async with self._connection.begin_nested():
                yield
                await self.write_what_was_left()
        except BaseException:
            self._left.clear()
            self.ahead.clear()
            self.bells = bells
            raise

    async def write_what_was_left(self) -> None:
        """The door's last step before the commit: all of it in one statement, which is atomic.

        A table's `info["written_by"]` names the column whose order its rows are written in: that of
        a unique key which transactions compete for, so that no two wait for each other. Many rows,
        inside of a transaction that has begun, are copied, table by table.
        """
        if not self._left:
            return
        self.ahead.clear()
        driver = await self._driver()
        if max(map(len, self._left.values())) >= _MANY and driver.is_in_transaction():
            await self._copy_what_was_left()
        if not self._left:
            return
        shape: list[_Part] = []
        values: list[Any] = []
        for table, rows in self._left.items():
            if key := table.info.get("written_by"):
                rows.sort(key=lambda row: row[key] or "")
            names = tuple(rows[0])
            shape.append((table, names, len(rows) == 1))
            if len(rows) == 1:
                values += [_plain(value) for value in rows[0].values()]
            else:
                values += [[_plain(row[name]) for row in rows] for name in names]
        await driver.execute(_insert_all(tuple(shape)), *values)
        self._left.clear()

    async def _copy_what_was_left(self) -> None:
        """What can be copied; the rest stays left."""
        for table in [table for table in self._left if _copied(table)]:
            rows = self._left.pop(table)
            if key := table.info.get("written_by"):
                rows.sort(key=lambda row: row[key] or "")
            names = tuple(rows[0])
            await self.copy(table, names, map(_record(table, names), rows))

    async def copy(
        self, table: sa.Table, names: Sequence[str], records: Iterable[Sequence[Any]]
    ) -> None:
        """Many new rows, at once: in two thirds of the time that INSERT takes.

        Only in a transaction that has begun: by itself it would stand whatever comes after.
        """
        driver = await self._driver()
        assert driver.is_in_transaction()
        await driver.copy_records_to_table(table.name, records=records, columns=names)


@lru_cache
def _copied(table: sa.Table) -> bool:
    """Not where the driver knows no binary form of a column."""
    return not any(isinstance(column.type, TSVECTOR) for column in table.c)


@lru_cache(maxsize=256)
def _record(
    table: sa.Table, names: tuple[str, ...]
) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """A row of these columns as asyncpg wants it."""
    values = itemgetter(*names)
    documents = [n for n, name in enumerate(names) if isinstance(table.c[name].type, sa.JSON)]

    def record(row: Mapping[str, Any]) -> Sequence[Any]:
        found = list(values(row))
        for n in documents:
            found[n] = _plain(found[n])
        return found

    return record


_Part = tuple[sa.Table, tuple[str, ...], bool]  # into which columns of what; only one row?


@lru_cache(maxsize=256)
def _insert_all(shape: tuple[_Part, ...]) -> str:
    """One statement that inserts into each of these tables.

    One row by its values; more by an array a column, so that the text, and with it the prepared
    plan, does not depend on how many.
    """
    parts, number = [], 0
    for table, names, single in shape:
        slots = []
        for name in names:
            number += 1
            slots.append(f"${number}::{table.c[name].type.compile(_DIALECT)}")
        columns = ", ".join(f'"{name}"' for name in names)
        rows = f"SELECT {', '.join(slots)}"
        if not single:
            rows = f"SELECT * FROM unnest({', '.join(slot + '[]' for slot in slots)})"
        parts.append(f"INSERT INTO {table.name} ({columns}) {rows}")
    inner = ", ".join(f"part_{n} AS ({part})" for n, part in enumerate(parts[:-1]))
    return f"WITH {inner} {parts[-1]}" if inner else parts[-1]


def _plain(value: Any) -> Any:
    """As asyncpg wants it: JSON as text, everything else as it is."""
    return to_json(value).decode() if value.__class__ in (dict, list) else value


Begin = Callable[[], AbstractAsyncContextManager[Tx]]


class Database:
    """One service's database: transactions for its doors, bells for its loops."""

    def __init__(self, url: str, pool_size: int = 16, zone: ZoneInfo = CHINA) -> None:
        self.engine, self.zone = _engine(url, pool_size), zone
        self._bells: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._memory: dict[Hashable, Any] = {}

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Commit at the end, roll back on any exception, then ring what asked to be rung."""
        async with self.engine.begin() as connection:
            tx = Tx(connection, self._memory, self.zone)
            yield tx
            await tx.write_what_was_left()
        for bell in tx.bells:
            self._bells[bell].set()

    async def wait_for(self, bell: str, seconds: float) -> None:
        """Sleep until `bell` rings, at most `seconds`."""
        event = self._bells[bell]
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        event.clear()

    async def close(self) -> None:
        await self.engine.dispose()


def is_outage(error: BaseException) -> bool:
    """True when the database or the way to it is at fault, not the work: never a poison message."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    passing = (sqlstate(error) or "").startswith(_PASSING)
    return passing or isinstance(error, _GONE)


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code for what went wrong, whoever reports it."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None)
    return getattr(error, "sqlstate", None)


def asyncpg_url(url: str) -> str:
    """SQLAlchemy's spelling of a plain `postgresql://` address."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        asyncpg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "timeout": 3,
            "command_timeout": 10,
            "server_settings": {
                "statement_timeout": "10000",
                "lock_timeout": "5000",
                "idle_in_transaction_session_timeout": "15000",
                "jit": "off",
                "random_page_cost": "1.1",  # what is asked for often is in memory, not on a disk
                "timezone": "UTC",
            },
        },
    )

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def not_a_dead_one(connection: Any, record: Any, proxy: Any) -> None:
        """A killed backend is noticed here without a round trip; the pool makes a new one."""
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine
