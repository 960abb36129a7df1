"""A confidential report at intake: taken, hidden from all, revealed for a purpose; or anonymous."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.workorders import OrderClaimed
from shared.privacy import mask_address, mask_name, mask_phone
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import a_call, as_message

pytestmark = pytest.mark.anyio

NAME, PHONE, ADDRESS, SAID = "金丝雀", "15912345678", "临湖区鸟鸣路77号9室", "抄表员收了好处费"
TRACES = (NAME, PHONE, ADDRESS, SAID, mask_name(NAME), mask_phone(PHONE), mask_address(ADDRESS))
PLACE = {"region": "320505", "area": "urban", "address": ADDRESS, "transformer": "T-CANARY"}
REPORT: dict[str, Any] = {
    "type": "report",
    "confidential": True,
    "description": SAID,
    "caller": {"name": NAME, "phone": PHONE},
    "location": PLACE,
}
READERS = ("agent", "supervisor", "callback", "dispatcher", "service")


@pytest.fixture
def file(intake, token):
    async def filed(key: str = "k", role: str = "agent", **changes: Any):
        headers = token(role, "3205") | {"idempotency-key": key}
        body = a_call(**REPORT | changes)
        return await intake.client.post("/v1/cases", json=body, headers=headers)

    return filed


@pytest.fixture
def reveal(intake, token):
    async def revealed(id: str, role: str, region: str = "3205"):
        body = {"purpose": "callback"}
        path = f"/v1/cases/{id}/reveal"
        return await intake.client.post(path, json=body, headers=token(role, region))

    return revealed


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.mark.parametrize("type", ["report", "complaint"])
async def test_nobody_sees_the_reporter_without_a_reveal(intake, file, token, type):
    answers = [await file(type=type), await file(type=type)]
    assert answers[1].headers["idempotent-replayed"] == "true"
    case = answers[0].json()
    assert (case["confidential"], case["description"]) == (True, "")
    assert case["caller"] == {"name": None, "phone": None}
    assert case["location"] == {
        "region": "320505", "area": "urban", "address": None, "transformer": None,
    }  # fmt: skip
    for role in READERS:
        for path in (f"/{case['id']}", "", f"?number={case['number']}"):
            answer = await intake.client.get(f"/v1/cases{path}", headers=token(role, "3205"))
            assert case["number"] in answer.text
            answers.append(answer)
        by_phone = await intake.client.get(f"/v1/cases?phone={PHONE}", headers=token(role, "3205"))
        assert by_phone.json()["items"] == []
    for answer in answers:
        assert [trace for trace in TRACES if trace and trace in answer.text] == []


@pytest.mark.parametrize(
    ("role", "region"), [("agent", "320505"), ("callback", "3205"), ("supervisor", "3205")]
)
async def test_who_may_know_does_for_a_purpose_that_is_written_down(
    intake, file, reveal, role, region
):
    case = (await file()).json()
    answer = await reveal(case["id"], role, region)
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["caller"], seen["description"]) == ({"name": NAME, "phone": PHONE}, SAID)
    assert seen["location"] == PLACE
    [row] = await intake.rows("SELECT * FROM audit WHERE action LIKE 'case.rep%'")
    assert (row.role, row.action, row.about) == (role, "case.reporter-revealed", case["id"])
    assert row.facts == {"purpose": "callback"}


async def test_nobody_else_does_and_least_of_all_who_leads_the_unit(intake, file, reveal):
    case, open_one = (await file()).json(), (await file("k2", confidential=False)).json()
    assert problem(await reveal(case["id"], "supervisor", "320505")) == (
        403,
        "too-close-to-the-reporter",
    )
    assert (await reveal(open_one["id"], "supervisor", "320505")).status_code == 200
    for role in ("dispatcher", "crew", "ops", "service"):
        assert problem(await reveal(case["id"], role))[0] == 403
    assert problem(await reveal(case["id"], "supervisor", "3301"))[0] == 404
    rows = await intake.rows("SELECT about FROM audit WHERE action LIKE 'case.re%'")
    assert [row.about for row in rows] == [open_one["id"]]


@pytest.mark.parametrize("type", ["fault_report", "praise", "opinion", "service_request"])
async def test_nothing_else_is_confidential(intake, file, type):
    answer = await file(type=type)
    assert problem(answer) == (422, "not-confidential")
    assert answer.json()["field"] == "confidential"
    for table in ("cases", "vault", "outbox", "audit"):
        assert await intake.rows(f"SELECT 1 FROM {table}") == []


async def test_a_case_that_moves_on_keeps_its_secret(intake, file, reveal):
    case = (await file()).json()
    about = {"work_order_id": UUID(int=9), "case_id": case["id"], "case_number": case["number"]}
    claimed = OrderClaimed(**about, region="320505", version=2, claimed_at=NINE)
    await hear(intake, as_message(claimed))
    seen = (await reveal(case["id"], "callback")).json()
    assert (seen["status"], seen["caller"]["phone"]) == ("in_progress", PHONE)
    [row] = await intake.rows("SELECT CAST(cases AS text) AS line FROM cases")
    assert [trace for trace in TRACES if trace and trace in row.line] == []


@pytest.mark.parametrize("confidential", [False, True])
async def test_an_anonymous_one_is_taken_with_a_warning(file, confidential):
    answer = await file(caller={}, confidential=confidential)
    assert answer.status_code == 201
    [warning] = answer.json()["warnings"]
    assert warning["code"] == "anonymous" and "unsolved" in warning["text"]
    assert (await file(caller={}, confidential=confidential)).text == answer.text


@pytest.mark.parametrize(
    "known",
    [
        {"caller": {"name": NAME}},
        {"caller": {"phone": PHONE}},
        {"caller": {}, "type": "fault_report", "confidential": False},
        {},
    ],
)
async def test_others_come_without_a_warning(file, known):
    assert (await file(**known)).json()["warnings"] == []
