"""What people may see of messages: their region's, masked, the whole story."""

import logging
from uuid import uuid4

import pytest

from tests.service.notify.conftest import CASE, PHONE, accepted, arrived, hand_over, hear

pytestmark = pytest.mark.anyio


async def test_the_whole_story_of_a_message(notify, gateway, token):
    await hear(notify, accepted())
    await hand_over(notify)
    url = gateway.sent[0].dlr_url
    for code, reply in ((8, "ACK/"), (2, "stat:UNDELIV err:011 text:x"), (1, "stat:DELIVRD")):
        await notify.client.get(url.replace("%d", str(code)).replace("%A", reply))
    agent = token("agent", "3205")
    listed = await notify.client.get(f"/v1/messages?case_id={CASE}", headers=agent)
    [message] = listed.json()["items"]
    assert message["phone"] == "138****8001" and message["text"].startswith("【瓦特供电】")

    answer = await notify.client.get(f"/v1/messages/{message['id']}", headers=agent)
    story = answer.json()
    assert story["status"] == "delivered" and story["conflict"] is True
    assert [a["verdict"] for a in story["attempts"]] == ["taken"]
    assert [(r["code"], r["means"], r["reply"]) for r in story["receipts"]] == [
        (8, "sent", "ACK/"),
        (2, "undelivered", "stat:UNDELIV err:011"),
        (1, "delivered", "stat:DELIVRD"),
    ]
    assert PHONE not in answer.text + listed.text


async def test_another_region_looks_like_nothing(notify, token):
    await hear(notify, accepted())
    [row] = await notify.rows("SELECT id FROM messages")
    elsewhere = token("agent", "3301")
    hidden = await notify.client.get(f"/v1/messages/{row.id}", headers=elsewhere)
    missing = await notify.client.get(f"/v1/messages/{uuid4()}", headers=elsewhere)
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["title"] == missing.json()["title"]
    listed = await notify.client.get(f"/v1/messages?case_id={CASE}", headers=elsewhere)
    assert listed.json() == {"items": [], "next": None}


async def test_pages_by_status(notify, token):
    await hear(notify, accepted(), *(arrived(level=level) for level in range(1, 5)))
    await hear(notify, accepted(None, uuid4()))
    agent = token("ops")
    seen, cursor = [], ""
    while cursor is not None:
        query = f"/v1/messages?status=queued&limit=2{cursor and '&cursor=' + cursor}"
        page = (await notify.client.get(query, headers=agent)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    [skipped] = (await notify.client.get("/v1/messages?status=skipped", headers=agent)).json()[
        "items"
    ]
    assert skipped["phone"] is None and skipped["reason"] == "no phone number"


async def test_who_may_look(notify, token):
    for role, expected in (
        ("agent", 200),
        ("supervisor", 200),
        ("ops", 200),
        ("callback", 200),
        ("service", 200),
        ("crew", 403),
        ("dispatcher", 403),
        ("bot", 403),
    ):
        answer = await notify.client.get("/v1/messages", headers=token(role))
        assert answer.status_code == expected, role
    assert (await notify.client.get("/v1/messages")).status_code == 401


async def test_nonsense_is_refused(notify, token):
    agent = token("agent")
    for query in ("status=lost", "case_id=7", "cursor=x", "limit=0"):
        answer = await notify.client.get(f"/v1/messages?{query}", headers=agent)
        assert answer.status_code == 422, query


async def test_no_phone_in_any_log_or_key(notify, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    await hear(notify, accepted())
    await hand_over(notify)
    url = gateway.sent[0].dlr_url
    await notify.client.get(url.replace("%d", "1").replace("%A", ""))
    ours = [r.getMessage() for r in caplog.records if r.name != "uvicorn.access"]  # the gateway's
    assert not any(PHONE in line for line in ours)
    rows = await notify.rows("SELECT key, envelope FROM outbox")
    assert rows and not any(PHONE in row.key + row.envelope for row in rows)
