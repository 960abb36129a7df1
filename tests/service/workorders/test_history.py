"""The history of an order: every move, with who, in which role, why and when."""

from datetime import timedelta

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio


async def test_every_move_is_there_in_its_order(workorders, field, clock, token):
    order = await field.opened()
    clock.now = NINE + timedelta(minutes=3)
    await field.did(order, "claim", subject="crew-7")
    to = {"team": "SZ", "reason": "a bigger van"}
    await field.did(order, "reassignment", to, "dispatcher")
    answer = await workorders.client.get(f"{order}/history", headers=token("agent", "3205"))
    moves = answer.json()["items"]
    told = [(move["move"], move["by"], move["role"], move["reason"]) for move in moves]
    event = "event:intake.case-accepted.v1"
    assert told == [
        ("opened", event, "service", None),
        ("triaged", event, "service", None),
        ("dispatched", event, "service", None),
        ("claimed", "crew-7", "crew", None),
        ("reassigned", "dispatcher-1", "dispatcher", "a bigger van"),
    ]
    assert [move["status"] for move in moves] == [
        "accepted", "pending_dispatch", "dispatched", "claimed", "reassigned",
    ]  # fmt: skip
    assert [move["version"] for move in moves] == [1, 2, 3, 4, 5]
    assert moves[-1]["at"] == "2026-11-20T09:03:00Z" and moves[-1]["facts"]["team"] == "SZ"


async def test_it_comes_in_pages_and_loses_nothing(workorders, field, token):
    order = await field.opened()
    await field.opened()
    for _ in range(6):
        await field.did(order, "urge", role="agent")
    seen, cursor = [], ""
    while cursor is not None:
        path = f"{order}/history?limit=2{cursor and '&cursor=' + cursor}"
        page = (await workorders.client.get(path, headers=token("ops", "3205"))).json()
        seen += [move["move"] for move in page["items"]]
        cursor = page["next"]
    assert seen[:3] == ["opened", "triaged", "dispatched"]
    assert seen.count("urged") == 6 and seen.count("supervised") == 3 and len(seen) == 12


@pytest.mark.parametrize("bad", ["x", "LTE=", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw", "5Y+3"])
async def test_a_cursor_that_is_none_is_refused(workorders, field, token, bad):
    path = f"{await field.opened()}/history?cursor={bad}"
    answer = await workorders.client.get(path, headers=token("ops", "3205"))
    assert answer.status_code == 422
