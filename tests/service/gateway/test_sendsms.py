"""sendsms takes what Kannel takes, and says no in Kannel's words."""

from urllib.parse import quote

import httpx
import pytest

from deploy.gateway import Gateway
from tests.service.gateway.conftest import Sender

pytestmark = pytest.mark.anyio


async def test_a_submission_is_taken_and_remembered(sender: Sender, gateway: Gateway) -> None:
    answer = await sender.send(
        "13800000001", "Power is back", account="outages", priority="3", meta_data="?a?b=1"
    )
    assert answer == "202 0: Accepted for delivery"
    (sms,) = gateway.sent
    assert (sms.to, sms.sender, sms.text) == ("13800000001", "95598", "Power is back")
    assert (sms.smsc, sms.account, sms.priority) == ("smpp1", "outages", 3)


async def test_each_receiver_of_a_list_gets_it_once(sender: Sender, gateway: Gateway) -> None:
    await sender.send("13800000001 13800000005 13800000001 who?")
    assert [sms.to for sms in gateway.sent] == ["13800000001", "13800000005"]
    assert len({sms.foreign_id for sms in gateway.sent}) == 2


async def test_what_kannel_refuses(sender: Sender, gateway: Gateway) -> None:
    denied = "400 Number(s) has/have been denied by white- and/or black-lists."
    refusals = [
        ({"password": "guess"}, "403 Authorization failed for sendsms"),
        ({"to": ""}, "400 Missing receiver number, rejected"),
        ({"to": " "}, denied),
        ({"to": "me@home"}, denied),
        ({"smsc": "nobody"}, "403 Not routable. Do not try again."),
        ({"coding": "3"}, "400 Coding field misformed, rejected"),
        ({"priority": "4"}, "400 Priority field misformed, rejected"),
        ({"dlr_mask": "64"}, "400 DLR-Mask field misformed, rejected"),
        ({"dlr_url": "ftp://x"}, "400 DLR-URL field misformed, rejected"),
        ({"charset": "klingon"}, "400 Charset or body misformed, rejected"),
    ]
    for given, refusal in refusals:
        assert await sender.send(**given) == refusal
    assert gateway.sent == []


async def test_an_empty_receiver_is_refused_in_words_of_its_own(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/cgi-bin/sendsms?username=notify&password=secret&to=")
    assert (answer.status_code, answer.text) == (
        400,
        "Empty receiver number not allowed, rejected",
    )


async def test_an_absent_text_is_an_empty_sms(sender: Sender, gateway: Gateway) -> None:
    assert (await sender.send(text="")).startswith("202")
    assert gateway.sent[0].text == ""


async def submitted(client: httpx.AsyncClient, gateway: Gateway, octets: bytes, rest: str) -> str:
    query = f"username=notify&password=secret&to=1&text={quote(octets)}&{rest}"
    answer = await client.get(f"/cgi-bin/sendsms?{query}")
    assert answer.status_code == 202
    return gateway.sent[-1].text


@pytest.mark.parametrize(
    ("octets", "rest"),
    [
        ("停电通知 ⚡𠮷".encode(), "coding=2&charset=UTF-8"),
        ("停电通知 ⚡𠮷".encode("gb18030"), "coding=2&charset=GB18030"),
        ("停电通知 ⚡𠮷".encode("utf-16-be"), "coding=2"),
    ],
)
async def test_chinese_arrives_when_coding_and_charset_say_so(
    client: httpx.AsyncClient, gateway: Gateway, octets: bytes, rest: str
) -> None:
    assert await submitted(client, gateway, octets, rest) == "停电通知 ⚡𠮷"


async def test_the_gsm_alphabet_has_no_chinese(client: httpx.AsyncClient, gateway: Gateway) -> None:
    assert await submitted(client, gateway, "Pay 5€ 元".encode(), "coding=0") == "Pay 5€ ?"


async def test_octets_stay_octets(client: httpx.AsyncClient, gateway: Gateway) -> None:
    text = await submitted(client, gateway, b"\x00\xff", "coding=1")
    assert text.encode("latin-1") == b"\x00\xff"


@pytest.mark.parametrize(
    ("character", "coding", "kept"), [("a", "0", 765), ("€", "0", 382), ("电", "2", 335)]
)
async def test_what_exceeds_five_parts_is_cut_silently(
    client: httpx.AsyncClient, gateway: Gateway, character: str, coding: str, kept: int
) -> None:
    text = (character * 1000).encode()
    seen = await submitted(client, gateway, text, f"coding={coding}&charset=UTF-8")
    assert len(seen) == kept


async def test_the_first_of_two_equal_parameters_counts(
    client: httpx.AsyncClient, gateway: Gateway
) -> None:
    assert await submitted(client, gateway, b"one", "text=two") == "one"
