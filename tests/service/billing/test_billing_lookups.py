"""Accounts are found by number and phone, masked, in the caller's region only."""

import pytest

pytestmark = pytest.mark.anyio

HOME = "5050000001"


async def test_an_account_is_shown_masked_with_its_etag(billing, look):
    [kept] = await billing.rows("SELECT * FROM accounts WHERE account_no = :no", no=HOME)
    answer = await look(f"/{HOME}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    account = answer.json()
    assert account["account_no"] == HOME and account["transformer"] == "T-0001"
    assert account["name"] == kept.name[0] + "*" * (len(kept.name) - 1)
    assert account["phone"] == f"154****{kept.phone[-4:]}"
    assert account["address"] == "临湖区学府路****"
    assert kept.phone not in answer.text and kept.name not in answer.text


@pytest.mark.parametrize("path", ["", "/balance", "/bills"])
async def test_unknown_and_out_of_region_look_the_same(look, path):
    unknown = await look(f"/9999999999{path}", region="320506")
    elsewhere = await look(f"/{HOME}{path}", region="320506")
    assert unknown.status_code == elsewhere.status_code == 404
    assert unknown.json() == elsewhere.json()
    assert (await look(f"/{HOME}{path}", region="3205")).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("callback", 200), ("service", 200), ("crew", 403)])
async def test_who_may_look(look, role, status):
    assert (await look(f"/{HOME}", role)).status_code == status


@pytest.mark.parametrize("form", ["{0}{1}", "+86 {0}{1}", "86{0}{1}", "{0}-{1}", " {0} {1} "])
async def test_a_phone_is_found_however_it_is_written(billing, look, form):
    [kept] = await billing.rows("SELECT phone FROM accounts WHERE account_no = :no", no=HOME)
    answer = await look("", phone=form.format(kept.phone[:3], kept.phone[3:]))
    assert [account["account_no"] for account in answer.json()["items"]] == [HOME]


async def test_a_phone_with_two_accounts_pages(billing, look):
    [shared] = await billing.rows(
        "SELECT phone FROM accounts GROUP BY phone HAVING count(*) = 2 LIMIT 1"
    )
    first = (await look("", phone=shared.phone, limit="1")).json()
    second = (await look("", phone=shared.phone, limit="1", cursor=first["next"])).json()
    assert second["next"] is None
    [newer], [older] = first["items"], second["items"]
    assert newer["account_no"] != older["account_no"]
    assert newer["opened_on"] >= older["opened_on"]


async def test_a_search_keeps_to_the_region(billing, look):
    assert (await look("", region="320506", account_no=HOME)).json() == {"items": [], "next": None}
    assert len((await look("", region="320505", account_no=HOME)).json()["items"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"phone": ""},
        {"phone": "rubbish"},
        {"phone": "110"},
        {"account_no": "12 34"},
        {"account_no": HOME, "cursor": "nonsense"},
        {"account_no": HOME, "limit": "0"},
    ],
)
async def test_rubbish_is_refused(look, query):
    answer = await look("", **query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "rubbish" not in answer.text
