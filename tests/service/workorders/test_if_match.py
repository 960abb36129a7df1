"""Two people act on one order at once: one of them does, the other is told."""

import asyncio
from collections import Counter

import pytest

pytestmark = pytest.mark.anyio

PAIRS = 40


async def test_of_two_at_once_exactly_one_is_first(workorders, field):
    """Many pairs at the same moment, each on the version that both have seen."""
    orders = [await field.opened() for _ in range(PAIRS)]
    seen = {order: f'"{(await field.look(order))["version"]}"' for order in orders}

    async def pair(order: str) -> tuple[int, ...]:
        answers = await asyncio.gather(
            field.post(order, "claim", subject="crew-1", if_match=seen[order]),
            field.post(order, "cancellation", {"reason": "twice"}, "dispatcher",
                       if_match=seen[order]),
        )  # fmt: skip
        return tuple(sorted(answer.status_code for answer in answers))

    assert Counter(await asyncio.gather(*map(pair, orders))) == {(200, 412): PAIRS}
    moved = await workorders.rows("SELECT about, action FROM audit WHERE action IN"
                                  " ('order.claimed', 'order.cancelled')")  # fmt: skip
    assert len(moved) == PAIRS == len({row.about for row in moved})
    versions = await workorders.rows("SELECT DISTINCT version FROM work_orders")
    assert [row.version for row in versions] == [4]


async def test_the_second_may_look_again_and_act(field):
    order = await field.opened()
    seen = f'"{(await field.look(order))["version"]}"'
    first, second = await asyncio.gather(
        field.post(order, "urge", role="agent", subject="agent-1", if_match=seen),
        field.post(order, "urge", role="agent", subject="agent-2", if_match=seen),
    )
    late = first if first.status_code == 412 else second
    assert sorted([first.status_code, second.status_code]) == [200, 412]
    now = late.json()["now"]
    assert (await field.post(order, "urge", role="agent", if_match=now)).status_code == 200


async def test_without_if_match_both_act_one_after_the_other(field):
    order = await field.opened()
    both = await asyncio.gather(*(field.post(order, "urge", role="agent") for _ in range(2)))
    assert [answer.status_code for answer in both] == [200, 200]
    assert (await field.look(order))["urges"] == 2
