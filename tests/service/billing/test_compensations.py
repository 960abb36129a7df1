"""What workorders says that customers are owed is booked, once, and counts."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.contracts.outages import CompensationDue, CompensationWaived
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import as_message

pytestmark = pytest.mark.anyio

HOME, AWAY = "5050000001", "9999999999"


def due(account_no: str | None = HOME, **changes) -> CompensationDue:
    about = {
        "compensation_id": uuid4(),
        "work_order_id": uuid4(),
        "case_id": uuid4(),
        "case_number": "2611-2000-0001-00",
        "region": "320505",
        "account_no": account_no,
        "amount_minor": 5000,
        "currency": "CNY",
        "pack": "house",
        "pack_version": "1",
        "rule": "restore",
        "step": 1,
        "began_at": NINE - timedelta(days=1),
        "promised_at": NINE,
    }
    return CompensationDue(**about | changes)


def waived(owed: CompensationDue) -> CompensationWaived:
    said = owed.model_dump() | {"waived_at": NINE, "reason": "no_access"}
    return CompensationWaived(**said)


async def owes(look) -> int:
    return (await look(f"/{HOME}/balance")).json()["balance_fen"]


async def booked(look) -> list[tuple[int, str | None]]:
    items = (await look(f"/{HOME}/compensations")).json()["items"]
    return [(one["amount_minor"], one["waived_because"]) for one in items]


async def test_a_sum_is_booked_once_however_often_it_is_said(billing, look):
    before, owed = await owes(look), due()
    await hear(billing, as_message(owed), as_message(owed, 1))
    assert await booked(look) == [(5000, None)]
    assert await owes(look) == before - 5000
    audits = await billing.rows("SELECT 1 FROM audit WHERE action = 'compensation.booked'")
    assert len(audits) == 1


@pytest.mark.parametrize("late", [False, True], ids=["waived after", "waived before"])
async def test_what_was_waived_is_not_owed_whichever_is_heard_first(billing, look, late):
    before, owed = await owes(look), due()
    said = [owed, waived(owed)]
    for offset, event in enumerate(reversed(said) if late else said):
        await hear(billing, as_message(event, offset))
    assert await booked(look) == [(5000, "no_access")]
    assert await owes(look) == before


async def test_another_currency_is_shown_and_changes_no_bill(billing, look):
    before = await owes(look)
    await hear(billing, as_message(due(currency="GBP", amount_minor=9500)))
    assert await booked(look) == [(9500, None)]
    assert await owes(look) == before


async def test_a_sum_of_nobody_waits_until_a_supervisor_says_whose_it_is(billing, look, token):
    before, owed = await owes(look), due(AWAY)
    await hear(billing, as_message(owed))
    client, boss = billing.client, token("supervisor", "3205")
    [waiting] = (await client.get("/v1/compensations", headers=boss)).json()["items"]
    assert waiting["id"] == str(owed.compensation_id)
    elsewhere = token("supervisor", "3301")
    assert (await client.get("/v1/compensations", headers=elsewhere)).json()["items"] == []

    path, body = f"/v1/compensations/{owed.compensation_id}/account", {"account_no": HOME}
    assert (await client.post(path, json=body, headers=elsewhere)).status_code == 404
    unknown = await client.post(path, json={"account_no": AWAY}, headers=boss)
    assert unknown.json()["type"] == "/problems/no-such-account"
    assert (await client.post(path, json=body, headers=token("agent", "3205"))).status_code == 403
    assert (await client.post(path, json=body, headers=boss)).status_code == 200
    again = await client.post(path, json=body, headers=boss)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/assigned-already")
    assert await owes(look) == before - 5000
    assert (await client.get("/v1/compensations", headers=boss)).json()["items"] == []
