"""What a text will cost, asked over HTTP; and a text that costs too much is not queued."""

import json

import pytest

from tests.service.notify.conftest import CASE, accepted, arrived, hear

pytestmark = pytest.mark.anyio


@pytest.fixture
def ask(notify, token):
    async def asked(text: object, **more: object):
        body = {"text": text, **more}
        return await notify.client.post("/v1/segments", json=body, headers=token("agent"))

    return asked


async def test_a_text_is_counted_and_cut(ask):
    answer = (await ask("a" * 152 + "€" + " b ")).json()
    assert (answer["encoding"], answer["units"], answer["rule"]) == ("gsm-7", 157, "automatic")
    assert answer["parts"] == [{"text": "a" * 152 + "€ b ", "units": 157}]
    assert answer["billed_mainland"] == {"characters": 156, "parts": 3}
    assert answer["suggestion"] is None


async def test_every_part_and_every_space_is_shown(ask):
    text = "  " + "停电" * 34 + "👍 \r\n\f\t "
    answer = (await ask(text)).json()
    assert (answer["encoding"], len(answer["parts"])) == ("ucs-2", 2)
    assert "".join(part["text"] for part in answer["parts"]) == text
    assert [part["units"] for part in answer["parts"]] == [67, 11]


async def test_the_mainland_counts_characters(ask):
    answer = (await ask("👍" * 71, rule="mainland")).json()
    assert [part["units"] for part in answer["parts"]] == [67, 4]
    assert (await ask("a" * 71, rule="ucs-2")).json()["encoding"] == "ucs-2"


async def test_other_characters_are_suggested_and_nothing_is_changed(ask):
    text = "It’s on: " + "a" * 70
    answer = (await ask(text)).json()
    assert "".join(part["text"] for part in answer["parts"]) == text
    assert (answer["encoding"], len(answer["parts"])) == ("ucs-2", 2)
    better = answer["suggestion"]
    assert (better["encoding"], len(better["parts"])) == ("gsm-7", 1)
    assert better["substitutions"] == [{"character": "’", "instead": "'", "times": 1}]
    assert better["text"] == text.replace("’", "'")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": ""}, 422),
        ({"text": 7}, 422),
        ({}, 422),
        ({"text": "a", "rule": "english"}, 422),
        ({"text": "a", "more": 1}, 422),
        ({"text": "a" * 39_016}, 422),
        ({"text": "a\x00"}, 400),
        ({"text": "\ud83d"}, 400),
    ],
)
async def test_nonsense_is_refused(notify, token, body, status):
    headers = token("agent") | {"content-type": "application/json"}
    raw = json.dumps(body)
    answer = await notify.client.post("/v1/segments", content=raw, headers=headers)
    assert answer.status_code == status, answer.text


async def test_a_text_above_its_limit_is_refused_with_the_reason_and_not_queued(notify):
    endless = arrived().model_copy(update={"case_number": "9" * 400})
    await hear(notify, accepted())
    done = await hear(notify, endless)
    assert done.wait is None  # decided at once, not tried again
    causes = [row.cause.split(":")[0] for row in await notify.rows("SELECT cause FROM parked")]
    assert causes == ["TextTooLong"]
    rows = await notify.rows("SELECT dedupe_key FROM messages")
    assert [row.dedupe_key for row in rows] == [f"case-accepted:{CASE}"]
