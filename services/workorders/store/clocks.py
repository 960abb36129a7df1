"""Clocks in and out of PostgreSQL. What is due is found by a partial index, claimed row by row."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.workorders.domain.clock import Clock, State, Terms, What
from services.workorders.domain.ledger import Page
from services.workorders.domain.order import WorkOrder
from services.workorders.store import ledgers
from services.workorders.store.terms import NAMES, READ, Key, arrays, key_of, terms_of
from services.workorders.tables import clocks
from shared.db import Tx
from shared.errors import NotFound


class NoSuchClock(NotFound):
    """There is no such clock, or you may not see it."""


class About(NamedTuple):
    """Of the order of a clock, what a fact about the clock says; `said`: its last fact's number."""

    work_order_id: UUID
    case_id: UUID
    case_number: str
    region: str
    team: str | None
    level: int
    version: int
    outage_id: UUID | None
    said: int

    @classmethod
    def of(cls, order: WorkOrder) -> "About":
        return cls(
            work_order_id=order.id,
            case_id=order.case_id,
            case_number=order.case_number,
            region=order.site.region,
            team=order.team,
            level=order.level,
            version=order.version,
            outage_id=order.outage_id,
            said=order.said,
        )

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self._asdict().items() if name != "said"}


# The columns of a clock that it keeps as they are, then those that name its terms.
_PLAIN = (
    "id", "order_id", "kind", "generation", "budget", "started_at", "team", "state", "consumed",
    "running_since", "due_at", "paused_because", "mirrors", "warned", "warned_at", "fired_at",
    "escalated_to", "acknowledged_at", "stopped_at", "wake_at", "wake", "entries", "changed_at",
)  # fmt: skip
_ALL = _PLAIN + NAMES
_SELECT = "SELECT " + ", ".join(f"c.{name}" for name in _PLAIN + READ)
_ITS_ORDER = (
    ", o.id, o.case_id, o.case_number, o.region, o.team, o.level, o.version,"
    " o.outage_id, o.said"
    " FROM clocks c JOIN work_orders o ON o.id = c.order_id"
)
COMPARED = (*_PLAIN, "terms")  # what a rebuild looks at
_STATE, _WAKE = _PLAIN.index("state"), _PLAIN.index("wake")
# What changes when a clock does something by itself.
_FIRED = (
    "id", "state", "warned", "warned_at", "fired_at", "escalated_to", "acknowledged_at", "wake_at",
    "wake", "entries", "changed_at",
)  # fmt: skip

_LOCKED = (
    "WHERE c.order_id = ANY($1::uuid[]) OR c.mirrors = ANY($1::uuid[]) ORDER BY c.id FOR UPDATE"
)
_OF_ORDERS = "WHERE c.order_id = ANY($1::uuid[]) ORDER BY c.started_at, c.due_at, c.id"
_MINE = "WHERE c.id = $1 AND starts_with(o.region, $2)"
_THESE = "WHERE c.id = ANY($1::uuid[]) ORDER BY c.id"
_NEWEST = (
    "SELECT c.id, (SELECT max(generation) FROM clocks k"
    " WHERE k.order_id = c.order_id AND k.kind = c.kind) FROM clocks c WHERE c.id = ANY($1::uuid[])"
)
_A_WHILE = timedelta(milliseconds=100)
# Ordered, or a plan made for any instant at all would read the whole table.
_ANY_DUE = "SELECT 1 FROM clocks WHERE wake_at < $1 ORDER BY wake_at LIMIT 1"
_DUE = "WHERE c.wake_at < $1 ORDER BY c.wake_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED"


def _update(names: Sequence[str]) -> str:
    """The statement that writes these columns of many clocks, the first of them their ids."""
    return (
        f"UPDATE clocks SET {', '.join(f'{name} = u.{name}' for name in names[1:])}"
        f" FROM unnest({arrays(clocks, names)}) AS u({', '.join(names)}) WHERE clocks.id = u.id"
    )


_SAVE, _SAVE_FIRED = _update(_ALL), _update(_FIRED)


def add(tx: Tx, pages: Iterable[Page]) -> None:
    """New clocks, with their ledgers so far."""
    for page in pages:
        tx.leave(clocks, dict(zip(_ALL, _values(page.clock), strict=True)))
        ledgers.add(tx, page.lines)


async def lock_of(tx: Tx, order_ids: Sequence[UUID]) -> list[Clock]:
    """Every clock of these orders, and every one that does as these orders' clocks do."""
    if tx.left(clocks):
        await tx.write_what_was_left()
    return await _read(tx, f"{_SELECT} FROM clocks c {_LOCKED}", list(order_ids))


async def of_orders(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[Clock]]:
    """The clocks of these orders, by order, in the order in which they started."""
    found: dict[UUID, list[Clock]] = {id: [] for id in ids}
    for clock in await _read(tx, f"{_SELECT} FROM clocks c {_OF_ORDERS}", list(ids)):
        found[clock.order_id].append(clock)
    return found


async def get(tx: Tx, id: UUID, region: str) -> tuple[Clock, About]:
    """Raises NoSuchClock, also when its order is another region's."""
    return await _one(tx, f"{_SELECT}{_ITS_ORDER} {_MINE}", id, region)


async def lock(tx: Tx, id: UUID, region: str) -> tuple[Clock, About]:
    """`get`, for update."""
    return await _one(tx, f"{_SELECT}{_ITS_ORDER} {_MINE} FOR UPDATE OF c", id, region)


async def these(tx: Tx, ids: Sequence[UUID]) -> list[tuple[Clock, About]]:
    """These clocks, each with its order."""
    return await _with_orders(tx, f"{_SELECT}{_ITS_ORDER} {_THESE}", list(ids))


async def lock_these(tx: Tx, ids: Sequence[UUID]) -> list[tuple[Clock, About]]:
    """`these`, for update."""
    return await _with_orders(tx, f"{_SELECT}{_ITS_ORDER} {_THESE} FOR UPDATE OF c", list(ids))


async def newest_generations(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, int]:
    """For each of these clocks the last generation of its kind on its order."""
    return {row[0]: row[1] for row in await tx.run(_NEWEST, list(ids))}


async def claim_due(tx: Tx, at: datetime, limit: int) -> list[tuple[Clock, About]]:
    """At most `limit` clocks that wake before `at`, in that order, each with its order.

    One that another transaction holds (its order is just being answered) is left to it. When
    nothing is due, which is seen most often, that costs no transaction.
    """
    if not await tx.read(_ANY_DUE, at):
        return []
    return await _with_orders(tx, f"{_SELECT}{_ITS_ORDER} {_DUE}", at, limit)


async def some_are_late(tx: Tx, at: datetime) -> bool:
    """Clocks that should have done something a while ago: a storm is being drained."""
    return bool(await tx.read(_ANY_DUE, at - _A_WHILE))


async def next_wake(tx: Tx) -> datetime | None:
    [row] = await tx.read("SELECT min(wake_at) FROM clocks WHERE wake_at IS NOT NULL")
    at: datetime | None = row[0]
    return at


async def save(tx: Tx, pages: Iterable[Page]) -> None:
    """Write back locked clocks that were written about, and what was written."""
    changed = [page for page in pages if page.lines]
    await replace(tx, [page.clock for page in changed])
    for page in changed:
        ledgers.add(tx, page.lines)


async def replace(tx: Tx, anew: Sequence[Clock]) -> None:
    """Write these rows as they should be; their ledgers say so already."""
    if anew:
        await tx.run(_SAVE, *map(list, zip(*map(_values, anew), strict=True)))


async def save_fired(tx: Tx, pages: Sequence[Page]) -> None:
    """`save`, for clocks that did something by themselves."""
    anew = [page.clock for page in pages]
    if anew:
        await tx.run(_SAVE_FIRED, *([getattr(clock, name) for clock in anew] for name in _FIRED))
        await ledgers.add_fired(tx, [line for page in pages for line in page.lines])


async def _read(tx: Tx, sql: str, *values: Any) -> list[Clock]:
    rows = await tx.run(sql, *values)
    return [clock for clock, _ in await _clocks(tx, rows)]


async def _one(tx: Tx, sql: str, *values: Any) -> tuple[Clock, About]:
    found = await _with_orders(tx, sql, *values)
    if not found:
        raise NoSuchClock(clock_id=str(values[0]))
    return found[0]


async def _with_orders(tx: Tx, sql: str, *values: Any) -> list[tuple[Clock, About]]:
    rows = await tx.run(sql, *values)
    return [(clock, About(*row[len(_ALL) :])) for clock, row in await _clocks(tx, rows)]


async def _clocks(tx: Tx, rows: Sequence[Any]) -> list[tuple[Clock, Any]]:
    plain, all_of_it = len(_PLAIN), len(_ALL)
    names = {tuple(row[plain:all_of_it]) for row in rows}
    keys = {name: Key(*name) for name in names}
    known = await terms_of(tx, keys.values())
    return [(_clock(row, known[keys[tuple(row[plain:all_of_it])]]), row) for row in rows]


def _clock(row: Any, terms: Terms) -> Clock:
    values = dict(zip(_PLAIN, row, strict=False))
    values["state"] = State(row[_STATE])
    values["wake"] = What(row[_WAKE]) if row[_WAKE] is not None else None
    return Clock(terms=terms, **values)


def _values(clock: Clock) -> list[Any]:
    return [getattr(clock, name) for name in _PLAIN] + list(key_of(clock.terms))
