"""Receipts: only with our token, stored first, in any order, each fact said once."""

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import reduce
from urllib.parse import parse_qs, quote_from_bytes, urlsplit
from uuid import uuid4

import httpx
import pytest

from services.notify import tables
from services.notify.domain.lattice import Status, fold, meaning
from services.notify.domain.message import MessageId
from services.notify.domain.seal import Seal
from shared.due import fire_due
from shared.service import build_app
from tests.conftest import NINE
from tests.service.notify.conftest import accepted, hand_over, hear, status

pytestmark = pytest.mark.anyio

DELIVERED = (
    b"id:7 sub:001 dlvrd:001 submit date:2611200900 done date:2611200901 stat:DELIVRD err:000 text:"
)
EXPIRED = DELIVERED.replace(b"DELIVRD", b"EXPIRED")
REJECTED = DELIVERED.replace(b"DELIVRD", b"REJECTD")
UNDELIVERED = DELIVERED.replace(b"DELIVRD", b"UNDELIV")


class Address:
    """Where receipts of the one message go."""

    def __init__(self, client, url: str) -> None:
        self._client, self.url, self.query = client, url, parse_qs(urlsplit(url).query)
        self._start = url.split("&code=")[0]

    async def get(self, code: object, reply: bytes = b"ACK/", **changed: str):
        url = f"{self._start}&code={code}&reply={quote_from_bytes(reply)}"
        for name, value in changed.items():
            url = url.replace(f"{name}={self.query[name][0]}", f"{name}={value}")
        return await self._client.get(url)

    async def all(self, *receipts: tuple[int, bytes]) -> None:
        for code, reply in receipts:
            assert (await self.get(code, reply)).status_code == 200


@pytest.fixture
async def address(notify, gateway) -> Address:
    await hear(notify, accepted())
    await hand_over(notify)
    return Address(notify.client, gateway.sent[0].dlr_url)


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        ([(8, b"ACK/"), (1, DELIVERED)], "delivered"),
        ([(1, b""), (8, b"ACK/")], "delivered"),
        ([(8, b"ACK/"), (4, b"stat:ENROUTE"), (2, UNDELIVERED)], "undelivered"),
        ([(8, b"ACK/"), (4, b"stat:ACCEPTD"), (2, REJECTED)], "rejected"),
        ([(8, b"ACK/"), (2, EXPIRED)], "expired"),
        ([(2, EXPIRED), (8, b"ACK/")], "expired"),
        ([(8, b"ACK/")], "sent"),
        ([(16, b"NACK/0x0000000b/Invalid Destination Address")], "rejected"),
        ([(2, UNDELIVERED), (1, DELIVERED)], "delivered"),
        ([(1, DELIVERED), (2, UNDELIVERED)], "delivered"),
    ],
)
async def test_receipts_end_where_they_must(notify, address, receipts, end):
    await address.all(*receipts, *reversed(receipts))
    assert await status(notify) == [end]
    assert len(await notify.rows("SELECT 1 FROM receipts")) == len(receipts)
    said = await notify.said()
    assert len(said) == len(set(said))


async def test_a_late_delivery_corrects_a_failure(notify, address):
    await address.all((2, EXPIRED), (1, DELIVERED), (2, UNDELIVERED))
    assert await notify.said() == ["message-sent", "message-failed", "message-delivered"]


async def test_a_hundred_at_once_are_one(notify, address):
    answers = await asyncio.gather(*(address.get(1, DELIVERED) for _ in range(100)))
    assert {a.status_code for a in answers} == {200}
    assert await notify.said() == ["message-sent", "message-delivered"]
    assert len(await notify.rows("SELECT 1 FROM receipts")) == 1


async def test_a_cut_text_in_the_reply_is_no_obstacle(notify, address):
    reply = DELIVERED + "停电ab".encode("utf-16-be")[:7] + b"\x00\xff"
    await address.all((1, reply))
    assert await status(notify) == ["delivered"]
    [row] = await notify.rows("SELECT reply FROM receipts")
    assert row.reply == reply


async def test_without_our_token_nothing_happens(notify, address):
    other = Seal("another secret").of(MessageId(uuid4()))
    for token in (other, "x", "", "%E7%94%B5", "%FF", address.query["t"][0] + "A"):
        answer = await address.get(1, DELIVERED, t=token)
        assert answer.status_code == 404, token
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await address.get(1, DELIVERED, m=str(uuid4()))).status_code == 404
    assert await notify.rows("SELECT 1 FROM receipts") == []
    assert await status(notify) == ["accepted"]


async def test_nonsense_is_refused_and_not_stored(notify, address):
    for code in ("", "x", "-1", "3", "99999999999", "%C2%B2", "%00"):
        assert (await address.get(code, DELIVERED)).status_code == 422, code
    for id in ("", "not-an-id", "%FF%00", "%E7%94%B5"):
        assert (await address.get(1, DELIVERED, m=id)).status_code == 422, id
    assert await notify.rows("SELECT 1 FROM receipts") == []


async def test_a_reply_beyond_all_measure_is_refused(notify, address):
    assert (await address.get(1, b"x" * 2001)).status_code == 422


async def test_bare_address_and_other_methods(notify):
    assert (await notify.client.get("/v1/receipts/kannel")).status_code == 422
    assert (await notify.client.post("/v1/receipts/kannel")).status_code == 405


async def test_a_receipt_for_a_message_we_do_not_know_is_kept(notify, address):
    await notify.rows("DELETE FROM messages RETURNING id")
    await address.all((1, DELIVERED))
    assert len(await notify.rows("SELECT 1 FROM receipts")) == 1


async def look_again(notify, clock, **later: float) -> int:
    clock.now += timedelta(**later)
    return await fire_due(notify.database, notify.service.timers[1], clock.now)


async def test_a_receipt_that_came_before_its_message_finds_it(notify, address, clock):
    [row] = await notify.rows("DELETE FROM messages RETURNING *")
    await address.all((8, b"ACK/"), (1, DELIVERED), (1, DELIVERED))
    assert await look_again(notify, clock, seconds=1) == 2
    assert await look_again(notify, clock, seconds=0.5) == 0
    async with notify.database.begin() as tx:
        await tx.execute(tables.messages.insert(), dict(row._mapping))
    assert await look_again(notify, clock, seconds=0.5) == 2
    assert await status(notify) == ["delivered"]
    assert await notify.said() == ["message-sent", "message-delivered"]
    assert await look_again(notify, clock, hours=1) == 0


async def test_for_a_message_that_never_comes_is_looked_ever_less(notify, address, clock):
    await notify.rows("DELETE FROM messages RETURNING id")
    await address.all((1, DELIVERED))
    looks = []
    while rows := await notify.rows("SELECT retry_at FROM receipts WHERE retry_at IS NOT NULL"):
        [row] = rows
        looks.append(row.retry_at - NINE)
        assert await look_again(notify, clock, seconds=0) == 0
        clock.now = row.retry_at
        assert await look_again(notify, clock, seconds=0) == 1
    assert looks[:4] == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert timedelta(hours=72) <= looks[-1] <= timedelta(hours=144) and len(looks) < 25
    assert len(await notify.rows("SELECT 1 FROM receipts")) == 1


async def test_two_doors_store_the_same_receipts_side_by_side(notify, address, clock):
    """As two processes do: each its own batches, the same receipts in another order."""
    other = build_app(notify.service, notify.database, notify.app.state.keyring, clock)
    doors = (notify.app, other)
    receipts = [(code, f"ACK/{n}".encode()) for code in (8, 4, 1) for n in range(40)]
    async with AsyncExitStack() as open_doors:
        clients = [
            await open_doors.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://notify")
            )
            for door in doors
        ]
        answers = await asyncio.gather(
            *(Address(clients[0], address.url).get(*one) for one in receipts),
            *(Address(clients[1], address.url).get(*one) for one in reversed(receipts)),
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len(await notify.rows("SELECT 1 FROM receipts")) == len(receipts)
    assert await status(notify) == ["delivered"]
    assert await notify.said() == ["message-sent", "message-delivered"]


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_and_any_repetition_end_alike(notify, gateway, seed):
    """Forty messages, each with receipts of its own, shuffled together and brought all at once."""
    chance = random.Random(seed)
    await hear(notify, *(accepted(f"138{n:08d}", uuid4()) for n in range(40)))
    await hand_over(notify)
    known = [(8, b"ACK/"), (4, b"stat:ENROUTE"), (1, DELIVERED), (2, EXPIRED), (2, REJECTED)]
    known += [(2, UNDELIVERED), (16, b"NACK/failure")]
    expected, on_the_way = {}, []
    for sms in gateway.sent:
        address = Address(notify.client, sms.dlr_url)
        some = chance.sample(known, chance.randint(1, len(known)))
        on_the_way += [(address, one) for one in some + chance.choices(some, k=3)]
        heard = [meaning(*one) for one in some]
        expected[address.query["m"][0]] = reduce(fold, heard, Status.ACCEPTED)
    chance.shuffle(on_the_way)
    answers = await asyncio.gather(*(address.get(*one) for address, one in on_the_way))
    assert {answer.status_code for answer in answers} == {200}
    rows = await notify.rows("SELECT id::text AS id, status FROM messages")
    assert {row.id: row.status for row in rows} == expected
    said = await notify.rows("SELECT key, (envelope::json)->>'type' AS type FROM outbox")
    assert len(said) == len(set(map(tuple, said)))


async def test_what_arrives_together_is_one_commit(notify, address):
    many = [address.get(4, f"stat:ENROUTE id:{n}".encode()) for n in range(300)]
    assert {answer.status_code for answer in await asyncio.gather(*many)} == {200}
    [row] = await notify.rows(
        "SELECT count(*), count(DISTINCT xmin::text) AS commits FROM receipts"
    )
    assert row.count == 300 and row.commits <= 6


async def test_an_answer_waits_for_the_commit_and_the_commit_for_the_message(notify, address):
    async with notify.database.begin() as tx:
        await tx.run("SELECT 1 FROM messages FOR UPDATE")
        answer = asyncio.ensure_future(address.get(1, DELIVERED))
        await asyncio.sleep(0.2)
        assert not answer.done() and await notify.rows("SELECT 1 FROM receipts") == []
    assert (await answer).status_code == 200
    assert await status(notify) == ["delivered"]
    assert len(await notify.rows("SELECT 1 FROM receipts")) == 1


async def test_each_try_has_receipts_of_its_own(notify, address):
    first, second = address.query["n"][0], "2"
    assert first == "1"
    await address.all((8, b"ACK/"), (8, b"ACK/"))
    assert (await address.get(8, b"ACK/", n=second)).status_code == 200
    rows = await notify.rows("SELECT number FROM receipts ORDER BY number")
    assert [row.number for row in rows] == [1, 2]
    for nonsense in ("x", "-1", "99999", "%C2%B2"):
        assert (await address.get(8, b"ACK/", n=nonsense)).status_code == 422


async def test_what_the_gateway_let_go_of_is_handed_over_again(notify, gateway, address, clock):
    await address.all((16, b"NACK/no SMSC"))
    assert await status(notify) == ["queued"] and await notify.said() == ["message-sent"]
    clock.now += timedelta(seconds=1)
    await hand_over(notify)
    assert len(gateway.sent) == 2 and await status(notify) == ["accepted"]
    await address.all((16, b"NACK/no SMSC"))  # of the first try, once more
    assert await status(notify) == ["accepted"]


async def test_the_database_fails_and_the_gateway_is_told_to_come_again(notify, address):
    async with notify.database.begin() as tx:
        await tx.run("ALTER TABLE receipts RENAME TO receipts_elsewhere")
    try:
        answers = await asyncio.gather(*(address.get(1, DELIVERED) for _ in range(5)))
        assert {a.status_code for a in answers} == {500}
    finally:
        async with notify.database.begin() as tx:
            await tx.run("ALTER TABLE receipts_elsewhere RENAME TO receipts")
    assert await status(notify) == ["accepted"]
    await address.all((1, DELIVERED))
    assert await status(notify) == ["delivered"]
