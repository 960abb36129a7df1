"""Protected customers: entered, ended, matched at opening, acting on open orders by themselves."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.due import fire_due
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

ACCOUNT = "5050000001"
DAY = timedelta(days=1)
PATH = "/v1/protected-customers"


def body(code: str = "important_l1", **changes: Any) -> dict[str, Any]:
    return {
        "account_no": ACCOUNT,
        "region": "320505",
        "code": code,
        "source": "city list of 2026",
        "valid_from": (NINE - DAY).isoformat(),
    } | changes


@pytest.fixture
def ask(workorders, token):
    async def asked(
        method: str, path: str, json: Any = None, role: str = "supervisor", **more: Any
    ):
        headers = token(role, more.pop("region", "3205")) | {"idempotency-key": str(uuid4())} | more
        return await workorders.client.request(method, path, json=json, headers=headers)

    return asked


@pytest.fixture
def protect(ask):
    async def entered(*args: Any, **changes: Any) -> str:
        answer = await ask("POST", PATH, body(*args, **changes))
        assert answer.status_code == 201, answer.text
        return f"{PATH}/{answer.json()['id']}"

    return entered


async def fire(workorders, clock) -> None:
    [timer] = [one for one in workorders.service.timers if one.name == "protections"]
    await fire_due(workorders.database, timer, clock())


async def affected(workorders) -> list[tuple[list[str], bool]]:
    rows = await workorders.rows(
        "SELECT (envelope::json)->'data' AS data FROM outbox"
        " WHERE (envelope::json)->>'type' LIKE '%.protected-customer-affected.v1' ORDER BY seq"
    )
    return [(row.data["classes"], row.data["call_by_phone"]) for row in rows]


async def test_a_fault_at_a_protected_customer_is_known_told_and_watched(
    workorders, field, protect
):
    await protect()
    await protect("life_support")
    order = await field.look(await field.opened(account_no=ACCOUNT))
    assert order["protected"] == ["important_l1", "life_support"]
    assert (order["priority"], order["supervision"]["level"]) == (140, 2)
    assert await affected(workorders) == [(["important_l1", "life_support"], True)]
    other = await field.look(await field.opened(account_no="5050000002"))
    assert (other["protected"], other["priority"]) == ([], 0)


async def test_a_question_of_theirs_alarms_nobody(workorders, field, protect):
    await protect()
    order = await field.look(await field.opened(account_no=ACCOUNT, case_type="consultation"))
    assert order["protected"] == ["important_l1"] and not order["supervised"]
    assert await affected(workorders) == []


async def test_it_starts_and_ends_on_open_orders_by_itself(workorders, field, protect, clock):
    order = await field.opened(account_no=ACCOUNT)
    exam = {"valid_from": NINE + DAY, "valid_to": NINE + 2 * DAY}
    await protect("important_temp", **{name: at.isoformat() for name, at in exam.items()})
    for at, protected, points in (
        (NINE, [], 0),
        (NINE + DAY - timedelta(seconds=1), [], 0),
        (NINE + DAY, ["important_temp"], 50),
        (NINE + 2 * DAY - timedelta(seconds=1), ["important_temp"], 50),
        (NINE + 2 * DAY, [], 0),
    ):
        clock.now = at
        await fire(workorders, clock)
        shown = await field.look(order)
        assert (shown["protected"], shown["priority"]) == (protected, points), at
    assert await affected(workorders) == [(["important_temp"], False)]


async def test_what_is_entered_now_acts_now_and_on_what_is_open_only(workorders, field, protect):
    open_one = await field.opened(account_no=ACCOUNT)
    ended = await field.opened(account_no=ACCOUNT)
    await field.did(ended, "cancellation", {"reason": "twice"}, "dispatcher")
    await protect("important_l2")
    assert (await field.look(open_one))["protected"] == ["important_l2"]
    assert (await field.look(ended))["protected"] == []
    assert await affected(workorders) == [(["important_l2"], False)]


async def test_changed_or_lifted_it_acts_too(workorders, field, protect, ask):
    order, entry = await field.opened(account_no=ACCOUNT), await protect()
    terms = {name: value for name, value in body("important_special").items()
             if name not in ("account_no", "region")}  # fmt: skip
    changed = await ask("PUT", entry, terms, **{"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await field.look(order))["priority"] == 90
    assert (await ask("PUT", entry, terms, **{"if-match": '"1"'})).status_code == 412
    assert (await ask("DELETE", entry, **{"if-match": '"1"'})).status_code == 412
    assert (await ask("DELETE", entry)).status_code == 204
    assert (await field.look(order))["priority"] == 0
    assert (await ask("GET", entry)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"code": "famous"}, 422, "unknown-code"),
        ({"code": "important_temp"}, 422, "missing-field"),
        ({"valid_to": (NINE - 2 * DAY).isoformat()}, 422, "protection-ends"),
        ({"region": "440305"}, 404, "not-your-region"),
        ({"account_no": "x"}, 422, "invalid-request"),
    ],
)
async def test_what_can_not_be_so_is_refused(ask, changes, status, slug):
    answer = await ask("POST", PATH, body() | changes)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


async def test_nobody_is_protected_twice_at_one_time(protect, ask):
    await protect(valid_to=(NINE + DAY).isoformat())
    twice = await ask("POST", PATH, body())
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/protected-already")
    assert await protect(valid_from=(NINE + DAY).isoformat())


async def test_who_may_see_what(workorders, protect, ask):
    plain, health = await protect(), await protect("life_support", note="ventilator")
    assert (await ask("POST", PATH, body("watched"), "dispatcher")).status_code == 403
    for role, seen in (("dispatcher", 2), ("agent", 1), ("ops", 1)):
        listed = (await ask("GET", PATH, role=role)).json()["items"]
        assert len(listed) == seen, role
        assert {(one["account_no"], one["note"]) for one in listed} == {("******0001", None)}
    assert (await ask("GET", PATH, region="3301")).json()["items"] == []
    assert (await ask("GET", health, region="3301")).status_code == 404
    assert (await ask("GET", plain, role="agent")).status_code == 403
    purpose = {"purpose": "call before switching"}
    shown = (await ask("POST", f"{health}/reveal", purpose, "crew")).json()
    assert (shown["account_no"], shown["note"]) == (ACCOUNT, "ventilator")
    [look] = await workorders.rows("SELECT * FROM audit WHERE action = 'protection.revealed'")
    assert (look.by, look.facts) == ("crew-1", purpose)


async def test_agents_see_that_there_is_something_not_what(field, protect):
    await protect("life_support")
    order = await field.opened(account_no=ACCOUNT)
    assert (await field.look(order, role="crew"))["protected"] == ["life_support"]
    assert (await field.look(order, role="agent"))["protected"] == ["protected"]


HEAD = "account_no,region,code,source,valid_from,valid_to,note\n"
LINE = f"{ACCOUNT},320505,important_l1,city list,2026-11-20T08:00:00+08:00,,\n"


@pytest.fixture
def load(workorders, token):
    async def loaded(text: str | bytes, role: str = "supervisor"):
        headers = token(role, "3205") | {"content-type": "text/csv"}
        raw = text.encode() if isinstance(text, str) else text
        return await workorders.client.post(f"{PATH}/import", content=raw, headers=headers)

    return loaded


async def test_a_file_is_loaded_as_a_whole_and_acts(workorders, field, load, clock):
    order = await field.opened(account_no=ACCOUNT)
    second = LINE.replace(ACCOUNT, "5050000002").replace("important_l1", "life_support")
    answer = await load(HEAD + LINE + second)
    assert (answer.status_code, answer.json()) == (200, {"entered": 2})
    await fire(workorders, clock)
    assert (await field.look(order))["protected"] == ["important_l1"]
    assert (await load(HEAD + LINE, "dispatcher")).status_code == 403


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("\n", 1, "header"),
        (HEAD, 2, "line"),
        ("code,account_no\n" + LINE, 1, "header"),
        (HEAD + LINE + LINE.replace("5050", "x"), 3, "account_no"),
        (HEAD + LINE.replace("320505", "440305"), 2, "region"),
        (HEAD + LINE.replace("important_l1", "famous"), 2, "code"),
        (HEAD + LINE.replace("important_l1", "important_temp"), 2, "valid_to"),
        (HEAD + LINE.replace("+08:00", ""), 2, "valid_from"),
        (HEAD + LINE.replace(",,", ",2026-11-01T08:00:00+08:00,"), 2, "valid_to"),
        (HEAD + LINE + LINE, 3, "valid_from"),
        (HEAD + LINE + "one,two\n", 3, "line"),
        (HEAD + LINE + '"open', 3, "line"),
        ((HEAD + LINE).encode() + b"\xff\n", 3, "line"),
    ],
)
async def test_a_file_with_a_mistake_is_refused_with_its_place(
    workorders, load, text, line, column
):
    answer = await load(text)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["type"] == "/problems/bad-sheet"
    assert (problem["faults"][0]["line"], problem["faults"][0]["column"]) == (line, column)
    assert "5050" not in answer.text, "what is refused is not repeated"
    assert await workorders.rows("SELECT 1 FROM protected_customers") == []
