"""Somebody asks for messages: all of them are queued, or nothing is and the reason is said."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import NINE
from tests.service.notify.conftest import (
    CASE,
    NUMBER,
    PHONE,
    accepted,
    hand_over,
    hear,
    to_whom,
)

pytestmark = pytest.mark.anyio

OTHER = "13800138002"
LONG = ("begins", "ends", "reason")
ARRIVED = {"template": "order-arrived.v1", "values": {"number": NUMBER}}


@pytest.fixture
def ask(notify, token):
    """`await ask(to=[...])`: an arrival is told to them, by a caller of that role and region."""

    async def asked(role: str = "service", region: str = "", key: str = "", **body: Any) -> Any:
        headers = token(role, region) | {"idempotency-key": key or str(uuid4())}
        return await notify.client.post("/v1/messages", json=ARRIVED | body, headers=headers)

    return asked


async def nothing_is_queued(notify) -> bool:
    left = [await notify.rows(f"SELECT 1 FROM {t}") for t in ("requests", "addressees", "messages")]
    return left == [[], [], []]


async def test_what_is_asked_for_is_queued_and_handed_over_once(notify, gateway, ask, token):
    answer = await ask("ops", "3205", to=[{"phone": "+86 138-0013-8001"}, {"phone": OTHER}])
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    assert [one["status"] for one in taken["messages"]] == ["queued", "queued"]
    await hand_over(notify)
    assert [(sms.to, sms.text) for sms in gateway.sent] == [
        (phone, f"【瓦特供电】抢修人员已到达现场，正在处理。编号{NUMBER}。")
        for phone in (PHONE, OTHER)
    ]

    found = await notify.client.get(f"/v1/requests/{taken['id']}", headers=token("ops", "3205"))
    request = found.json()
    assert (request["source"], request["fact"], request["region"]) == ("api", None, "3205")
    assert request["category"] == "transactional" and request["channels"] == ["sms"]
    assert request["addressees"] == 2 and request["messages"] == {"accepted": 2}
    listed = await notify.client.get(
        f"/v1/messages?request_id={taken['id']}", headers=token("ops", "32")
    )
    mine = {message["id"] for message in listed.json()["items"]}
    assert mine == {message["id"] for message in taken["messages"]}
    assert PHONE not in answer.text + found.text + listed.text


async def test_the_same_request_twice_is_one_request(notify, ask):
    first = await ask(key="once", to=[{"phone": PHONE}])
    again = await ask(key="once", to=[{"phone": PHONE}])
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    other = await ask(key="once", to=[{"phone": OTHER}])
    assert other.status_code == 422
    assert len(await notify.rows("SELECT 1 FROM messages")) == 1


async def test_who_is_named_twice_is_written_to_once(notify, ask):
    await hear(notify, accepted())
    to = [{"phone": PHONE}, {"phone": "138 0013 8001"}, {"case_id": str(CASE)}, {"phone": OTHER}]
    answer = (await ask(to=to)).json()
    ids = [message["id"] for message in answer["messages"]]
    assert len(ids) == 4 and len(set(ids[:3])) == 1 and ids[3] not in ids[:3]
    rows = await notify.rows("SELECT address FROM messages WHERE template = 'order-arrived.v1'")
    assert {to_whom(row) for row in rows} == {PHONE, OTHER} and len(rows) == 2


async def test_the_customer_of_a_case_is_known_and_who_has_no_phone_is_skipped(notify, ask):
    dumb = uuid4()
    await hear(notify, accepted(), accepted(None, dumb))
    answer = await ask("supervisor", "3205", to=[{"case_id": str(CASE)}, {"case_id": str(dumb)}])
    one, other = answer.json()["messages"]
    assert (one["status"], one["reason"]) == ("queued", None)
    assert (other["status"], other["reason"]) == ("skipped", "no phone number")
    rows = await notify.rows(
        "SELECT case_id, region FROM messages WHERE template = 'order-arrived.v1' ORDER BY ctid"
    )
    assert [tuple(row) for row in rows] == [(CASE, "320505"), (dumb, "320505")]


@pytest.mark.parametrize(
    ("body", "problem", "says"),
    [
        ({"template": "order-arrived.v9"}, "unknown-template", {}),
        ({"values": {}}, "wrong-values", {"missing": ["number"], "unknown": 0}),
        (
            {"values": {"number": NUMBER, "wish": "x"}},
            "wrong-values",
            {"missing": [], "unknown": 1, "variables": ["number"]},
        ),
        (
            {"template": "outage-changed.v1", "values": dict.fromkeys(LONG, "9" * 200)},
            "text-too-long",
            {"parts": 10, "parts_allowed": 5},
        ),
        ({"to": [{"phone": OTHER}, {"phone": "051265001234"}]}, "not-a-mobile", {"addressee": 1}),
        ({"to": [{"phone": "12345"}]}, "not-a-phone-number", {"addressee": 0}),
        ({"to": [{"phone": f"{PHONE}\n"}]}, "not-one-line", {"addressee": 0}),
        ({"to": [{"phone": f"{PHONE}\r\nTo: 1"}]}, "not-one-line", {"addressee": 0}),
        ({"to": [{"email": "wang@demo.example\nBcc: all@demo.example"}]}, "not-one-line", {}),
        ({"to": [{"email": "wang@demo"}]}, "not-an-email", {"addressee": 0}),
        ({"to": [{"email": "wang@demo.example"}]}, "not-reached", {"detail": "no phone number"}),
        (
            {"channels": ["sms", "email"]},
            "no-gateway",
            {"channel": "email", "served": ["sms"]},
        ),
        ({"channels": ["webhook"]}, "no-gateway", {"channel": "webhook"}),
        ({"to": [{"case_id": str(uuid4())}]}, "unknown-case", {"addressee": 0}),
        ({"not_after": NINE.isoformat()}, "already-over", {}),
        ({"to": []}, "invalid-request", {}),
        ({"to": [{}]}, "invalid-request", {}),
        ({"to": [{"locale": "zh-CN"}]}, "invalid-request", {}),
        ({"to": [{"phone": PHONE, "name": "王"}]}, "invalid-request", {}),
        ({"channels": []}, "invalid-request", {}),
        ({"channels": ["pigeon"]}, "invalid-request", {}),
        ({"values": {"number": 7}}, "invalid-request", {}),
        ({"values": {"number": "7\n8"}}, "invalid-request", {}),
        ({"template": "ORDER"}, "invalid-request", {}),
        ({"text": "whatever I like"}, "invalid-request", {}),
    ],
)
async def test_bad_input_is_refused_with_the_reason_and_nothing_is_queued(
    notify, ask, monkeypatch, body, problem, says
):
    answer = await ask(**{"to": [{"phone": PHONE}]} | body)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert told["type"] == f"/problems/{problem}"
    assert {name: told.get(name) for name in says} == says
    assert PHONE not in answer.text and "demo" not in answer.text
    assert await nothing_is_queued(notify)


async def test_one_bad_addressee_among_many_stops_them_all(notify, ask):
    good = [{"phone": f"138{n:08}"} for n in range(50)]
    answer = await ask(to=[*good, {"phone": "13800138x01"}])
    assert (answer.status_code, answer.json()["addressee"]) == (422, 50)
    assert await nothing_is_queued(notify)


async def test_a_case_of_another_region_looks_like_none(notify, ask):
    await hear(notify, accepted())
    there = await ask("ops", "3301", to=[{"case_id": str(CASE)}])
    nowhere = await ask("ops", "3301", to=[{"case_id": str(uuid4())}])
    assert there.status_code == 422 and there.json() | {"instance": ""} == nowhere.json() | {
        "instance": ""
    }
    assert len(await notify.rows("SELECT 1 FROM messages")) == 1


async def test_a_request_of_another_region_looks_like_none(notify, ask, token):
    asked = (await ask("ops", "3205", to=[{"phone": PHONE}])).json()
    for region, expected in (("3205", 200), ("32", 200), ("3301", 404), ("320505", 404)):
        headers = token("agent", region)
        answer = await notify.client.get(f"/v1/requests/{asked['id']}", headers=headers)
        assert answer.status_code == expected, region


async def test_who_may_ask(ask):
    for role, expected in (
        ("service", 202),
        ("ops", 202),
        ("supervisor", 202),
        ("agent", 403),
        ("callback", 403),
        ("bot", 403),
    ):
        assert (await ask(role, to=[{"phone": PHONE}])).status_code == expected, role


async def test_what_nobody_wants_to_read_any_more_is_not_handed_over(
    notify, gateway, clock, ask, token
):
    until = (NINE + timedelta(minutes=5)).isoformat()
    asked = (await ask(to=[{"phone": PHONE}], not_after=until)).json()
    clock.now += timedelta(minutes=5)
    await hand_over(notify)
    assert gateway.sent == []
    story = await notify.client.get(
        f"/v1/messages/{asked['messages'][0]['id']}", headers=token("ops")
    )
    assert story.json()["status"] == "skipped" and "over" in story.json()["reason"]


async def test_a_message_tells_what_it_is_about_and_whom_it_is_for(notify, gateway, ask, token):
    await hear(notify, accepted())
    asked = (await ask(to=[{"case_id": str(CASE), "email": "wang@demo.example"}])).json()
    await hand_over(notify)
    ids = [row.id for row in await notify.rows("SELECT id FROM messages ORDER BY dedupe_key")]
    answers = [await notify.client.get(f"/v1/messages/{id}", headers=token("ops")) for id in ids]
    of_fact, of_api = (answer.json() for answer in answers)
    assert of_fact["request"]["source"] == "fact" and of_fact["request"]["by"].startswith("event:")
    assert of_fact["request"]["fact"] == "intake.case-accepted.v1"
    assert of_fact["addressee"]["addresses"] == {"sms": "138****8001"}

    assert of_api["request"]["id"] == asked["id"] and of_api["request"]["source"] == "api"
    assert of_api["addressee"]["case_id"] == str(CASE)
    assert of_api["addressee"]["addresses"] == {"sms": "138****8001", "email": "w***@demo.example"}
    [delivery] = of_api["deliveries"]
    assert (delivery["id"], delivery["channel"]) == (of_api["id"], "sms")
    assert delivery["status"] == "accepted" and delivery["fallback_of"] is None
    assert [one["verdict"] for one in of_api["attempts"]] == ["taken"]
    assert PHONE not in "".join(answer.text for answer in answers)


async def test_an_addressee_in_confidence_is_not_even_masked(notify, ask, token):
    await hear(notify, accepted().model_copy(update={"confidential": True}))
    asked = (await ask(to=[{"case_id": str(CASE)}])).json()
    url = f"/v1/messages/{asked['messages'][0]['id']}"
    story = (await notify.client.get(url, headers=token("ops"))).json()
    assert (story["phone"], story["addressee"]["addresses"]) == (None, {})
