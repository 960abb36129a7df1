"""A case is accepted with a number, a place, its promises and a masked caller."""

from typing import Any
from uuid import UUID

import pytest

from services.intake.consumers import heard
from shared.contracts.billing import AccountChanged
from shared.contracts.workorders import PromisesPublished, PublicPromise
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import a_call, as_message

pytestmark = pytest.mark.anyio

ACCOUNT = AccountChanged.model_validate(
    {
        "account_id": UUID(int=1),
        "account_no": "5050000001",
        "version": 1,
        "name": "李四",
        "phone": "13900139000",
        "address": "临湖区长桥路5号",
        "region": "320505",
        "area": "rural",
        "transformer": "T-9",
        "customer_class": "residential",
        "life_support": False,
        "changed_at": NINE,
    }
)


def promises(version: str, **minutes: int) -> PromisesPublished:
    return PromisesPublished(
        policy="sgcc-2022",
        policy_version=version,
        in_force_from=NINE,
        promises=tuple(
            PublicPromise(kind="arrival", case_type="fault_report", area=area, minutes=many)
            for area, many in minutes.items()
        ),
    )


@pytest.fixture
def file(intake, token):
    """`await file(description=...)`: a call, as an agent of the city files it."""
    count = iter(range(100))

    async def filed(role: str = "agent", region: str = "3205", **changes: Any):
        headers = token(role, region) | {"idempotency-key": f"k{next(count)}"}
        return await intake.client.post("/v1/cases", json=a_call(**changes), headers=headers)

    return filed


async def test_a_call_becomes_a_case(intake, file):
    answer = await file()
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown["caller"] == {"name": "王**", "phone": "138****8000"}
    assert shown["location"]["address"] == "临湖区学府路****"
    assert (shown["status"], shown["version"], answer.headers["etag"]) == ("accepted", 1, '"1"')
    assert shown["number"].startswith("2611-20")
    assert await intake.said() == ["case-accepted"]
    [case] = await intake.rows("SELECT * FROM cases")
    assert (case.accepted_at, case.number) == (NINE, shown["number"])
    assert case.caller_phone == "13800138000"


async def test_the_number_carries_the_utilitys_day(file, clock):
    clock.now = NINE.replace(hour=16)  # midnight in China has passed
    assert (await file()).json()["number"].startswith("2611-21")


async def test_every_case_has_a_number_of_its_own(file):
    numbers = [(await file()).json()["number"] for _ in range(5)]
    assert len(set(numbers)) == 5 and numbers == sorted(numbers)


async def test_what_is_promised_is_what_workorders_published_last(intake, file):
    await hear(intake, as_message(promises("1", urban=45, rural=90)))
    [promise] = (await file()).json()["promises"]
    assert (promise["minutes"], promise["due_at"]) == (45, "2026-11-20T09:45:00Z")
    await hear(intake, as_message(promises("2", urban=30)))
    [promise] = (await file()).json()["promises"]
    assert (promise["minutes"], promise["policy_version"]) == (30, "2")
    rural = a_call()["location"] | {"area": "rural"}
    assert (await file(location=rural)).json()["promises"] == []


async def test_with_an_account_what_is_missing_comes_from_it(intake, file):
    await hear(intake, as_message(ACCOUNT), as_message(promises("1", rural=90)))
    shown = (await file(account_no=ACCOUNT.account_no, location={})).json()
    where = shown["location"]
    assert (where["region"], where["area"], where["transformer"]) == ("320505", "rural", "T-9")
    assert shown["account_no"] == "******0001"
    assert [promise["minutes"] for promise in shown["promises"]] == [90]


async def test_an_older_account_fact_is_dropped(intake, file):
    newer = ACCOUNT.model_copy(update={"version": 3, "region": "320506"})
    await hear(intake, as_message(newer), as_message(ACCOUNT))
    await hear(intake, as_message(ACCOUNT.model_copy(update={"version": 2})))
    shown = (await file(account_no=ACCOUNT.account_no, location={})).json()
    assert shown["location"]["region"] == "320506"


async def test_a_place_beyond_the_callers_region_is_unknown_to_them(intake, file):
    assert (await file(region="3301")).status_code == 404
    await hear(intake, as_message(ACCOUNT))
    by_account = await file(region="3301", account_no=ACCOUNT.account_no, location={})
    unknown = await file(region="3301", account_no="9999999999", location={})
    assert (by_account.status_code, by_account.text) == (422, unknown.text)
    here = {"region": "330101", "area": "urban"}
    borrowed = await file(region="3301", account_no=ACCOUNT.account_no, location=here)
    assert (borrowed.status_code, borrowed.text) == (422, unknown.text)
    assert await intake.rows("SELECT 1 FROM cases") == []


async def test_a_case_is_found_by_number_phone_and_status(intake, file, token):
    case = (await file()).json()
    await file(caller={"phone": "13800138001"})
    agent = token("agent", "3205")
    for query, found in (
        (f"number={case['number']}", 1),
        ("phone=138-0013-8000", 1),
        ("phone=13800138009", 0),
        ("status=accepted", 2),
        ("status=closed", 0),
        ("", 2),
    ):
        answer = await intake.client.get(f"/v1/cases?{query}", headers=agent)
        assert len(answer.json()["items"]) == found, query


async def test_pages_lose_nobody_while_cases_come_in(intake, file, token):
    wanted = {(await file()).json()["id"] for _ in range(5)}
    agent, seen, cursor = token("agent", "3205"), [], ""
    while cursor is not None:
        path = f"/v1/cases?limit=2{cursor and '&cursor=' + cursor}"
        page = (await intake.client.get(path, headers=agent)).json()
        seen += [case["id"] for case in page["items"]]
        cursor = page["next"]
        await file()
    assert wanted <= set(seen) and len(seen) == len(set(seen))


def test_all_that_is_heard_has_a_listener():
    assert {"billing.account-changed.v1", "workorders.promises-published.v1"} <= set(heard)


async def test_danger_and_subtype_are_said_and_passed_on(intake, file):
    case = (await file(danger=True, subtype="low_voltage")).json()
    assert (case["danger"], case["subtype"]) == (True, "low_voltage")
    [fact] = await passed_on(intake)
    assert (fact["danger"], fact["subtype"]) == (True, "low_voltage")
    assert (fact["customer_class"], fact["tags"]) == (None, [])
    plain = (await file()).json()
    assert (plain["danger"], plain["subtype"]) == (False, None)


async def test_whose_account_it_is_goes_along_for_those_who_do_the_work(intake, file):
    ventilator = {"life_support": True, "customer_class": "commercial"}
    await hear(intake, as_message(ACCOUNT.model_copy(update=ventilator)))
    await file(account_no="5050000001")
    [fact] = await passed_on(intake)
    assert (fact["customer_class"], fact["tags"]) == ("commercial", ["life_support"])


async def passed_on(intake) -> list[dict[str, Any]]:
    rows = await intake.rows("SELECT (envelope::json)->'data' AS data FROM outbox ORDER BY seq")
    return [row.data for row in rows]
