"""The board's stream: what is committed is told, to whom it may concern, once, whatever breaks."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.workorders.api import stream
from shared import auth, streaming
from shared.contracts.workorders import OrderReassigned, OrderUrged
from shared.feed import Place
from shared.outbox import publish
from shared.service import forget_old
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.serving import Listener, cut_off, listening, serving, until
from tests.service.world import Died

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served(workorders):
    async with serving(workorders) as served:
        yield served


@pytest.fixture
def desk(token):
    return token("dispatcher", "3205")


@asynccontextmanager
async def writing(workorders, number: int):
    """A transaction that has said its fact and is not at its end yet."""
    async with workorders.database.begin() as tx:
        await tx.execute(sa.text("SELECT 1"))
        await say(tx, number)
        await tx.write_what_was_left()
        yield


async def say(tx, urges: int, region: str = "320505", team: str = "LH-1") -> None:
    """A fact of its own, known by its number."""
    id = f"019a9f3a-5c00-7a11-8c3e-{urges:012x}"
    facts = {"work_order_id": id, "case_id": id, "case_number": "1", "region": region}
    event = OrderUrged(**facts, team=team, version=1, urged_at=NINE, urges=urges)
    publish(tx, event, Stamp(by="test", at=NINE))


async def said(workorders, *numbers: int, **more: str) -> None:
    async with workorders.database.begin() as tx:
        for number in numbers:
            await say(tx, number, **more)


def number_of(event) -> int:
    return json.loads(event.data)["data"]["urges"]


async def numbers(listener: Listener, many: int) -> list[int]:
    return [number_of(event) for event in await listener.some(many)]


async def test_a_listener_hears_what_happens_from_now_on(workorders, field, served, desk):
    await field.opened()
    async with listening(served.client, desk) as listener:
        ready = await listener.next()
        assert (ready.event, ready.data) == ("ready", "{}")
        order = await field.opened()
        await field.done(order, "claim")
        events = await listener.some(3)
    assert [e.event.split(".")[1] for e in events] == [
        "order-opened",
        "order-dispatched",
        "order-claimed",
    ]
    told = json.loads(events[2].data)
    assert told["subject"] == told["data"]["work_order_id"] == order.rpartition("/")[2]
    assert (told["actor"], told["sequence"], told["data"]["team"]) == ("crew-1", 3, "LH-2")
    assert listener.answer.headers["content-type"].startswith("text/event-stream")


async def test_a_slow_transaction_with_a_smaller_number_is_not_lost(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        await listener.next()
        async with writing(workorders, 1):
            await said(workorders, 2)
            assert await listener.quiet()  # 2 is committed; whether 1 will be is not known
        assert await numbers(listener, 2) == [1, 2]


async def test_a_slow_transaction_that_comes_to_nothing_holds_up_nobody(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        await listener.next()
        with suppress(Died):
            async with writing(workorders, 1):
                await said(workorders, 2)
                raise Died
        assert await numbers(listener, 1) == [2]


async def test_who_began_to_write_later_with_a_smaller_number_is_not_lost(workorders, served, desk):
    """Transactions and numbers may cross too: the first to write takes the second number."""
    async with listening(served.client, desk) as listener:
        await listener.next()
        async with workorders.database.begin() as early:
            await early.execute(sa.text("SELECT pg_current_xact_id()"))
            await said(workorders, 1)
            await say(early, 2)
        assert sorted(await numbers(listener, 2)) == [1, 2]


async def test_who_was_cut_off_hears_the_rest_and_nothing_twice(workorders, served, desk):
    """Eight writers of different speed; a listener that is cut off again and again."""
    many, dice = 400, Random(3)
    waiting = list(range(1, many + 1))
    pauses = {n: dice.choice((0, 0, 0.002, 0.02)) for n in waiting}

    async def write() -> None:
        while waiting:
            number = waiting.pop()
            async with writing(workorders, number):
                await asyncio.sleep(pauses[number])

    async def listen() -> list[int]:
        heard, last_id = [], first_id
        while len(heard) < many:
            async with listening(served.client, desk, last_id) as listener:
                for _ in range(dice.randrange(1, 40)):
                    if len(heard) < many:
                        heard += await numbers(listener, 1)
                        last_id = listener.last_id
        return heard

    async with listening(served.client, desk) as listener:
        first_id = (await listener.next()).id
    async with asyncio.TaskGroup() as tasks:
        listener_ = tasks.create_task(listen())
        for _ in range(8):
            tasks.create_task(write())
    assert sorted(listener_.result()) == list(range(1, many + 1))


async def test_a_place_may_also_stand_in_the_address(workorders, served, desk):
    await said(workorders, 1, 2, 3)
    async with listening(served.client, desk, "1-0") as listener:
        first = await listener.next()
        while number_of(first) != 1:
            first = await listener.next()
    async with listening(served.client, desk, last_id=first.id) as listener:
        assert await numbers(listener, 2) == [2, 3]
    async with listening(served.client, desk, listener.last_id, last_id="1-0") as again:
        assert await again.quiet()  # the header is the newer word


@pytest.mark.parametrize("place", ["x", "1", "1-", "-1", "1-2-3", "1" * 19 + "-0", "٣-١"])
async def test_what_is_no_place_is_refused(workorders, desk, place):
    asked = workorders.client.get(f"/v1/board/stream?last_id={place}", headers=desk)
    assert (await asked).status_code == 422


async def test_each_hears_its_own_region_and_the_team_it_asked_for(
    workorders, field, served, token
):
    async with AsyncExitStack() as stack:

        async def listener(scope: str, **query: str) -> Listener:
            headers = token("dispatcher", scope)
            opened = await stack.enter_async_context(listening(served.client, headers, **query))
            await opened.next()
            return opened

        here, narrow = await listener("3205"), await listener("32", region="320506")
        foreign, wide = await listener("3301"), await listener("3301", region="32")
        team = await listener("", team="LH-2")
        await said(workorders, 1)
        await said(workorders, 2, region="320506", team="LH-2")
        assert await numbers(here, 2) == [1, 2]
        assert await numbers(narrow, 1) == await numbers(team, 1) == [2]
        for deaf in (here, narrow, foreign, wide, team):
            assert await deaf.quiet(0.2)


async def test_a_team_also_hears_what_was_taken_from_it(workorders, served, token):
    event = OrderReassigned(
        work_order_id=UUID(int=1),
        case_id=UUID(int=1),
        case_number="1",
        region="320505",
        team="LH-2",
        version=5,
        reassigned_at=NINE,
        before="LH-1",
        reason="近",
    )
    async with listening(served.client, token("crew", "3205"), team="LH-1") as listener:
        await listener.next()
        async with workorders.database.begin() as tx:
            publish(tx, event, Stamp(by="test", at=NINE))
        assert (await listener.next()).event == "workorders.order-reassigned.v1"


async def test_nothing_personal_is_told(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        await listener.next()
        data = {"region": "320505", "at": [{"address": "学府路12号", "account_no": "5050000001"}]}
        row = {"specversion": "1.0", "id": "1", "source": "workorders", "type": "x", "data": data}
        envelope = json.dumps(row | {"subject": "1", "time": "1", "sequence": 1, "actor": "a"})
        async with workorders.database.begin() as tx:
            await tx.run(
                "INSERT INTO outbox (topic, key, envelope) VALUES ('x', 'x', $1)", envelope
            )
        told = json.loads((await listener.next()).data)
    [there] = told["data"]["at"]
    assert there == {"address": "学府路****", "account_no": "******0001"}


async def test_the_stream_ends_with_its_token(workorders, served, keys):
    short = auth.mint(keys / "private.pem", role="crew", region="3205", hours=3 / 3600)
    headers = {"authorization": f"Bearer {short}"}
    async with listening(served.client, headers) as listener:
        await listener.next()
        await said(workorders, 1)
        assert await numbers(listener, 1) == [1]
        end = await listener.next()
        assert (end.event, json.loads(end.data)) == ("end", {"because": "token-expired"})
        with pytest.raises(EOFError):
            await listener.next()
    again = await served.client.get("/v1/board/stream", headers=headers)
    assert again.status_code == 401


async def grown_old(workorders, where: str, days: float) -> None:
    """What `where` tells was sent so many days before nine."""
    async with workorders.database.begin() as tx:
        sent_at = NINE - timedelta(days=days)
        await tx.run(f"UPDATE outbox SET sent_at = $1 WHERE {where}", sent_at)


async def test_who_was_away_too_long_is_told_to_begin_anew(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        first_id = (await listener.next()).id
        await said(workorders, 1)
        middle_id = (await listener.next()).id
        await said(workorders, 2)
        last_id = (await listener.next()).id
    await grown_old(workorders, "true", days=8)
    await said(workorders, 3)
    await forget_old(workorders.database, NINE)
    for place in (first_id, middle_id):
        async with listening(served.client, desk, place) as listener:
            assert (await listener.next()).event == "reset"
            await said(workorders, 4)
            assert await numbers(listener, 1) == [4]
    async with listening(served.client, desk, last_id) as listener:
        assert await numbers(listener, 1) == [3]


async def test_who_was_away_for_less_is_not(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        first_id = (await listener.next()).id
    await said(workorders, 1)
    await grown_old(workorders, "true", days=6.9)
    await said(workorders, 2)
    await forget_old(workorders.database, NINE)
    async with listening(served.client, desk, first_id) as listener:
        assert await numbers(listener, 2) == [1, 2]


async def test_a_place_of_another_database_begins_anew(served, desk):
    async with listening(served.client, desk, "999999999999-1") as listener:
        assert (await listener.next()).event == "reset"


async def test_many_listeners_ask_the_database_no_more_than_one(workorders, served, desk):
    asked, watched = [], set()

    def count(connection, *_) -> None:
        if connection.driver_connection not in watched:
            watched.add(connection.driver_connection)
            connection.driver_connection.add_query_logger(lambda query: asked.append(query.query))

    sa.event.listen(workorders.database.engine.sync_engine, "checkout", count)
    async with AsyncExitStack() as stack:
        listeners = []
        for _ in range(60):
            opened = await stack.enter_async_context(listening(served.client, desk))
            listeners.append(opened)
            await opened.next()
        await asyncio.sleep(0.3)
        asked.clear()
        await asyncio.sleep(1)
        assert len(set(asked)) == 1 and len(asked) < 10
        for number in range(10):
            await said(workorders, number)
        assert [await numbers(one, 10) for one in listeners] == [list(range(10))] * 60
        queries = [query for query in asked if "pg_snapshot_xmin" in query]
        assert len(queries) < 40


async def test_a_change_of_this_process_is_told_at_once(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        await listener.next()
        await asyncio.sleep(0.3)
        clock = asyncio.get_running_loop().time
        took = []
        for number in range(20):
            began = clock()
            await said(workorders, number)
            await listener.next()
            took.append(clock() - began)
        assert sorted(took)[10] < 0.1


async def test_who_reads_nothing_holds_up_nobody_and_is_hung_up_on(
    workorders, served, desk, monkeypatch
):
    monkeypatch.setattr(streaming, "_SEND_SECONDS", 1.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
    head = f"GET /v1/board/stream HTTP/1.1\r\nhost: x\r\nauthorization: {desk['authorization']}"
    writer.write(f"{head}\r\n\r\n".encode())
    feed = workorders.app.state.feed
    async with listening(served.client, desk) as listener:
        await listener.next()
        assert feed._listeners == 2
        padding = "长" * 2000
        for batch in range(20):
            await said(workorders, *range(batch * 100, batch * 100 + 100), team=padding)
        assert await numbers(listener, 2000) == list(range(2000))
        await until(lambda: feed._listeners == 1)
    writer.transport.abort()
    del reader


async def test_who_lags_behind_what_is_remembered_reads_it_from_the_database(
    workorders, served, desk, monkeypatch
):
    monkeypatch.setattr("shared.feed._REMEMBERED", 50)
    async with listening(served.client, desk) as listener, listening(served.client, desk) as late:
        await listener.next()
        await late.next()
        for batch in range(10):
            await said(workorders, *range(batch * 100, batch * 100 + 100))
            assert await numbers(listener, 100) == list(range(batch * 100, batch * 100 + 100))
        assert len(workorders.app.state.feed._facts) == 50
        assert await numbers(late, 1000) == list(range(1000))


async def test_at_the_end_of_the_service_streams_end_in_time(workorders, served, desk):
    async with listening(served.client, desk) as listener:
        await listener.next()
        served.stop()
        with pytest.raises(EOFError):
            await listener.next(3)


async def test_a_listener_that_leaves_leaves_nothing_behind(workorders, served, desk):
    feed = workorders.app.state.feed
    for _ in range(5):
        async with listening(served.client, desk) as listener:
            await listener.next()
    await until(lambda: not feed._listeners)


@pytest.mark.parametrize("how", ["lost", "cancelled"])
async def test_who_is_gone_before_the_first_word_leaves_nothing_behind(workorders, desk, how):
    came_to = await cut_off(workorders, "/v1/board/stream", desk, how)
    assert workorders.app.state.feed._listeners == 0, came_to


async def test_while_nothing_is_told_the_line_is_kept_open_and_the_place_moves_on(
    workorders, served, desk, token, monkeypatch
):
    monkeypatch.setattr(stream, "_HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(stream, "_LOOK_UP_SECONDS", 0.02)
    async with listening(served.client, desk) as listener:
        ready = await listener.next()
        await said(workorders, 1, region="330106")
        await until(lambda: any(map(beyond(ready.id), listener.beats)))
        assert await listener.quiet(0)
        await said(workorders, 2)
        assert await numbers(listener, 1) == [2]
    beat = next(filter(beyond(ready.id), listener.beats))
    async with listening(served.client, token("dispatcher"), beat) as again:
        assert await numbers(again, 1) == [2]  # what it was not told of is behind it


def beyond(place: str) -> Callable[[str], bool]:
    return lambda beat: Place.parse(beat) > Place.parse(place)


async def test_more_than_can_be_served_are_asked_to_come_later(
    workorders, served, desk, monkeypatch
):
    monkeypatch.setattr("shared.feed._LISTENERS", 1)
    async with listening(served.client, desk) as listener:
        await listener.next()
        refused = await served.client.get("/v1/board/stream", headers=desk)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["type"] == "/problems/too-many-listeners"
