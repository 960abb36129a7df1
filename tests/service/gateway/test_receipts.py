"""Receipts come as the last digit of the handset says, worded and repeated as Kannel does."""

from datetime import UTC, datetime

import httpx
import pytest

from deploy.gateway import Gateway
from tests.service.gateway.conftest import Hearer, Sender, until

pytestmark = pytest.mark.anyio


def asking(hearer: Hearer) -> dict[str, str]:
    escapes = "code=%d&reply=%A&foreign=%F&id=%I&smsc=%i&at=%T&to=%p&from=%P&user=%n&meta=%D"
    return {"dlr_mask": "31", "dlr_url": f"{hearer.url}?m=7&{escapes}"}


async def test_the_last_digit_picks_the_receipts(sender: Sender, hearer: Hearer) -> None:
    expected = {
        "0": [8, 1],
        "1": [8, 1],
        "2": [8, 4, 2],
        "3": [8],
        "4": [8, 2],
        "5": [8, 1],
        "6": [8, 4, 2],
        "7": [8, 1],
        "8": [8, 1],
        "9": [16],
    }
    await sender.send(" ".join(f"1380000000{digit}" for digit in expected), **asking(hearer))
    seen: dict[str, list[int]] = {}
    for callback in await hearer.hears(20):
        seen.setdefault(callback["to"][-1], []).append(int(callback["code"]))
    assert {to: sorted(codes) for to, codes in seen.items()} == {
        to: sorted(codes) for to, codes in expected.items()
    }, "on a busy machine two may overtake each other"


async def test_a_receipt_says_what_it_is_about(
    sender: Sender, hearer: Hearer, gateway: Gateway
) -> None:
    await sender.send(
        "13800000006", "停电", coding="2", charset="UTF-8", meta_data="?a?b=1", **asking(hearer)
    )
    sent, buffered, rejected = await hearer.hears(3)
    foreign_id = gateway.sent[0].foreign_id
    assert sent["reply"] == "ACK/"
    assert buffered["reply"].startswith(f"id:{foreign_id} sub:001 dlvrd:001 submit date:")
    assert "stat:ACCEPTD err:000 text:" in buffered["reply"]
    assert "stat:REJECTD err:045 text:" in rejected["reply"]
    assert rejected["reply"].encode("utf-8", "surrogateescape").endswith("停电".encode("utf-16-be"))
    assert {callback["foreign"] for callback in hearer.heard} == {foreign_id}
    assert len({callback["id"] for callback in hearer.heard}) == 3
    assert abs(int(sent["at"]) - datetime.now(UTC).timestamp()) < 5
    assert (sent["m"], sent["smsc"], sent["user"]) == ("7", "smpp1", "notify")
    assert (sent["to"], sent["from"], sent["meta"]) == ("13800000006", "95598", "?a?b=1")


async def test_a_refusal_by_the_network_says_why(sender: Sender, hearer: Hearer) -> None:
    await sender.send("13800000009", **asking(hearer))
    (refused,) = await hearer.hears(1)
    assert refused["reply"] == "NACK/0x0000000b/Invalid Destination Address"


async def test_an_unknown_provider_also_calls_back(sender: Sender, hearer: Hearer) -> None:
    await sender.send(smsc="nobody", **asking(hearer))
    (refused,) = await hearer.hears(1)
    assert (refused["code"], refused["reply"]) == ("16", "NACK/no SMSC")


async def test_only_what_the_mask_asks_for_is_sent(sender: Sender, hearer: Hearer) -> None:
    await sender.send("13800000002", **{**asking(hearer), "dlr_mask": "3"})
    assert await hearer.codes(1) == [2]


async def test_escapes_kannel_does_not_know_stay(sender: Sender, hearer: Hearer) -> None:
    await sender.send("13800000003", dlr_mask="31", dlr_url=f"{hearer.url}?a=x%2Fy&b=100%%25")
    assert await hearer.hears(1) == [{"a": "x/y", "b": "100%"}]


async def test_a_callback_is_repeated_until_it_is_taken(
    sender: Sender, hearer: Hearer, client: httpx.AsyncClient, gateway: Gateway
) -> None:
    hearer.answers = [503, 204]  # Kannel is content with 200 and 202 only
    await sender.send("13800000003", **asking(hearer))
    assert await hearer.codes(3) == [8, 8, 8]
    assert [receipt.code for receipt in gateway.sent[0].receipts] == [8]
    counts = (await client.get("/counts")).json()
    assert (counts["callbacks_ok"], counts["callbacks_failed"]) == (1, 0)


async def test_a_callback_that_nobody_takes_is_given_up(
    sender: Sender, hearer: Hearer, client: httpx.AsyncClient, gateway: Gateway
) -> None:
    hearer.answers = [500, 500, 500]
    await sender.send("13800000003", **asking(hearer))
    await sender.send("13800000003", dlr_mask="31", dlr_url="http://127.0.0.1:1/closed")
    await sender.send("13800000003", dlr_mask="31", dlr_url="http://[no-url")
    await hearer.hears(3)

    async def all_given_up() -> bool:
        return bool((await client.get("/counts")).json()["callbacks_failed"] == 3)

    await until(all_given_up)
    assert all(not sms.receipts for sms in gateway.sent)
