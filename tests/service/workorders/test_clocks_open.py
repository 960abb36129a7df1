"""What is true of an order as it is opened stops the clocks that its acceptance started."""

import pytest

from tests.service.workorders.ticking import ARRIVAL, fire, ledger, limit, told, use

pytestmark = pytest.mark.anyio

DISPATCH = limit("dispatch", 5, "accepted", "dispatched")


async def test_sent_out_as_it_comes_in_its_dispatch_is_met(workorders, field, clock):
    await use(workorders, DISPATCH)
    order = await field.opened(promises=())
    assert await field.clocks(order) == {("dispatch", 1): "met"}
    assert await ledger(workorders, "dispatch") == ["started", "met"]
    await fire(workorders, clock, hours=1)
    assert await told(workorders, "clock-breached") == []


async def test_who_follows_from_the_first_is_not_waited_for(workorders, field, clock):
    """Nobody is sent for it: its dispatch ends by the merge, its arrival is still promised."""
    await use(workorders, limit("dispatch", 5, "accepted", "dispatched", "merged"), ARRIVAL)
    same = {"region": "320505", "area": "urban", "address": "学府路12号", "transformer": "T-7"}
    await field.opened(promises=(), location=same)
    follower = await field.opened(promises=(), location=same)
    assert (await field.look(follower))["status"] == "merged"
    assert await field.clocks(follower) == {("dispatch", 1): "met", ("arrival", 1): "armed"}
