"""Every point of a priority is explained; waiting counts when one looks, not in the table."""

from datetime import timedelta

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio


@pytest.fixture
def priority(workorders, token):
    async def look(order: str, role: str = "dispatcher"):
        answer = await workorders.client.get(f"{order}/priority", headers=token(role, "3205"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return look


def lines(shown) -> list[tuple[str, int]]:
    return [(point["code"], point["points"]) for point in shown["points"]]


async def test_every_point_has_its_line(field, priority, clock):
    order = await field.opened(
        danger=True, tags=("vip", "arrears_risk"), customer_class="commercial"
    )
    await field.did(order, "urge", role="agent")
    clock.now = NINE + timedelta(minutes=9)
    shown = await priority(order)
    assert lines(shown) == [
        ("danger", 100),
        ("arrears_risk", 0),
        ("vip", 15),
        ("tier", 5),
        ("urges", 5),
        ("waiting", 10),
    ]
    assert shown["score"] == 135
    assert all(point["why"] for point in shown["points"])
    assert shown["points"][-1]["why"] == "waiting for 10 minutes"


async def test_reopening_counts_and_the_urges_of_the_last_round_do_not(field, priority):
    order = await field.opened()
    await field.did(order, "urge", role="agent")
    await field.done(order, "claim", "arrival", "reply")
    await field.called_back(order, "dissatisfied")
    assert lines(await priority(order)) == [("reopened", 20), ("waiting", 1)]


async def test_whoever_is_more_urgent_is_so_at_every_moment(workorders, field, priority, clock):
    """The order by `rank_at` is the order by score, now and later, for old and new."""
    made = []
    for n, more in enumerate([{}, {"tags": ("vip",)}, {"danger": True}, {}, {"tags": ("sme",)}]):
        clock.now = NINE + timedelta(minutes=7 * n)
        made.append(await field.opened(at=clock.now, **more))
    rows = await workorders.rows("SELECT id FROM work_orders ORDER BY rank_at, id")
    ranked = [f"/v1/work-orders/{row.id}" for row in rows]
    for later in (0, 60, 1440):
        clock.now = NINE + timedelta(minutes=30 + later)
        scores = [(await priority(order))["score"] for order in ranked]
        assert scores == sorted(scores, reverse=True)
    assert set(ranked) == set(made)


async def test_what_is_about_health_is_named_to_those_who_act_on_it(field, priority):
    order = await field.opened(tags=("life_support",))
    assert lines(await priority(order, "crew"))[0] == ("life_support", 70)
    shown = await priority(order, "agent")
    assert lines(shown)[0] == ("protected", 70)
    assert "life_support" not in str(shown)


async def test_another_regions_priority_looks_like_none(workorders, field, token):
    order = await field.opened()
    for what in ("priority", "history"):
        answer = await workorders.client.get(f"{order}/{what}", headers=token("crew", "3301"))
        assert answer.status_code == 404
