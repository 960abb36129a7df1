"""Customers write back, mail arrives, and people and tests can look at all of it."""

import asyncio
import json
import signal
import sys
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from deploy.gateway import Gateway, Settings
from tests.service.gateway.conftest import Hearer, Sender, until

pytestmark = pytest.mark.anyio


async def test_a_customer_writes_to_us(
    gateway: Gateway, hearer: Hearer, client: httpx.AsyncClient
) -> None:
    gateway.network.mo_url = (
        f"{hearer.url}?from=%q&to=%Q&text=%b&hex=%e&ts=%T&smsc=%i&id=%I&coding=%c&charset=%C"
        "&udh=%u&keyword=%k&rest=%r"
    )
    hearer.answers = [503]
    reply = {"from": "008613800138000", "to": "95598", "text": "退订 短信&更多"}
    answer = await client.post("/simulate/mo", json=reply)
    assert (answer.status_code, answer.json()) == (200, {"status": 200})
    _, heard = await hearer.hears(2)
    assert (heard["from"], heard["to"], heard["text"]) == (
        "+8613800138000",
        "95598",
        "退订 短信&更多",
    )
    assert bytes.fromhex(heard["hex"]).decode() == heard["text"]
    assert (heard["coding"], heard["charset"], heard["udh"]) == ("0", "UTF-8", "")
    assert (heard["keyword"], heard["rest"]) == ("退订", "短信&更多")


async def test_a_customer_whom_nobody_hears(
    gateway: Gateway, hearer: Hearer, client: httpx.AsyncClient
) -> None:
    reply = {"from": "13800138000", "text": "TD"}
    assert (await client.post("/simulate/mo", json=reply)).status_code == 409
    gateway.network.mo_url = f"{hearer.url}?text=%b"
    hearer.answers = [500] * 3
    answer = await client.post("/simulate/mo", json=reply)
    assert (answer.status_code, answer.json()) == (502, {"status": 500})
    assert (await client.post("/simulate/mo", json={"from": "x"})).status_code == 422


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "95598@wattline.example", to
    message["Subject"] = "停电通知 <tomorrow>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("明天 9:00 停电")
    message.add_alternative("<p>明天 9:00 停电</p>", subtype="html")
    return message


async def test_mail_arrives(gateway: Gateway) -> None:
    _, reply = await aiosmtplib.send(
        letter("li@home.example"),
        sender="b+7@bounce.wattline.example",
        hostname="127.0.0.1",
        port=gateway.smtp_port,
    )
    (mail,) = gateway.mails
    assert mail.id in reply
    assert (mail.to, mail.sender) == ("li@home.example", "b+7@bounce.wattline.example")
    assert (mail.subject, mail.text.strip()) == ("停电通知 <tomorrow>", "明天 9:00 停电")
    assert mail.html.startswith("<p>")
    assert mail.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("address", "code"), [("bounce-me@home.example", 550), ("later@home.example", 451)]
)
async def test_mailboxes_that_say_no(gateway: Gateway, address: str, code: int) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await aiosmtplib.send(letter(address), hostname="127.0.0.1", port=gateway.smtp_port)
    assert refused.value.recipients[0].code == code
    assert gateway.mails == []


async def test_mail_that_is_not_well_formed_is_shown_all_the_same(gateway: Gateway) -> None:
    content = b"Subject: \xff\xfe\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xe7\x94\xb5"
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=gateway.smtp_port) as smtp:
        await smtp.sendmail("a@b.example", ["c@d.example"], content)
    (mail,) = gateway.mails
    assert "电" in mail.text
    mail.subject.encode()


async def test_what_was_sent_can_be_searched_and_forgotten(
    sender: Sender, client: httpx.AsyncClient
) -> None:
    for to, text in [("1", "first"), ("2", "second"), ("1", "third")]:
        await sender.send(to, text)
    newest = (await client.get("/sent?limit=2")).json()
    assert [sms["text"] for sms in newest] == ["third", "second"]
    found = (await client.get("/sent?to=1&contains=fir")).json()
    assert [(sms["kind"], sms["from"], sms["text"]) for sms in found] == [("sms", "95598", "first")]
    assert (await client.get("/sent?limit=many")).status_code == 422
    await client.delete("/sent")
    assert (await client.get("/sent")).json() == []
    assert (await client.get("/counts")).json()["submitted"] == 0


async def test_the_page_shows_everything_and_runs_nothing(
    sender: Sender, gateway: Gateway, client: httpx.AsyncClient, hearer: Hearer
) -> None:
    assert "Nothing has arrived yet" in (await client.get("/")).text
    await sender.send(
        text="<script>alert(1)</script>",
        dlr_mask="31",
        dlr_url=f"{hearer.url}?code=%d",
        **{"from": "<b>"},
    )
    await aiosmtplib.send(letter("li@x.example"), hostname="127.0.0.1", port=gateway.smtp_port)
    await hearer.hears(2)
    for page in [(await client.get("/")).text, (await client.get("/messages")).text]:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "from &lt;b&gt;" in page
        assert "停电通知 &lt;tomorrow&gt;" in page
        assert "delivered" in page


async def test_the_ledger_keeps_all_that_was_taken(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    gateway = Gateway(Settings(ledger=ledger))
    async with httpx.AsyncClient() as client:
        for text in ("one", "two"):
            async with gateway:
                await Sender(gateway, client).send(text=text)
                assert json.loads(ledger.read_text().splitlines()[-1])["text"] == text
    assert len(ledger.read_text().splitlines()) == 2


async def test_the_process_says_where_it_is_and_leaves_at_once_even_if_it_hangs() -> None:
    command = ["-m", "deploy.gateway", "--http-port", "0", "--smtp-port", "0"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        ports = json.loads(await process.stdout.readline())
    url = f"http://127.0.0.1:{ports['http_port']}"
    async with (
        httpx.AsyncClient(base_url=url) as client,
        aiosmtplib.SMTP(hostname="127.0.0.1", port=ports["smtp_port"]),
    ):
        await client.post("/simulate/faults", json={"hang_seconds": 60})
        query = {"username": "notify", "password": "secret", "to": "1"}
        hanging = asyncio.create_task(client.get("/cgi-bin/sendsms", params=query))

        async def taken() -> bool:
            return bool((await client.get("/counts")).json()["submitted"])

        await until(taken)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(2):
            assert await process.wait() == 0
        with pytest.raises(httpx.TransportError):
            await hanging
