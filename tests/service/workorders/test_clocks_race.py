"""Ten thousand times somebody is done at the very moment at which the timer comes by."""

import asyncio
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest

from services.workorders.domain.limit import Fact
from services.workorders.store import orders
from services.workorders.use_cases import clocks
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.many_clocks import clocks_like, orders_like
from tests.service.books import clocks_are_their_ledgers
from tests.service.workorders.ticking import limit, use

pytestmark = pytest.mark.anyio

RACES, AT_ONCE = 10_000, 25
DUE = NINE + timedelta(minutes=44)


@pytest.fixture
async def crowd(workorders, field, settings):
    """So many orders, whose arrival is due at one moment. Their ids."""
    await use(workorders, limit("arrival", 45, "accepted", "arrived", promised=True))
    address = await field.opened(promises=())
    [model] = await workorders.rows("SELECT id, order_id FROM clocks")
    assert address.endswith(str(model.order_id))
    connection = await asyncpg.connect(settings.database_url("workorders"))
    await orders_like(connection, model.order_id, RACES)
    await clocks_like(connection, model.id, "race", DUE)
    await connection.close()
    return [row.order_id for row in await workorders.rows(
        "SELECT order_id FROM clocks WHERE kind = 'race' ORDER BY md5(id::text)")]  # fmt: skip


async def test_ten_thousand_races_and_never_both(workorders, crowd):
    database, [timer, *_] = workorders.database, workorders.service.timers
    batches = [crowd[n : n + AT_ONCE] for n in range(0, RACES, AT_ONCE)]

    async def complete() -> None:
        """In time, by its own clock: each batch on a connection of its own."""
        while batches:
            ids = batches.pop()
            async with database.begin() as tx:
                found = await orders.of_ids(tx, ids)
                stamp = Stamp(by="crew-1", at=DUE)
                await clocks.all_happened(tx, stamp, list(found.values()), [Fact.ARRIVED], DUE)

    async def fire() -> None:
        """A millisecond too late, by its own: in the order in which they are due."""
        while batches:
            await fire_due(database, timer, DUE + timedelta(milliseconds=1), limit=AT_ONCE)

    await asyncio.gather(complete(), fire(), complete(), fire())

    raced = await workorders.rows("SELECT * FROM clocks WHERE kind = 'race'")
    states = Counter(row.state for row in raced)
    assert set(states) == {"met", "breached"}, "both sides win some"
    assert sum(states.values()) == RACES
    assert all(row.stopped_at is not None and row.wake_at is None for row in raced)
    said = await workorders.rows(
        "SELECT fact->'data'->>'clock_id' AS id FROM (SELECT envelope::json AS fact FROM outbox)"
        " AS said WHERE fact->>'type' LIKE '%clock-breached%'"
    )
    racing = {str(row.id) for row in raced}
    times = Counter(row.id for row in said if row.id in racing)
    assert set(times) == {str(row.id) for row in raced if row.state == "breached"}
    assert set(times.values()) == {1}, "said once"
    told = await workorders.rows(
        "SELECT clock_id, array_agg(what ORDER BY n) AS whats FROM clock_entries e"
        " JOIN clocks c ON c.id = clock_id WHERE kind = 'race' GROUP BY clock_id"
    )
    stories = Counter(tuple(row.whats) for row in told)
    assert stories == {
        ("started", "met"): states["met"],
        ("started", "breached", "stopped"): states["breached"],
    }
    await clocks_are_their_ledgers(workorders)
