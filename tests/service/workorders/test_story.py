"""From an accepted case to a closed loop, and back when the customer is not satisfied."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.workorders import consumers
from services.workorders.main import WorkordersSettings, service
from shared.contracts.envelope import wrap
from shared.contracts.intake import Caller, CaseAccepted, Location, Promise
from shared.due import fire_due
from shared.inbox import Message, Tries, deliver
from shared.stamp import Stamp
from tests.conftest import NINE

pytestmark = pytest.mark.anyio


def accepted(**changes) -> Message:
    event = CaseAccepted(
        case_id=changes.pop("case_id", None) or uuid4(),
        number="2611-2000-0001-00",
        case_type="fault_report",
        channel="phone",
        accepted_at=NINE - timedelta(minutes=1),
        caller=Caller(phone="13800138000"),
        location=Location(region="320505", area="urban", address="学府路12号", transformer="T-1"),
        promises=(
            Promise(
                kind="arrival",
                minutes=45,
                due_at=NINE + timedelta(minutes=44),
                policy="sgcc-2022",
                policy_version="2022.1",
            ),
        ),
    )
    envelope = wrap(event, Stamp(by="agent-1", at=NINE), sequence=1)
    return Message("intake", 0, 0, event.key, envelope.model_dump_json().encode())


@pytest.fixture
async def workorders(start, postgres, keys):
    settings = WorkordersSettings(postgres=postgres, jwks=keys / "jwks.json")
    parts = service(settings)
    async with start(parts) as running:
        async with running.database.begin() as tx:
            await parts.on_start(tx, Stamp(by="start", at=NINE))
            await tx.execute(
                __import__("sqlalchemy").text(
                    "INSERT INTO teams VALUES ('GX-01', '高新一队', '320505'), ('SZ', '苏州', '3205')"
                )
            )
        yield running


async def hear(running, *messages):
    return await deliver(running.database.begin, consumers.heard, messages, NINE, Tries())


async def test_a_case_becomes_one_order_with_its_clocks(workorders, token):
    message = accepted()
    await hear(workorders, message)
    await hear(workorders, message)
    answer = await workorders.client.get("/v1/work-orders", headers=token("dispatcher", "3205"))
    [order] = answer.json()["items"]
    assert order["team"] == "GX-01" and order["status"] == "dispatched"
    assert {c["kind"]: c["due_at"] for c in order["clocks"]} == {
        "arrival": "2026-11-20T09:44:00Z",
        "claim": "2026-11-20T09:03:00Z",
    }
    crew = token("crew", "3205")
    path = f"/v1/work-orders/{order['id']}"
    for step, body in (
        ("claim", None),
        ("departure", None),
        ("arrival", None),
        ("etr", {"etr_at": "2026-11-20T18:00:00+08:00"}),
        ("reply", {"cause": "熔丝熔断", "action": "更换", "responsibility": "utility"}),
    ):
        done = await workorders.client.post(f"{path}/{step}", headers=crew, json=body)
        assert done.status_code == 200, done.text
    assert done.json()["allowed"] == ["archive", "reopen"]
    back = await workorders.client.post(
        f"{path}/callback", headers=token("callback"), json={"outcome": "dissatisfied"}
    )
    assert back.json()["level"] == 2 and back.json()["status"] == "dispatched", back.text
    assert await workorders.said() == [
        "promises-published",
        "order-opened",
        "order-dispatched",
        "order-claimed",
        "order-departed",
        "order-arrived",
        "etr-set",
        "order-replied",
        "order-reopened",
        "order-dispatched",
    ]


async def test_a_promise_that_ran_out_breaches_once(workorders, clock):
    await hear(workorders, accepted())
    clock.now = NINE + timedelta(minutes=45)
    [timer] = workorders.service.timers
    assert await fire_due(workorders.database, timer, clock.now) == 2
    assert await fire_due(workorders.database, timer, clock.now) == 0
    assert (await workorders.said()).count("clock-breached") == 2


def test_uuid() -> None:
    assert UUID(int=0)
