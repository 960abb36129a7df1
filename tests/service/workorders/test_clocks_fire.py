"""What clocks do by themselves: warnings, the breach, the ladder; once, and flagged when late."""

from datetime import timedelta

import pytest

from services.workorders.use_cases import clocks
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, CLAIM, fire, ledger, told, use

pytestmark = pytest.mark.anyio


@pytest.fixture
async def order(workorders, field) -> str:
    """Received a minute before nine, 45 minutes to arrive; nobody but the arrival is clocked."""
    await use(workorders, ARRIVAL)
    return await field.opened(promises=())


async def raised(workorders) -> list[tuple[str, str, int, int]]:
    rows = await workorders.rows("SELECT * FROM escalations ORDER BY raised_at, id")
    return [(row.because, row.tell, row.step, row.repetition) for row in rows]


async def test_it_warns_before_it_is_too_late(workorders, order, clock):
    assert await fire(workorders, clock, minutes=21, seconds=30) == 0
    assert await fire(workorders, clock, minutes=21, seconds=30.25) == 1
    assert await fire(workorders, clock, minutes=39) == 0
    assert await fire(workorders, clock, minutes=40) == 1
    warned = await told(workorders, "clock-warned")
    assert [(one["warning"], one["late_ms"], one["late"]) for one in warned] == [
        (1, 250, False), (2, 60_000, True)
    ]  # fmt: skip
    assert {one["due_at"] for one in warned} == {"2026-11-20T09:44:00Z"}
    assert await raised(workorders) == [("warned", "dispatcher", 1, 1)]


async def test_how_sure_a_limit_is_goes_with_what_is_said_of_it(workorders, field, clock):
    """In the packs of the house the claim's source could not be seen, the arrival's could."""
    await field.opened()
    await fire(workorders, clock, minutes=40)
    await fire(workorders, clock, hours=7)
    [warned] = await told(workorders, "clock-warned")
    breached = {one["kind"]: one for one in await told(workorders, "clock-breached")}
    said = (warned, breached["arrival"], breached["claim"])
    assert [(one["kind"], one["certainty"], one["unverified"]) for one in said] == [
        ("arrival", "A", False), ("arrival", "A", False), ("claim", "D", True),
    ]  # fmt: skip


async def test_the_ladder_is_climbed_until_somebody_takes_it_up(workorders, order, clock):
    await fire(workorders, clock, minutes=44, seconds=1)
    await fire(workorders, clock, minutes=75)
    told_so_far = [("breached", "supervisor", 2, 1), ("breached", "supervisor", 2, 2)]
    assert await raised(workorders) == told_so_far
    [clock_id] = await workorders.rows("SELECT id FROM clocks")
    async with workorders.database.begin() as tx:
        await clocks.acknowledge(tx, Stamp(by="supervisor-1", at=clock.now), [clock_id.id])
    assert await fire(workorders, clock, hours=9) == 0
    assert await raised(workorders) == told_so_far
    assert (await ledger(workorders, "arrival"))[-1] == "acknowledged"


async def test_after_downtime_each_step_is_said_once_and_flagged(workorders, order, clock):
    """Both warnings are overtaken by the breach; the ladder's three times are one."""
    assert await fire(workorders, clock, hours=7) == 1
    assert await fire(workorders, clock, hours=7) == 0
    assert await told(workorders, "clock-warned") == []
    [breach] = await told(workorders, "clock-breached")
    assert (breach["late"], breach["due_at"]) == (True, "2026-11-20T09:44:00Z")
    assert breach["late_ms"] == (6 * 60 + 16) * 60 * 1000
    assert await fire(workorders, clock, hours=7.5) == 0, "it is reckoned from the breach's telling"
    assert await fire(workorders, clock, hours=7.6) == 1
    assert await fire(workorders, clock, hours=24) == 1
    assert await fire(workorders, clock, hours=48) == 0
    assert [repetition for *_, repetition in await raised(workorders)] == [1, 2, 3]


async def test_when_it_stops_its_ladder_ends(workorders, field, order, clock):
    await fire(workorders, clock, minutes=45)
    await field.done(order, "claim", "arrival")
    assert await fire(workorders, clock, hours=9) == 0
    assert await ledger(workorders, "arrival") == ["started", "breached", "escalated", "stopped"]


async def test_they_fire_in_the_order_in_which_they_are_due(workorders, field, clock):
    await use(workorders, ARRIVAL, CLAIM)
    for n in range(6):
        clock.now = NINE + timedelta(seconds=n * 7 % 6)
        await field.opened(promises=())
    await fire(workorders, clock, hours=1)
    due = [one["due_at"] for one in await told(workorders, "clock-breached")]
    assert due == sorted(due) and len(due) == 12
