"""A customer's contact changes once, for those who saw the newest version, and is published."""

import json

import pytest

from tests.conftest import NINE

pytestmark = pytest.mark.anyio

HOME = "5050000001"
NEW = {"phone": "154-9999-9999", "name": "欧阳小美"}


@pytest.fixture
def tell(billing, token):
    """`await tell({"phone": ..}, '"1"')`: change the contact of HOME as somebody who may."""

    async def told(body: dict[str, object], etag: str = "", role: str = "agent", region: str = ""):
        headers = token(role, region) | ({"if-match": etag} if etag else {})
        return await billing.client.post(f"/v1/accounts/{HOME}/contact", json=body, headers=headers)

    return told


async def newest_facts(billing) -> list[dict]:
    """What was published about HOME, in order."""
    rows = await billing.rows(
        "SELECT envelope FROM outbox JOIN accounts ON key = id::text"
        " WHERE account_no = :no ORDER BY seq",
        no=HOME,
    )
    return [json.loads(row.envelope) for row in rows]


async def test_a_new_contact_is_kept_published_and_audited(billing, tell, look):
    answer = await tell(NEW, '"1"')
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert (answer.json()["name"], answer.json()["phone"]) == ("欧***", "154****9999")
    assert (await look(f"/{HOME}")).headers["etag"] == '"2"'
    taken_over, changed = await newest_facts(billing)
    assert (taken_over["sequence"], changed["sequence"]) == (1, 2)
    assert changed["type"] == "billing.account-changed.v1"
    assert changed["subject"] == changed["data"]["account_id"]
    fact = changed["data"]
    assert (fact["version"], fact["name"], fact["phone"]) == (2, "欧阳小美", "15499999999")
    assert (fact["region"], fact["feeder"], fact["open"]) == ("320505", "F-01", True)
    assert fact["changed_at"] == NINE.isoformat().replace("+00:00", "Z")
    [left] = await billing.rows("SELECT * FROM audit WHERE action = 'account.contact-changed'")
    assert (left.by, left.about, left.facts) == ("agent-1", changed["subject"], {"version": 2})


async def test_who_saw_an_older_version_is_told_so(billing, tell):
    await tell(NEW, '"1"')
    answer = await tell({"phone": "15488888888"}, '"1"')
    assert answer.status_code == 412
    assert (answer.json()["expected"], answer.json()["now"]) == ('"1"', '"2"')
    assert len(await newest_facts(billing)) == 2


async def test_without_a_name_the_name_stays(billing, tell):
    [before] = await billing.rows("SELECT name FROM accounts WHERE account_no = :no", no=HOME)
    await tell({"phone": NEW["phone"]})
    [after] = await billing.rows("SELECT name, phone FROM accounts WHERE account_no = :no", no=HOME)
    assert (after.name, after.phone) == (before.name, "15499999999")


async def test_saying_it_again_changes_nothing(billing, tell):
    await tell(NEW)
    again = await tell(NEW)
    assert again.status_code == 200 and again.headers["etag"] == '"2"'
    assert len(await newest_facts(billing)) == 2


@pytest.mark.parametrize(
    ("role", "region", "status"),
    [
        ("supervisor", "3205", 200),
        ("callback", "", 403),
        ("service", "", 403),
        ("agent", "33", 404),
    ],
)
async def test_who_may_change_it(tell, role, region, status):
    assert (await tell(NEW, role=role, region=region)).status_code == status


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "rubbish"}, {"phone": None}, {"phone": 15499999999}, NEW | {"version": 7},
     NEW | {"name": ""}, NEW | {"name": "a\nb"}],
)  # fmt: skip
async def test_rubbish_changes_nothing(billing, tell, body):
    assert (await tell(body)).status_code == 422
    assert len(await newest_facts(billing)) == 1
