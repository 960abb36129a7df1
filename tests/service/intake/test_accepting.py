"""A case is accepted once, with a number, a promise and a masked caller."""

import pytest

from services.intake.main import service
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

CALL = {
    "type": "fault_report",
    "channel": "phone",
    "description": "整栋楼停电",
    "caller": {"name": "王小明", "phone": "13800138000"},
    "location": {
        "region": "320505",
        "area": "urban",
        "address": "学府路12号",
        "transformer": "T-1",
    },
}


@pytest.fixture
async def intake(start, settings):
    async with start(service(settings)) as running:
        yield running


async def test_a_call_becomes_a_case(intake, token):
    headers = token("agent", "3205") | {"idempotency-key": "k1"}
    answer = await intake.client.post("/v1/cases", json=CALL, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["caller"] == {"name": "王**", "phone": "138****8000"}
    again = await intake.client.post("/v1/cases", json=CALL, headers=headers)
    assert again.json() == answer.json() and again.headers["idempotent-replayed"] == "true"
    assert await intake.said() == ["case-accepted"]
    [case] = await intake.rows("SELECT * FROM cases")
    assert case.accepted_at == NINE
