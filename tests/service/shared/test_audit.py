"""Who did what is written down with it: with the change, with the look, and not without them."""

from contextlib import suppress
from uuid import uuid4

import pytest

from services.workorders.store.orders import NoSuchWorkOrder
from shared.audit import record
from shared.stamp import Stamp
from tests.conftest import NINE, Running
from tests.service.conftest import hear
from tests.service.given import REPLY, a_call, accepted, as_message

pytestmark = pytest.mark.anyio

STEPS = [
    ("claim", None, "crew", "order.claimed"),
    ("departure", None, "crew", "order.departed"),
    ("arrival", None, "crew", "order.arrived"),
    ("etr", {"etr_at": "2026-11-20T12:00:00Z"}, "crew", "order.etr_set"),
    ("reply", REPLY, "crew", "order.replied"),
    ("callback", {"outcome": "dissatisfied"}, "callback", "order.reopened"),
]


async def audited(running: Running, since: int = 0) -> list[tuple[str, str, str]]:
    rows = await running.rows("SELECT * FROM audit WHERE id > :since ORDER BY id", since=since)
    return [(row.action, row.by, row.role) for row in rows]


async def test_accepting_and_revealing_a_case(intake, token):
    agent = token("agent", subject="agent-7")
    case = await intake.client.post(
        "/v1/cases", json=a_call(), headers=agent | {"idempotency-key": "k"}
    )
    path = f"/v1/cases/{case.json()['id']}/reveal"
    seen = await intake.client.post(path, json={"purpose": "核对地址"}, headers=agent)
    assert seen.json()["caller"]["phone"] == "13800138000"
    assert await audited(intake) == [
        ("case.accepted", "agent-7", "agent"),
        ("case.revealed", "agent-7", "agent"),
    ]
    rows = await intake.rows("SELECT about, facts, at FROM audit ORDER BY id")
    assert rows[1].facts == {"purpose": "核对地址"} and rows[1].about == case.json()["id"]
    assert {row.at for row in rows} == {NINE}


@pytest.mark.parametrize("body", [{}, {"purpose": ""}, {"purpose": "   "}, None])
async def test_without_a_purpose_nobody_looks(intake, token, body):
    agent = token("agent")
    case = await intake.client.post(
        "/v1/cases", json=a_call(), headers=agent | {"idempotency-key": "k"}
    )
    path = f"/v1/cases/{case.json()['id']}/reveal"
    answer = await intake.client.post(path, json=body, headers=agent)
    assert answer.status_code == 422 and "13800138000" not in answer.text
    assert [action for action, *_ in await audited(intake)] == ["case.accepted"]


async def test_every_step_of_an_order(workorders, token):
    await hear(workorders, as_message(accepted()))
    [order] = await workorders.rows("SELECT id FROM work_orders")
    path, said = f"/v1/work-orders/{order.id}", []
    for noun, body, role, action in STEPS:
        headers = token(role, subject=f"{role}-3")
        answer = await workorders.client.post(f"{path}/{noun}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        said.append((action, f"{role}-3", role))
    event = "event:intake.case-accepted.v1"
    steps = ("order.opened", "order.triaged", "order.dispatched")
    opened = [(step, event, "service") for step in steps]
    again = ("order.dispatched", "callback-3", "callback")
    found = await audited(workorders)
    replied = said.index(("order.replied", "crew-3", "crew")) + 1
    inner = [("order.submitted", "crew-3", "crew"), ("order.review_exempt", "crew-3", "crew")]
    said[replied:replied] = inner
    of_the_order = [one for one in found if one[0].startswith("order.")]
    assert of_the_order == [*opened, *said, again]
    unsaid = {"order.triaged", "order.submitted", "order.review_exempt"}
    told = [action for action, _, _ in of_the_order if action not in unsaid]
    query = "SELECT 1 FROM outbox WHERE key = :order"
    assert len(await workorders.rows(query, order=str(order.id))) == len(told)


async def test_revealing_an_address(workorders, token):
    await hear(workorders, as_message(accepted()))
    [order] = await workorders.rows("SELECT id FROM work_orders")
    path, crew = f"/v1/work-orders/{order.id}", token("crew", subject="crew-3")
    shown = await workorders.client.get(path, headers=crew)
    assert shown.json()["address"] == "学府路****"
    seen = await workorders.client.post(f"{path}/reveal", json={"purpose": "上门"}, headers=crew)
    assert seen.json()["address"] == "学府路12号"
    assert (await audited(workorders))[-1] == ("order.revealed", "crew-3", "crew")


async def test_what_is_refused_leaves_nothing(workorders, token):
    await hear(workorders, as_message(accepted()))
    [order] = await workorders.rows("SELECT id FROM work_orders")
    before = await audited(workorders)
    for path, status in (
        (f"/v1/work-orders/{order.id}/departure", 409),
        (f"/v1/work-orders/{uuid4()}/claim", 404),
    ):
        answer = await workorders.client.post(path, headers=token("crew"))
        assert answer.status_code == status
    assert await audited(workorders) == before


async def test_a_transaction_that_fails_leaves_none(workorders):
    before = await audited(workorders)
    with suppress(NoSuchWorkOrder):
        async with workorders.database.begin() as tx:
            record(tx, Stamp(by="test", at=NINE), "order.claimed", uuid4())
            raise NoSuchWorkOrder
    assert await audited(workorders) == before
