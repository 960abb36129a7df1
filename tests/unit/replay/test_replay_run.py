"""A replay against a made-up Wattline: what it counts as lost, and what as too much."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import typer
from typer.testing import CliRunner

from deploy.replay import client
from deploy.replay.__main__ import main
from deploy.replay.calls import Call, calls
from deploy.replay.client import NotThere, Wattline
from deploy.replay.report import Figures, figures, percentile_ms, table, troubles
from deploy.replay.rows import COLUMNS, Fault
from deploy.replay.run import Replay
from shared import auth

pytestmark = pytest.mark.anyio
AT = datetime(2025, 1, 24, 2, 10, tzinfo=UTC)
URLS = {name: f"http://{name}" for name in ("intake", "workorders", "notify")}


@dataclass
class World:
    """The three services in one function. `mishaps`: answers to the next POSTs, taken or not."""

    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    mishaps: list[httpx.Response | Exception] = field(default_factory=list)
    forgets_keys: bool = False
    posts: int = 0
    orders: int = 1
    sms: tuple[str, ...] = ("delivered",)
    supervisor: tuple[str, ...] = ()
    down: str = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == self.down:
            raise httpx.ConnectError("nobody listens")
        if request.method == "POST":
            return self.file(request)
        if request.url.host == "intake":
            phone = request.url.params.get("phone")
            return _page([c for c in self.cases.values() if c["phone"] == phone])
        if request.url.host == "workorders":
            return _page([{"id": str(uuid4())} for _ in range(self.orders)])
        words = [("case-accepted.v1", "accepted", status) for status in self.sms]
        words += [("escalation-raised.v1", text, "delivered") for text in self.supervisor]
        return _page([_sms(*one) for one in words])

    def file(self, request: httpx.Request) -> httpx.Response:
        self.posts += 1
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if isinstance(mishap, httpx.Response) and mishap.status_code != 504:
            return mishap
        key = request.headers["idempotency-key"]
        case = {"id": str(uuid4()), "accepted_at": AT.isoformat()}
        body = json.loads(request.content)
        case |= {"phone": body["caller"]["phone"], "location": body["location"]}
        if self.forgets_keys:
            key = str(self.posts)
        case = self.cases.setdefault(key, case)
        if isinstance(mishap, Exception):
            raise mishap
        return mishap or httpx.Response(201, json=case)


def _page(items: list[Any]) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "next": None})


def _sms(template: str, text: str, status: str) -> dict[str, Any]:
    delivered_at = (AT + timedelta(seconds=0.5)).isoformat() if status == "delivered" else None
    sms = {"id": str(uuid4()), "template": template, "text": text, "status": status}
    return sms | {"delivered_at": delivered_at}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def wattline(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wattline]:
    monkeypatch.setattr(client, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(client, "_LONGEST_PAUSE", 0.002)
    wattline = Wattline(URLS, "token", httpx.MockTransport(world.answer))
    yield wattline
    await wattline.close()


def three() -> list[Call]:
    faults = [Fault(str(n), AT, None, AT, "BT1", None, 1, None, None) for n in range(3)]
    return calls(faults, "test", each_customer=False)


def replay_of(wattline: Wattline) -> Replay:
    return Replay(
        wattline=wattline, calls=three(), rate=1_000, timeout=0.1, settle=0, first_look=0.001
    )


async def replayed(wattline: Wattline) -> Figures:
    replay = replay_of(wattline)
    await replay.run()
    found = figures("test", replay.stories, 1.0)
    assert bool(troubles(replay.stories)) is bool(found.duplicates + found.lost)
    return found


async def test_everyone_is_told_once(wattline):
    found = await replayed(wattline)
    assert (found.calls, found.cases, found.work_orders, found.messages) == (3, 3, 3, 3)
    assert found.duplicates == found.lost == found.unfinished == 0 and found.good
    assert found.delivered_p50_ms == found.delivered_p99_ms == 500.0
    assert table(found).row_count == 14


@pytest.mark.parametrize(
    "mishap",
    [
        httpx.ReadTimeout("no answer"),
        httpx.Response(504),
        httpx.Response(503),
        httpx.Response(409, json={"title": "The first request is still running."}),
    ],
)
async def test_a_call_that_got_no_answer_is_repeated_and_stays_one_case(world, wattline, mishap):
    world.mishaps = [mishap, mishap]
    found = await replayed(wattline)
    assert world.posts == 5 and found.repeated_posts == 2
    assert found.cases == len(world.cases) == 3 and found.good


async def test_an_intake_that_files_a_repeated_call_twice_is_found_out(world, wattline):
    world.mishaps, world.forgets_keys = [httpx.ReadTimeout("no answer")], True
    found = await replayed(wattline)
    assert found.duplicates == 1 and found.lost == 0 and not found.good


async def test_what_is_refused_is_not_repeated_and_is_lost(world, wattline):
    world.mishaps = [httpx.Response(422, json={"title": "No.", "detail": "No such region."})]
    replay = replay_of(wattline)
    await replay.run()
    assert world.posts == 3 and figures("test", replay.stories, 1.0).lost == 1
    assert troubles(replay.stories) == ["replay-test-0: no case: 422 No such region."]


async def test_nobody_tries_for_ever(world, wattline):
    world.mishaps = [httpx.Response(503)] * 30
    found = await replayed(wattline)
    assert world.posts == 30 and found.lost == 3 and found.repeated_posts == 27


@pytest.mark.parametrize(("orders", "lost", "duplicates"), [(0, 3, 0), (1, 0, 0), (2, 0, 3)])
async def test_a_case_has_one_work_order(world, wattline, orders, lost, duplicates):
    world.orders = orders
    found = await replayed(wattline)
    assert (found.lost, found.duplicates) == (lost, duplicates)


@pytest.mark.parametrize(
    ("sms", "lost", "duplicates"),
    [
        ((), 3, 0),
        (("queued",), 3, 0),
        (("rejected",), 3, 0),
        (("skipped",), 3, 0),
        (("delivered", "delivered"), 0, 3),
        (("delivered", "rejected"), 0, 3),
    ],
)
async def test_a_caller_is_told_once(world, wattline, sms, lost, duplicates):
    world.sms = sms
    found = await replayed(wattline)
    assert (found.lost, found.duplicates) == (lost, duplicates)


async def test_a_supervisor_hears_of_each_clock_once(world, wattline):
    world.supervisor = ("claim is late", "arrival is late")
    assert (await replayed(wattline)).duplicates == 0
    world.supervisor = ("claim is late", "claim is late")
    assert (await replayed(wattline)).duplicates == 3


async def test_a_service_that_goes_away_leaves_nothing_proven(world, wattline):
    replay = replay_of(wattline)
    replay.on_step = lambda step: setattr(world, "down", "notify" if step == "followed" else "")
    await replay.run()
    assert figures("test", replay.stories, 1.0).lost == 3


async def test_an_interrupted_replay_keeps_what_it_has(world, wattline):
    world.sms = ()
    replay = replay_of(wattline)
    replay.timeout = 60
    steps: asyncio.Queue[str] = asyncio.Queue()
    replay.on_step = steps.put_nowait
    running = asyncio.create_task(replay.run())
    assert [await steps.get() for _ in range(3)] == ["filed"] * 3
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    found = figures("test", replay.stories, 1.0)
    assert (found.cases, found.unfinished, found.lost) == (3, 3, 0) and not found.good


async def test_a_service_that_is_not_there_is_named(world, wattline):
    await wattline.check()
    world.down = "workorders"
    with pytest.raises(NotThere, match="workorders is not there: http://workorders"):
        await wattline.check()


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(0, 0.5, None), (1, 0.99, 1e3), (4, 0.5, 2e3), (200, 0.99, 198e3)],
)
def test_a_percentile_is_one_of_the_values(count, share, expected):
    assert percentile_ms(range(count, 0, -1), share) == expected


def run(*arguments: object):
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


ROW = "5812383,2025-01-24T02:10:00Z,,2025-02-01T14:39:00Z,BT60 1,296854,339761,13,,\n"


@pytest.fixture
def storm(tmp_path):
    path = tmp_path / "storm.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{ROW}")
    return path


def test_a_malformed_file_ends_in_2_before_anything_is_asked(storm):
    storm.write_text(storm.read_text() + ROW)
    ended = run(storm, "--limit", 1)
    assert ended.exit_code == 2 and not ended.stdout
    assert "storm.csv, line 3: outage 5812383 is on line 2 already" in ended.stderr
    assert run(storm.parent / "no.csv").exit_code == run(storm, "--run", "a b").exit_code == 2


def test_no_service_and_no_key_end_in_1_and_one_line(storm, tmp_path):
    no_key = run(storm, "--keys", tmp_path / "private.pem")
    assert no_key.exit_code == 1 and no_key.stderr.count("\n") == 1
    auth.new_keys(tmp_path / "private.pem", tmp_path / "jwks.json")
    nobody = "http://127.0.0.1:9"
    absent = run(storm, "--keys", tmp_path / "private.pem", "--intake", nobody)
    assert absent.exit_code == 1 and absent.stderr.count("\n") == 1
    assert absent.stderr.startswith(f"replay: intake is not there: {nobody}")
