"""What a service really asks of PostgreSQL, and how PostgreSQL goes about it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from shared.db import Database

_CUSTOM = "SET LOCAL plan_cache_mode = force_custom_plan"
_ASKS = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT\b.*\bUPDATE)\b", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement as it came to the driver. custom: its transaction has it planned each time."""

    sql: str
    values: tuple[Any, ...]
    custom: bool

    async def plans(
        self, connection: asyncpg.Connection, others: Sequence["Asked"] = ()
    ) -> list["Plan"]:
        """As it is gone about at first and, unless it is planned each time, the sixth time.

        By then PostgreSQL goes over to one plan for any values, if that seems no worse to it. Both
        are run, and undone. others: what was asked the five times before, if it was not the same.
        """
        name = f"asked_{abs(hash(self.sql))}"
        first = await self._followed(connection, name, [])
        if self.custom or not self.values:
            return [first]
        return [first, await self._followed(connection, name, [*(others or [self])] * 5)]

    async def _followed(
        self, connection: asyncpg.Connection, name: str, before: Sequence["Asked"]
    ) -> "Plan":
        undone = connection.transaction()
        await undone.start()
        try:
            await connection.execute(f"PREPARE {name} AS {self.sql}")
            for one in before:
                await connection.execute(f"EXPLAIN EXECUTE {name}{one.arguments()}")
            how = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
            [row] = await connection.fetch(f"{how} EXECUTE {name}{self.arguments()}")
            return Plan(self.sql, len(before) + 1, json.loads(row[0])[0]["Plan"])
        finally:
            await undone.rollback()
            await connection.execute(f"DEALLOCATE {name}")

    def arguments(self) -> str:
        return f"({', '.join(map(_written, self.values))})" if self.values else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was followed when the statement came for the `time`th time."""

    sql: str
    time: int
    root: dict[str, Any]

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            waiting += node.get("Plans", ())
            yield node

    def walked(self) -> set[str]:
        """Tables that were read from one end to the other."""
        return {
            node["Relation Name"]
            for node in self.nodes()
            if node["Node Type"] == "Seq Scan" and node["Actual Loops"]
        }

    def read(self) -> int:
        """Rows that were looked at in tables and indexes, wanted or not."""
        return sum(_rows(node) for node in self.nodes() if "Scan" in node["Node Type"])

    def work(self) -> int:
        """Rows, or pages of 8 kB if those are more; a change also looks into pages to write."""
        changes = any(node["Node Type"] == "ModifyTable" for node in self.nodes())
        pages = self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"]
        return max(self.read(), 0 if changes else int(pages))

    def indexes(self) -> set[str]:
        return {
            node["Index Name"]
            for node in self.nodes()
            if "Index Name" in node and node["Actual Loops"]
        }

    def __str__(self) -> str:
        lines = (" ".join(f"{key}={value}" for key, value in _told(node)) for node in self.nodes())
        return f"{self.time}: {self.sql}\n" + "\n".join(lines)


@contextmanager
def listening_in(database: Database) -> Iterator[list[Asked]]:
    """What is asked meanwhile: rows that are only added are left out."""
    asked: list[Asked] = []
    custom: set[Any] = set()
    watched: list[tuple[Any, Callable[[Any], None]]] = []

    def hear(connection: Any, sql: str, values: Sequence[Any]) -> None:
        if sql == _CUSTOM:
            custom.add(connection)
        elif _ASKS.match(sql):
            asked.append(Asked(sql, tuple(values), connection in custom))

    def through_sqlalchemy(
        connection: Any, cursor: Any, sql: str, values: Any, context: Any, many: bool
    ) -> None:
        raw = connection.connection.driver_connection
        for some in values if many else [values]:
            hear(raw, sql, some)

    def begin(connection: Any) -> None:
        custom.discard(connection.connection.driver_connection)

    def past_sqlalchemy(connection: Any, *_: Any) -> None:
        raw = connection.driver_connection
        if any(raw is known for known, _ in watched):
            return

        def logger(query: Any) -> None:
            hear(raw, query.query, query.args)

        raw.add_query_logger(logger)
        watched.append((raw, logger))

    engine = database.engine.sync_engine
    heard = (
        ("before_cursor_execute", through_sqlalchemy),
        ("checkout", past_sqlalchemy),
        ("begin", begin),
    )
    with ExitStack() as stack:
        for event, listener in heard:
            sa.event.listen(engine, event, listener)
            stack.callback(sa.event.remove, engine, event, listener)
        yield asked
    for raw, logger in watched:
        raw.remove_query_logger(logger)


def _rows(node: dict[str, Any]) -> int:
    each = node.get("Actual Rows", 0)
    each += node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round(each * node["Actual Loops"])


def _told(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    names = (
        "Node Type", "Relation Name", "Index Name", "Index Cond", "Filter", "Sort Key",
        "Actual Rows", "Rows Removed by Filter", "Actual Loops",
    )  # fmt: skip
    yield from ((name, node[name]) for name in names if name in node)


def _written(value: Any) -> str:
    """As a literal that takes the type of its place."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return f"'{value}'"
        case bytes():
            return f"'\\x{value.hex()}'"
        case list() | tuple():
            return _quoted("{" + ",".join(json.dumps(_plain(one)) for one in value) + "}")
        case str() | UUID() | datetime() | date() | timedelta():
            return _quoted(_plain(value))
    raise TypeError(type(value))


def _plain(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} s"
    return value.isoformat() if isinstance(value, date) else str(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
