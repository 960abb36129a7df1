"""A suspended order: clocks whose limit names the reason rest, the others run on."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, CLAIM, TRAVEL, fire, ledger, told, use

pytestmark = pytest.mark.anyio


async def asked(field, order: str, until, reason: str = "customer_wish") -> None:
    body = {"reason": reason, "until": until.isoformat(), "customer_told": True}
    answer = await field.post(order, "suspension-request", body)
    assert answer.status_code == 200, answer.text


async def clock_of(field, order: str, kind: str):
    [clock] = [one for one in (await field.look(order))["clocks"] if one["kind"] == kind]
    return clock


@pytest.fixture
async def order(workorders, field, clock) -> str:
    """Claimed at nine; 45 minutes to arrive, of which one is gone; a rest is asked for at 9:10."""
    await use(workorders, ARRIVAL, CLAIM, TRAVEL)
    order = await field.opened(promises=())
    await field.done(order, "claim")
    clock.now = NINE + timedelta(minutes=10)
    await asked(field, order, NINE + timedelta(hours=2))
    return order


async def test_it_has_neither_an_end_nor_a_breach_while_it_rests(workorders, field, order, clock):
    arrival = await clock_of(field, order, "arrival")
    assert (arrival["state"], arrival["paused_because"]) == ("paused", "customer_wish")
    assert (arrival["due_at"], arrival["running_since"]) == (None, None)
    assert arrival["consumed_seconds"] == 11 * 60
    travel = await clock_of(field, order, "travel")
    assert (travel["state"], travel["due_at"]) == ("armed", "2026-11-20T09:30:00Z")
    assert await fire(workorders, clock, hours=1.9) == 1, "only the one that runs on"
    assert [one["kind"] for one in await told(workorders, "clock-breached")] == ["travel"]


async def test_it_goes_on_with_what_was_left(workorders, field, order, clock):
    clock.now = NINE + timedelta(minutes=40, microseconds=7)
    assert (await field.post(order, "resumption")).status_code == 200
    arrival = await clock_of(field, order, "arrival")
    assert (arrival["state"], arrival["due_at"]) == ("armed", "2026-11-20T10:14:00.000007Z")
    assert await fire(workorders, clock, minutes=74) == 2, "a warning; and travel ran on"
    assert await fire(workorders, clock, minutes=74, seconds=1) == 1
    whats = await ledger(workorders, "arrival")
    assert whats[:5] == ["started", "paused", "resumed", "warned", "escalated"]
    assert whats[5:] == ["breached", "escalated"]


async def test_it_does_not_rest_longer_than_was_said_though_the_timer_was_late(
    workorders, field, order, clock
):
    assert await fire(workorders, clock, "suspensions", hours=2.5) == 1
    arrival = await clock_of(field, order, "arrival")
    assert arrival["running_since"] == "2026-11-20T11:00:00Z"
    assert arrival["due_at"] == "2026-11-20T11:34:00Z"
    await fire(workorders, clock, hours=2.6)
    assert {one["kind"]: one["late"] for one in await told(workorders, "clock-breached")} == {
        "travel": True, "arrival": True
    }  # fmt: skip


async def test_a_clock_that_starts_meanwhile_rests_at_once(workorders, field, order):
    await use(
        workorders, limit_on_urge(), ARRIVAL, CLAIM, TRAVEL, version="2", valid_from="2026-11-01"
    )
    assert (await field.post(order, "urge", role="agent")).status_code == 200
    shown = await clock_of(field, order, "urge_ack")
    assert (shown["state"], shown["consumed_seconds"]) == ("paused", 0)


async def test_a_breach_that_was_due_before_the_rest_is_not_forgotten(workorders, field, clock):
    await use(workorders, ARRIVAL, CLAIM)
    order = await field.opened(promises=())
    await field.done(order, "claim")
    clock.now = NINE + timedelta(minutes=50)
    await asked(field, order, NINE + timedelta(hours=2))
    arrival = await clock_of(field, order, "arrival")
    assert (arrival["state"], arrival["paused"]) == ("breached", True)
    assert await ledger(workorders, "arrival") == ["started", "breached", "paused"]
    [breach] = await told(workorders, "clock-breached")
    assert breach["late_ms"] == 6 * 60 * 1000


def limit_on_urge():
    urged = {"clock": "urge_ack", "starts": "urged", "stops": ["urge_answered"]}
    return ARRIVAL | urged | {"promised": False, "reopening": "continue"}
