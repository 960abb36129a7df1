"""A case keeps step with its order, whatever order the facts come in."""

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts import workorders as said
from shared.contracts.envelope import Event
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import a_call, as_message

pytestmark = pytest.mark.anyio

ORDER = uuid4()


def fact(kind: type[Event], case_id: str, version: int, **more: Any) -> Event:
    about = {
        "work_order_id": ORDER,
        "case_id": UUID(case_id),
        "case_number": "2611-2000-0000-44",
        "region": "320505",
        "team": "LH-1",
        "version": version,
    }
    return kind.model_validate(about | more)


@pytest.fixture
async def case(intake, token) -> str:
    headers = token("agent") | {"idempotency-key": "k"}
    return (await intake.client.post("/v1/cases", json=a_call(), headers=headers)).json()["id"]


async def shown(intake, token, case: str) -> Any:
    return (await intake.client.get(f"/v1/cases/{case}", headers=token("agent"))).json()


async def test_step_by_step(intake, token, case):
    for kind, version, more, status in (
        (said.OrderDispatched, 2, {"dispatched_at": NINE, "team_name": "一队"}, "dispatched"),
        (said.OrderClaimed, 3, {"claimed_at": NINE}, "in_progress"),
        (said.OrderDeparted, 4, {"departed_at": NINE}, "in_progress"),
        (said.OrderArrived, 5, {"arrived_at": NINE}, "in_progress"),
        (said.EtrSet, 6, {"etr_at": NINE, "set_at": NINE}, "in_progress"),
        (said.OrderReplied, 7, {"replied_at": NINE, "cause": "x"}, "resolved"),
        (said.OrderReopened, 8, {"reopened_at": NINE, "reason": "x", "level": 2}, "reopened"),
        (said.OrderDispatched, 9, {"dispatched_at": NINE, "team_name": "", "level": 2}, "reopened"),
        (said.OrderReplied, 10, {"replied_at": NINE, "cause": "x", "level": 2}, "resolved"),
        (said.OrderArchived, 11, {"archived_at": NINE, "satisfaction": "satisfied"}, "closed"),
    ):
        await hear(intake, as_message(fact(kind, case, version, **more)))
        now = await shown(intake, token, case)
        assert (now["status"], now["team"]) == (status, "LH-1"), kind
        expected = "2026-11-20T09:00:00Z" if version in (6, 7) else None
        assert now["etr_at"] == expected, "it was for work that did not help"


async def test_the_newest_fact_wins_whatever_order_they_come_in(intake, token, case):
    facts = (
        fact(said.OrderClaimed, case, 3, claimed_at=NINE),
        fact(said.OrderArrived, case, 5, arrived_at=NINE),
        fact(said.OrderReplied, case, 7, replied_at=NINE, cause="x"),
    )
    for order in permutations(facts):
        await intake.rows("UPDATE cases SET status = 'accepted', order_version = 0 RETURNING 1")
        await hear(intake, *(as_message(one, offset) for offset, one in enumerate(order)))
        assert (await shown(intake, token, case))["status"] == "resolved"


async def test_a_fact_about_an_unknown_case_does_no_harm(intake):
    await hear(intake, as_message(fact(said.OrderClaimed, str(uuid4()), 3, claimed_at=NINE)))
    assert await intake.rows("SELECT 1 FROM parked") == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (said.OrderArchivedUnasked, {"archived_at": NINE, "because": "exempted"}),
        (said.OrderCancelled, {"cancelled_at": NINE, "reason": "reported twice"}),
    ],
)
async def test_what_ends_without_the_customers_word_is_closed_too(intake, token, case, kind, more):
    await hear(intake, as_message(fact(kind, case, 4, **more)))
    assert (await shown(intake, token, case))["status"] == "closed"
