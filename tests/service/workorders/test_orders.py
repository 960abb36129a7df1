"""From an accepted case to a closed loop, and back when the customer is not satisfied."""

import pytest

from tests.service.conftest import hear
from tests.service.given import TEAMS, accepted, as_message
from tests.service.workorders.field import STEPS

pytestmark = pytest.mark.anyio

ALL = [noun for noun, _ in STEPS]


async def test_a_case_becomes_one_order_with_its_clocks(workorders, field, token):
    message = as_message(accepted())
    await hear(workorders, message)
    await hear(workorders, message)
    answer = await workorders.client.get("/v1/work-orders", headers=token("dispatcher", "3205"))
    [order] = answer.json()["items"]
    assert (order["team"], order["status"], order["level"]) == ("LH-1", "dispatched", 1)
    assert order["routed_because"][0].startswith("serves region 320505")
    assert {clock["kind"]: clock["due_at"] for clock in order["clocks"]} == {
        "dispatch": "2026-11-20T09:01:00Z",
        "arrival": "2026-11-20T09:44:00Z",
        "claim": "2026-11-20T09:03:00Z",
    }


async def test_two_facts_about_one_case_are_one_order(workorders):
    event = accepted()
    await hear(workorders, as_message(event), as_message(event, offset=1))
    assert len(await workorders.rows("SELECT 1 FROM work_orders")) == 1
    assert len(await workorders.rows("SELECT 1 FROM inbox")) == 2
    assert await workorders.rows("SELECT 1 FROM parked") == []


async def test_from_the_claim_to_a_satisfied_customer(workorders, field):
    order = await field.opened()
    replied = await field.done(order, *ALL)
    assert (replied["status"], replied["handler"]) == ("callback_due", "crew-1")
    seen_by = {role: (await field.look(order, role))["allowed"] for role in ("crew", "callback")}
    assert seen_by == {"crew": [], "callback": ["miss", "archive", "reopen"]}
    closed = (await field.called_back(order, "satisfied")).json()
    assert (closed["status"], closed["allowed"]) == ("archived", ["reopen"])
    assert await workorders.said() == [
        "promises-published",
        "order-opened",
        "order-dispatched",
        "order-claimed",
        "order-departed",
        "order-arrived",
        "etr-set",
        "order-replied",
        "order-archived",
    ]


async def test_a_dissatisfied_customer_gets_it_done_again_one_level_higher(workorders, field):
    order = await field.opened()
    await field.done(order, *ALL)
    again = (await field.called_back(order, "dissatisfied")).json()
    assert (again["level"], again["status"], again["handler"]) == (2, "dispatched", None)
    assert (await workorders.said())[-2:] == ["order-reopened", "order-dispatched"]
    await field.done(order, *ALL)
    assert (await field.called_back(order, "satisfied")).json()["level"] == 2


async def test_nobody_asks_their_own_customer(field):
    order = await field.opened()
    await field.done(order, *ALL)
    own = await field.called_back(order, "satisfied", subject="crew-1")
    assert (own.status_code, own.json()["type"]) == (409, "/problems/own-work")
    assert (await field.look(order))["status"] == "callback_due"


async def test_a_wrong_move_says_what_one_may(field):
    order = await field.opened()
    early = await field.post(order, "arrival")
    assert early.status_code == 409
    assert early.json()["type"] == "/problems/wrong-move"
    assert (early.json()["status_now"], early.json()["allowed"]) == (
        "dispatched",
        ["claim", "return", "reassign", "merge", "cancel"],
    )


async def test_who_acts_upon_an_older_version_is_told(field):
    order = await field.opened()
    seen = f'"{(await field.look(order))["version"]}"'
    assert (await field.post(order, "claim", if_match=seen)).status_code == 200
    late = await field.post(order, "departure", if_match=seen)
    assert late.status_code == 412
    assert (late.json()["expected"], late.json()["now"]) == ('"3"', '"4"')
    fresh = await field.post(order, "departure", if_match=late.json()["now"])
    assert (fresh.status_code, fresh.headers["etag"]) == (200, '"5"')


async def test_the_least_loaded_of_the_nearest_teams_gets_it(field):
    teams = [(await field.look(await field.opened()))["team"] for _ in range(4)]
    assert sorted(teams) == ["LH-1", "LH-1", "LH-2", "LH-2"] and teams[0] != teams[1]
    first = await field.opened()
    await field.done(first, *ALL)
    assert (await field.look(await field.opened(region="320506")))["team"] == TEAMS[2]["code"]


async def test_where_no_team_serves_it_waits_to_be_dispatched(workorders, field):
    await hear(workorders, as_message(accepted(region="440305")))
    [row] = await workorders.rows("SELECT * FROM work_orders")
    shown = await field.look(f"/v1/work-orders/{row.id}", region="44")
    assert (shown["status"], shown["team"]) == ("pending_dispatch", None)
    assert shown["routed_because"] == ["no team serves this region"]
    assert {clock["kind"] for clock in shown["clocks"]} == {"dispatch", "arrival"}


async def test_another_regions_orders_look_like_none(workorders, field, token):
    order = await field.opened()
    foreign = token("crew", "3301")
    for method, path in (("GET", order), ("POST", f"{order}/claim"), ("POST", f"{order}/reveal")):
        body = {"purpose": "x"} if path.endswith("reveal") else None
        answer = await workorders.client.request(method, path, headers=foreign, json=body)
        assert answer.status_code == 404, path
    listed = await workorders.client.get("/v1/work-orders", headers=foreign)
    assert listed.json() == {"items": [], "next": None}
    teams = await workorders.client.get("/v1/teams", headers=foreign)
    assert teams.json() == []


async def test_lists_page_newest_first_and_lose_nobody(workorders, field, token):
    for n in range(7):
        await field.opened(number=f"{n}")
    seen, cursor = [], ""
    while cursor is not None:
        path = f"/v1/work-orders?limit=3{cursor and '&cursor=' + cursor}"
        page = (await workorders.client.get(path, headers=token("ops", "3205"))).json()
        seen += [order["case_number"] for order in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == [f"{n}" for n in range(7)]


@pytest.mark.parametrize(
    ("query", "found"),
    [("status=dispatched", 2), ("status=archived", 0), ("team=LH-1", 1), ("region=3205", 2),
     ("region=320506", 0), ("region=3301", 0)],
)  # fmt: skip
async def test_what_a_list_is_asked_for(workorders, field, token, query, found):
    await field.opened()
    await field.opened()
    path = f"/v1/work-orders?{query}"
    answer = await workorders.client.get(path, headers=token("dispatcher", "3205"))
    assert len(answer.json()["items"]) == found
