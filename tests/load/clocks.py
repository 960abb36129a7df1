"""A million armed clocks: how late they fire, how fast a storm is drained; a queue as a peer.

Lateness is seen from outside: when a watcher finds the event, after the commit, against the due
instant; the watcher itself looks every few milliseconds.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.policy import Fact
from services.workorders.store import orders, references
from services.workorders.timers import timers
from services.workorders.use_cases import clocks
from shared.db import Database
from shared.due import fire_due
from shared.ids import new_id
from shared.stamp import Stamp
from tests.load import procrastinating
from tests.load.figures import Figure, median_of
from tests.load.stage import Stage, a_port, stage
from tests.many_clocks import clocks_like, one_order, orders_like

_ARMED, _KINDS = 1_000_000, 4
_WORKERS = 2  # one would do; a second takes over when it dies, and helps in a storm
_STORM, _STEADY, _PER_S = 50_000, 10_000, 500
_POLLS, _ARMINGS = 300, 300
_EARLY, _LOOK, _BACK = timedelta(seconds=8), 0.004, 2_000
_MANY = "SELECT count(*) FROM outbox WHERE seq > $1"
_STORMS = f"{_MANY} AND envelope LIKE '%clock-breached%' AND envelope LIKE '%\"storm\"%'"
_NEW = "SELECT seq, envelope FROM outbox WHERE seq > $1 ORDER BY seq"


def measure() -> list[Figure]:
    with stage() as set_up:
        set_up.migrate("workorders")
        model = asyncio.run(_fill(set_up))
        figures = asyncio.run(_alone(set_up))
        for number in range(_WORKERS):
            set_up.start("workorders", "worker", a_port(), WATTLINE_WORKER_NAME=f"w-{number}")
        figures += asyncio.run(_with_workers(set_up, model))
        set_up.stop_children()
        peers = procrastinating.measure(set_up, _ARMED)
    return [*_compared(figures, peers), *peers]


def _compared(figures: Sequence[Figure], peers: Sequence[Figure]) -> list[Figure]:
    """The empty poll as a part of what the peer takes for its own."""
    [peer] = [one for one in peers if one.name == "procrastinate_empty_fetch_ms"]
    poll = next(one for one in figures if one.name == "clocks_empty_poll_ms")
    ratio = {"ratio": round(poll.value / peer.value, 4), "ratio_to": peer.name}
    rest = [one for one in figures if one is not poll]
    return [median_of(poll.name, poll.samples, poll.unit, **ratio), *rest]


async def _fill(set_up: Stage) -> tuple[Any, Any]:
    """A million clocks that are due one after the other from tomorrow on."""
    model = await one_order(set_up.settings, datetime.now(UTC))
    connection = await asyncpg.connect(set_up.url("workorders"))
    await orders_like(connection, model[0], _ARMED // _KINDS)
    tomorrow, apart = datetime.now(UTC) + timedelta(days=1), timedelta(milliseconds=20)
    for kind in range(_KINDS):
        await clocks_like(connection, model[1], f"waiting-{kind}", tomorrow, apart)
    await connection.execute("VACUUM (ANALYZE) clocks, clock_entries, work_orders", timeout=600)
    await connection.close()
    return model


async def _alone(set_up: Stage) -> list[Figure]:
    """What one process pays for looking, and an order for its clocks."""
    database = Database(set_up.url("workorders"), pool_size=2)
    now = datetime.now(UTC)
    polls = await _timed(_POLLS, lambda: fire_due(database, timers[0], now))
    figures = [median_of("clocks_empty_poll_ms", polls, "ms")]
    figures.append(await _arming(database))
    await database.close()
    return figures


async def _timed(times: int, one: Callable[[], Awaitable[Any]]) -> list[float]:
    """How long each took, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await one()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _arming(database: Database) -> Figure:
    """An order is stored with its clocks, or without: by turns, each in a transaction."""
    async with database.begin() as tx:
        stamp = Stamp(by="bench", at=datetime.now(UTC))
        packs = await references.packs_in_force(tx, stamp.at)
        [row] = await tx.run("SELECT id FROM work_orders WHERE case_number NOT LIKE 'many-%'")
        model = (await orders.of_ids(tx, [row.id]))[WorkOrderId(row.id)]

    async def opened(*, armed: bool) -> None:
        order = _like(model, stamp.at)
        async with database.begin() as tx:
            orders.add(tx, order)
            if armed:
                facts = [(Fact.ACCEPTED, order.received_at), (Fact.DISPATCHED, stamp.at)]
                await clocks.opened(tx, stamp, order, packs, facts)

    plain, armed = [], []
    for _ in range(_ARMINGS):
        plain += await _timed(1, lambda: opened(armed=False))
        armed += await _timed(1, lambda: opened(armed=True))
    more = statistics.median(armed) - statistics.median(plain)
    samples = [round(statistics.median(each), 2) for each in (plain, armed)]
    return Figure("clocks_arming_ms", round(more, 2), "ms", samples=samples)


def _like(model: WorkOrder, at: datetime) -> WorkOrder:
    """Another like it, whose case was accepted just now."""
    values = {name: getattr(model, name) for name in WorkOrder.__dataclass_fields__}
    anew = {"id": WorkOrderId(new_id(at)), "case_id": new_id(at), "leads_until": None}
    anew |= {"received_at": at, "opened_at": at}
    return WorkOrder(**values | anew)


async def _with_workers(set_up: Stage, model: tuple[Any, Any]) -> list[Figure]:
    connection = await asyncpg.connect(set_up.url("workorders"))
    late = await _steady(connection, model[1])
    drained = await _storm(connection, model[1])
    await connection.close()
    p99 = statistics.quantiles(late, n=100)[98]
    spread = [round(at, 1) for at in (min(late), statistics.median(late), max(late))]
    return [
        Figure("clocks_lateness_p99_ms", round(p99, 1), "ms", samples=spread),
        Figure("clocks_storm_drain_s", round(drained, 2), "s"),
        Figure("clocks_fired_per_s", round(_STORM / drained), "/s"),
    ]


async def _steady(connection: asyncpg.Connection, clock_id: Any) -> list[float]:
    """Milliseconds between each due instant and the moment at which its event was found."""
    begins = datetime.now(UTC) + _EARLY
    seq = await _last(connection)
    await clocks_like(
        connection, clock_id, "steady", begins, timedelta(seconds=1) / _PER_S, _STEADY
    )
    late: list[float] = []
    looked: set[int] = set()
    end = time.monotonic() + 120
    while len(late) < _STEADY:
        # Numbers are committed out of order: a smaller one may come to light later.
        found = [
            row for row in await connection.fetch(_NEW, seq - _BACK) if row["seq"] not in looked
        ]
        seen = datetime.now(UTC)
        for row in found:
            fact = json.loads(row["envelope"])
            if fact["data"].get("kind") == "steady" and "breached" in fact["type"]:
                due_at = datetime.fromisoformat(fact["data"]["due_at"])
                late.append((seen - due_at).total_seconds() * 1000)
            looked.add(row["seq"])
            seq = max(seq, row["seq"])
        assert time.monotonic() < end, f"{len(late)} of {_STEADY}"
        await asyncio.sleep(_LOOK)
    return late


async def _storm(connection: asyncpg.Connection, clock_id: Any) -> float:
    """Seconds from the instant at which all are due until every event stands in the outbox."""
    seq = await _last(connection)
    loaded_at = time.perf_counter()
    due_at = datetime.now(UTC) + 3 * _EARLY
    await clocks_like(connection, clock_id, "storm", due_at, most=_STORM)
    assert time.perf_counter() - loaded_at < 2 * _EARLY.total_seconds(), "armed too late"
    await asyncio.sleep((due_at - datetime.now(UTC)).total_seconds())
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if await connection.fetchval(_MANY, seq) >= _STORM:
            drained_at = datetime.now(UTC)
            if await connection.fetchval(_STORMS, seq) == _STORM:
                return (drained_at - due_at).total_seconds()
        await asyncio.sleep(0.1)
    raise RuntimeError("the storm was not drained")


async def _last(connection: asyncpg.Connection) -> int:
    last: int = await connection.fetchval("SELECT coalesce(max(seq), 0) FROM outbox")
    return last
