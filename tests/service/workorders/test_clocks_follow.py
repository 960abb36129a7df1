"""Clocks begin again, end with their order, and do as the clocks of the order they follow."""

from datetime import timedelta
from typing import Any

import pytest

from services.workorders.domain import following
from services.workorders.domain.order import WorkOrder
from services.workorders.store import orders
from services.workorders.store.orders import Aim
from services.workorders.use_cases import clocks
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, CLAIM, RESTORE, fire, ledger, limit, told, use

pytestmark = pytest.mark.anyio

CALLBACK = limit("callback", 60, "replied", "called_back")


async def locked(tx, address: str) -> WorkOrder:
    return await orders.lock(tx, Aim(address.rpartition("/")[2], ""))


async def merged(workorders, follower: str, master: str, clock) -> None:
    async with workorders.database.begin() as tx:
        order = following.merge(await locked(tx, follower), (await locked(tx, master)).id)
        await orders.save(tx, order)
        await clocks.follow_master(tx, Stamp(by="desk", at=clock.now), order)


async def alone(workorders, follower: str, clock) -> None:
    async with workorders.database.begin() as tx:
        order = following.unmerge(await locked(tx, follower))
        await orders.save(tx, order)
        await clocks.stand_alone(tx, Stamp(by="desk", at=clock.now), order)


async def states(field, order: str) -> dict[str, Any]:
    return {one["kind"]: one["state"] for one in (await field.look(order))["clocks"]}


@pytest.fixture
async def two(workorders, field) -> tuple[str, str]:
    """A master, claimed, and an order like it."""
    await use(workorders, ARRIVAL, CLAIM, RESTORE)
    first, second = [await field.opened(promises=()) for _ in range(2)]
    await field.done(first, "claim")
    return first, second


async def test_a_followers_clocks_do_as_its_masters_do(workorders, field, two, clock):
    master, follower = two
    await merged(workorders, follower, master, clock)
    clock.now = NINE + timedelta(minutes=20)
    await field.done(master, "arrival")
    assert await states(field, follower) == {
        "arrival": "met", "claim": "armed", "restore": "armed"
    }  # fmt: skip
    shown = await workorders.rows(
        "SELECT c.due_at FROM clocks c WHERE kind = 'restore' ORDER BY order_id"
    )
    assert len({row.due_at for row in shown}) == 1
    await fire(workorders, clock, hours=4)
    broken = [one for one in await told(workorders, "clock-breached") if one["kind"] == "restore"]
    assert len({one["work_order_id"] for one in broken}) == 2, "each customer's own promise"


async def test_what_the_master_had_done_before_is_done_for_the_follower_too(
    workorders, field, two, clock
):
    master, follower = two
    await field.done(master, "arrival")
    await merged(workorders, follower, master, clock)
    assert (await states(field, follower))["arrival"] == "met"


async def test_it_rests_with_its_master_and_stands_alone_again(workorders, field, two, clock):
    master, follower = two
    await merged(workorders, follower, master, clock)
    clock.now = NINE + timedelta(minutes=10)
    until = (NINE + timedelta(hours=9)).isoformat()
    body = {"reason": "customer_wish", "until": until, "customer_told": True}
    await field.post(master, "suspension-request", body)
    assert (await states(field, follower))["arrival"] == "paused"
    clock.now = NINE + timedelta(minutes=30)
    await alone(workorders, follower, clock)
    [mine] = [c for c in (await field.look(follower))["clocks"] if c["kind"] == "arrival"]
    assert (mine["state"], mine["due_at"]) == ("armed", "2026-11-20T10:04:00Z")
    await field.post(master, "resumption")
    await field.done(master, "arrival")
    assert (await states(field, follower))["arrival"] == "armed", "not its crew any more"


async def test_one_that_rests_while_it_follows(workorders, field, clock):
    await use(workorders, ARRIVAL | {"merged": "pauses"}, CLAIM)
    master, follower = [await field.opened(promises=()) for _ in range(2)]
    await merged(workorders, follower, master, clock)
    assert (await states(field, follower))["arrival"] == "paused"
    clock.now = NINE + timedelta(hours=5)
    await alone(workorders, follower, clock)
    [mine] = [c for c in (await field.look(follower))["clocks"] if c["kind"] == "arrival"]
    assert (mine["state"], mine["due_at"]) == ("armed", "2026-11-20T14:44:00Z")


async def test_another_team_gets_a_clock_of_its_own(workorders, field, clock):
    await use(workorders, CLAIM)
    order = await field.opened()
    team = (await field.look(order))["team"]
    other = "LH-2" if team == "LH-1" else "LH-1"
    clock.now = NINE + timedelta(minutes=2)
    body = {"team": other, "reason": "nearer"}
    assert (await field.post(order, "reassignment", body, role="dispatcher")).status_code == 200
    shown = (await field.look(order))["clocks"]
    assert [(one["team"], one["generation"], one["state"]) for one in shown] == [
        (team, 1, "cancelled"), (other, 2, "armed")
    ]  # fmt: skip
    assert shown[1]["due_at"] == "2026-11-20T09:05:00Z"


async def test_an_order_that_is_over_leaves_no_clock_running(workorders, field, clock):
    await use(workorders, ARRIVAL, CLAIM)
    order = await field.opened()
    body = {"reason": "called by mistake"}
    assert (await field.post(order, "cancellation", body, role="dispatcher")).status_code == 200
    assert set((await states(field, order)).values()) == {"cancelled"}
    assert await fire(workorders, clock, hours=9) == 0


@pytest.mark.parametrize(
    ("reopening", "expected"),
    [
        ("new", [(1, "met", 46), (2, "armed", 46)]),
        ("restart", [(2, "armed", 46)]),
        ("continue", [(2, "armed", 46)]),
    ],
)
async def test_reopened_it_begins_anew_goes_on_or_stands_beside_the_old(
    workorders, field, clock, reopening, expected
):
    reply = limit("reply", 100, "accepted", "replied", reopening=reopening)
    await use(workorders, reply, CLAIM)
    order = await field.opened(promises=())
    clock.now = NINE + timedelta(minutes=59)
    await field.done(order, "claim", "arrival", "etr", "reply")
    clock.now = NINE + timedelta(hours=2)
    await field.called_back(order, "dissatisfied", comment="still dark")
    shown = [one for one in (await field.look(order))["clocks"] if one["kind"] == "reply"]
    assert [(one["generation"], one["state"]) for one in shown] == [e[:2] for e in expected]
    used = {"new": 0, "restart": 0, "continue": 60}[reopening]
    assert shown[-1]["consumed_seconds"] == used * 60
    due = NINE + timedelta(hours=2, minutes=100 - used)
    assert shown[-1]["due_at"] == due.isoformat().replace("+00:00", "Z")


async def test_urged_twice_it_still_waits_for_the_first_answer(workorders, field, clock):
    urged = limit("urge_ack", 10, "urged", "urge_answered", reopening="continue")
    await use(workorders, urged, CLAIM)
    order = await field.opened()
    for minute in (0, 5):
        clock.now = NINE + timedelta(minutes=minute)
        assert (await field.post(order, "urge", role="agent")).status_code == 200
    [shown] = [one for one in (await field.look(order))["clocks"] if one["kind"] == "urge_ack"]
    assert shown["due_at"] == "2026-11-20T09:10:00Z"
    assert await ledger(workorders, "urge_ack") == ["started"]
