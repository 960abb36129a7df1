"""Notify against a real SMS gateway: whatever becomes of its links and receipts, one true end.

Kannel 1.4.5, bearerbox and smsbox, with phone networks behind it that do as the last digit of the
receiver says. Needs Debian's kannel and kannel-extras; `.ci/run` installs them.
"""

import asyncio
import socket
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import uvicorn

from deploy.kannel import Kannel
from services.notify import use_cases
from services.notify.domain.message import Attempt, Patience
from services.notify.main import NotifySettings, service
from shared import migrate
from shared.due import fire_due
from shared.settings import Settings
from shared.stamp import Stamp
from tests.conftest import NINE, Running, Start
from tests.integration.detour import AGAIN, LOST, Detour, Fate, any_way, detour
from tests.service.notify.conftest import accepted, handing_over, hear, in_clear, to_whom

pytestmark = pytest.mark.anyio

TEN = [f"{digit}" for digit in range(10)]
DELIVERED, UNKNOWN = ({1, 8}, "delivered"), ({8}, "unknown")

# By link and last digit: the codes that come, and how it ends. Source: handbook/notify.md.
TABLE: dict[str, dict[str, tuple[set[int], str]]] = {
    "smpp1": {
        "2": ({8, 4, 2}, "undelivered"),
        "3": UNKNOWN,  # the receipt overtook the answer to the submit: Kannel loses it
        "4": ({8, 2}, "expired"),
        "6": ({8, 4, 2}, "rejected"),
        "9": ({16}, "rejected"),
    },
    "http1": {
        "2": ({8, 4, 2}, "undelivered"),
        "8": ({16}, "rejected"),
        "9": ({16}, "rejected"),
    },
    "fake1": {},
}
FINAL = {"delivered", "undelivered", "expired", "rejected"}


@pytest.fixture(scope="session", autouse=True)
def _schemas(settings: Settings) -> None:
    """Only notify's: the other stories of this folder bring their own database."""
    migrate.upgrade("notify", settings.database_url("notify"))


@pytest.fixture(scope="session")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with Kannel(tmp_path_factory.mktemp("kannel"), seconds=600) as kannel:
        yield kannel


class Ticking:
    """Goes on from nine o'clock at the usual pace, and can be moved on."""

    def __init__(self) -> None:
        self._began, self.ahead = time.monotonic(), timedelta()

    def __call__(self) -> datetime:
        return NINE + self.ahead + timedelta(seconds=time.monotonic() - self._began)


_numbers = iter(range(10_000, 10_000_000))


def phones(digits: Iterable[str]) -> list[str]:
    """New ones, with these last digits."""
    return [f"139{next(_numbers):07d}{digit}" for digit in digits]


@dataclass
class Story:
    """Notify at work: its door behind a detour, its messages at Kannel."""

    notify: Running
    kannel: Kannel
    detour: Detour
    clock: Ticking
    told: list[str] = field(default_factory=list)

    async def tell(self, digits: Iterable[str]) -> list[str]:
        """One message each, to be handed over. Returns the phones."""
        new = phones(digits)
        self.told += new
        await hear(self.notify, *(accepted(phone, uuid4()) for phone in new))
        return new

    async def statuses(self) -> dict[str, str]:
        rows = await self.notify.rows("SELECT address, status FROM messages")
        return {to_whom(row): row.status for row in rows}

    async def ends(self, phones: list[str], seconds: float = 20) -> None:
        """Each has a final state, or the last one that it can have without a lost receipt."""
        await until(lambda: self._all_in(phones, FINAL), seconds)

    async def are(self, phones: list[str], *statuses: str, seconds: float = 20) -> None:
        await until(lambda: self._all_in(phones, set(statuses)), seconds)

    async def _all_in(self, phones: list[str], statuses: set[str]) -> bool:
        now = await self.statuses()
        return {now.get(phone) for phone in phones} <= statuses

    async def codes(self) -> dict[str, list[int]]:
        """The receipts of each, as they were kept."""
        rows = await self.notify.rows(
            "SELECT address, code FROM receipts JOIN messages m ON m.id = message_id ORDER BY code"
        )
        found: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            found[to_whom(row)].append(row.code)
        return found

    async def waited_in_vain(self) -> None:
        """Three days pass: what has no final receipt by then is unknown."""
        self.clock.ahead += timedelta(hours=73)
        await fire_due(self.notify.database, self.notify.service.timers[0], self.clock())

    async def is_true(self) -> None:
        """Each message ended in one state, by one try that the gateway took and kept.

        Every request to the gateway is a try that was written down, and nothing was said twice.
        """
        assert set((await self.statuses()).values()) <= FINAL | {"unknown"}
        tries = await self.notify.rows(
            "SELECT address, verdict, number > m.let_go AS kept"
            " FROM attempts JOIN messages m ON m.id = message_id"
        )
        asked = Counter(phone for phone in self.kannel.asked() if phone in self.told)
        assert asked == Counter(to_whom(row) for row in tries)
        taken = Counter(to_whom(row) for row in tries if row.verdict == "taken" and row.kept)
        assert taken == Counter(self.told)
        said = await self.notify.rows(
            "SELECT key, (envelope::json)->>'type' AS type, count(*) FROM outbox"
            " GROUP BY 1, 2 HAVING count(*) > 1"
        )
        assert said == []


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 (the other side is a database)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _served(notify: Running, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(notify.app, log_config=None, lifespan="off"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server._serve(sockets=[listener]))  # without its signal handlers
        yield
        server.should_exit = True


@pytest.fixture
def begin(start: Start, settings: Settings, kannel: Kannel):
    """`async with begin("smpp1") as story:` notify at work; `at_work=False`: only its door."""

    @asynccontextmanager
    async def begun(link: str, at_work: bool = True) -> AsyncIterator[Story]:
        listener, clock = socket.create_server(("127.0.0.1", 0)), Ticking()
        async with detour(listener.getsockname()[1]) as way:
            its_own = NotifySettings(
                postgres=settings.postgres,
                jwks=settings.jwks,
                sms_url=kannel.sms_url,
                sms_smsc=link,
                sms_in_flight=8,
                callback_url=f"http://127.0.0.1:{way.port}",
            )
            async with (
                start(service(its_own, clock)) as notify,
                _served(notify, listener),
            ):
                story = Story(notify, kannel, way, clock)
                if not at_work:
                    yield story
                    return
                async with handing_over(notify):
                    yield story

    return begun


@pytest.mark.parametrize("link", TABLE)
async def test_every_sequence_ends_as_the_table_says(begin, link):
    async with begin(link) as story:
        sent = await story.tell(TEN * 2)
        expected = {phone: TABLE[link].get(phone[-1], DELIVERED) for phone in sent}
        silent = [phone for phone, (_, end) in expected.items() if end == "unknown"]
        await story.ends([phone for phone in sent if phone not in silent])
        await story.are(silent, "sent")
        codes = await story.codes()
        assert {p: set(codes[p]) for p in sent} == {p: seen for p, (seen, _) in expected.items()}
        await story.waited_in_vain()
        assert await story.statuses() == {phone: end for phone, (_, end) in expected.items()}
        await story.is_true()


async def test_the_network_dies_and_comes_back(begin, kannel):
    async with begin("smpp1") as story:
        before = await story.tell("15702")
        await story.ends(before)
        kannel.kill_centre()
        await asyncio.to_thread(kannel.wait_offline, "smpp1")
        during = await story.tell("15702")
        await story.are(during, "accepted")
        rows = await story.notify.rows("SELECT answer FROM attempts ORDER BY id DESC LIMIT 5")
        assert {row.answer for row in rows} == {"202 3: Queued for later delivery"}
        kannel.start_centre()
        await asyncio.to_thread(kannel.wait_online, "smpp1")
        after = await story.tell("15702")
        await story.ends(during + after)
        taken = Counter(one.to for one in kannel.taken())
        assert {taken[phone] for phone in before + during + after} == {1}
        await story.is_true()


async def test_the_network_dies_in_the_midst_of_work(begin, kannel):
    """Receipts of what it had taken die with it; Kannel may ask it again for what it had not."""
    async with begin("smpp1") as story:
        for _ in range(3):
            await story.tell("1570246" * 4)
            await asyncio.sleep(0.15)
            kannel.kill_centre()
            await asyncio.sleep(0.3)
            await story.tell("15" * 4)
            kannel.start_centre()
        await asyncio.to_thread(kannel.wait_online, "smpp1")
        last = await story.tell("15")
        await story.ends(last)
        await story.are(story.told, *FINAL, "sent", "buffered")
        await story.waited_in_vain()
        ends = Counter((await story.statuses()).values())
        assert ends["delivered"] >= len(last)
        await story.is_true()


async def test_what_an_operator_stops_waits_and_goes_out_once(begin, kannel):
    async with begin("smpp1") as story:
        before = await story.tell("157")
        await story.ends(before)
        await asyncio.to_thread(kannel.stop_link, "smpp1")
        during = await story.tell("15702469")
        await story.are(during, "queued")
        await until(lambda: _refused(story, during), 10)
        await asyncio.to_thread(kannel.start_link, "smpp1")
        await story.ends(during)
        taken = Counter(one.to for one in kannel.taken())
        delivered = [phone for phone in during if phone[-1] in "1570"]
        assert {taken[phone] for phone in before + delivered} == {1}
        statuses = await story.statuses()
        assert {statuses[phone] for phone in delivered} == {"delivered"}
        await story.is_true()


async def _refused(story: Story, phones: list[str]) -> bool:
    """Kannel has said of each that it has no link for it."""
    codes = await story.codes()
    return all(16 in codes[phone] for phone in phones)


async def test_what_the_gateway_held_when_it_was_stopped_goes_out_once(begin, kannel):
    """Kannel lets go of what it had queued for a dead link when that link is stopped."""
    async with begin("smpp1") as story:
        kannel.kill_centre()
        await asyncio.to_thread(kannel.wait_offline, "smpp1")
        held = await story.tell("1570")
        await story.are(held, "accepted")
        await asyncio.to_thread(kannel.stop_link, "smpp1")
        await story.are(held, "queued")
        kannel.start_centre()
        await asyncio.to_thread(kannel.start_link, "smpp1")
        await story.ends(held)
        assert set((await story.statuses()).values()) == {"delivered"}
        taken = Counter(one.to for one in kannel.taken())
        assert {taken[phone] for phone in held} == {1}
        await story.is_true()


@pytest.mark.parametrize("link", ["smpp1", "fake1"])
async def test_receipts_late_often_and_in_any_order_end_alike(begin, link):
    async with begin(link) as story:
        story.detour.decide = any_way(seed=7)
        sent = await story.tell([digit for digit in TEN if digit != "3"] * 4)
        await story.ends(sent)
        await story.detour.quiet()
        expected = {phone: TABLE[link].get(phone[-1], DELIVERED) for phone in sent}
        assert await story.statuses() == {phone: end for phone, (_, end) in expected.items()}
        codes = await story.codes()
        assert {p: set(codes[p]) for p in sent} == {p: seen for p, (seen, _) in expected.items()}
        assert set(story.detour.answers) == {200}
        await story.is_true()


async def test_lost_receipts_leave_what_is_known_and_then_nothing_known(begin):
    """Every final receipt of every second message is lost; nobody asks for it again."""

    def unlucky(line: bytes) -> Fate:
        message = line.split(b"m=", 1)[1].split(b"&", 1)[0]
        final = b"code=1&" in line or b"code=2&" in line
        return LOST if final and message[-1] in b"02468ace" else Fate()

    async with begin("smpp1") as story:
        story.detour.decide = unlucky
        sent = await story.tell("12467" * 6)
        await story.are(sent, *FINAL, "sent", "buffered")
        await asyncio.sleep(2)  # what may still come has come
        rows = await story.notify.rows("SELECT address, id::text AS id, status FROM messages")
        unlucky_ones = {to_whom(row) for row in rows if row.id[-1] in "02468ace"}
        assert 0 < len(unlucky_ones) <= story.detour.lost < len(sent)
        waiting = {to_whom(row) for row in rows if row.status in ("sent", "buffered")}
        assert waiting == unlucky_ones
        await story.waited_in_vain()
        statuses = await story.statuses()
        assert {statuses[phone] for phone in unlucky_ones} == {"unknown"}
        assert {statuses[phone] for phone in sent if phone not in unlucky_ones} <= FINAL
        await story.is_true()


async def test_kannel_asks_again_while_our_door_is_shut(begin):
    async with begin("smpp1") as story:
        story.detour.decide = lambda line: AGAIN
        sent = await story.tell("1246")
        await story.are(sent, "accepted")
        await asyncio.sleep(1)
        story.detour.decide = lambda line: Fate()
        await story.ends(sent)
        await story.is_true()


async def test_receipts_before_our_own_record_are_kept_and_applied(begin):
    async with begin("smpp1", at_work=False) as story:
        [handset] = await story.tell("1")
        notify, patience = story.notify, Patience()
        async with notify.database.begin() as tx:
            [claimed] = await use_cases.claim(tx, story.clock(), patience, 1)
        async with notify.service.loops[0].__self__.gateway.line() as line:
            outcome = await line.send(in_clear(claimed))
        await story.are([handset], "delivered")
        tried = Attempt(claimed.id, claimed.number, NINE, story.clock(), outcome)
        async with notify.database.begin() as tx:
            await use_cases.record(tx, Stamp("loop", story.clock()), [tried], patience)
        assert await story.statuses() == {handset: "delivered"}
        assert await notify.said() == ["message-sent", "message-delivered"]
        await story.is_true()


def test_kannel_ends_when_it_is_left(tmp_path: Path) -> None:
    """All that it started, and within its time."""
    with Kannel(tmp_path, seconds=60) as kannel:
        watchers = [psutil.Process(pid) for pid in kannel.pids]
        parts = [part for watcher in watchers for part in watcher.children()]
        names = {part.name() for part in parts}
        assert len(parts) == 5 and {"bearerbox", "smsbox", "fakesmsc"} < names
    assert not any(process.is_running() for process in watchers + parts)
