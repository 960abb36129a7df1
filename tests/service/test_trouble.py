"""Whatever the network repeats, delays or cuts off, the books agree in the end."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from shared.settings import Settings
from tests.service import books
from tests.service.given import REPLY, a_call
from tests.service.world import World

FATES = st.sampled_from(["lives", "lives", "dies before the commit", "dies before the offset"])
SERVICES = st.sampled_from(["intake", "workorders", "notify"])
LATER = st.sampled_from([timedelta(minutes=n) for n in (1, 3, 20, 50, 24 * 60)])


class Trouble(RuleBasedStateMachine):
    """Customers call, crews act, time passes; senders, brokers and consumers fail."""

    world: World
    loop: asyncio.Runner
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.loop.run(self.world.begin_anew())
        self.answers: dict[str, str] = {}

    async def post(self, key: str, description: str = "停电") -> httpx.Response:
        headers = self.world.who("agent") | {"idempotency-key": key}
        client = self.world.services["intake"].client
        return await client.post("/v1/cases", json=a_call(description=description), headers=headers)

    @rule(target=keys)
    def a_customer_calls(self) -> str:
        key = f"call-{len(self.answers)}"
        answer = self.loop.run(self.post(key))
        assert answer.status_code == 201, answer.text
        self.answers[key] = answer.json()["id"]
        return key

    @rule(target=keys)
    def a_customer_calls_twice_at_once(self) -> str:
        key = f"call-{len(self.answers)}"

        async def twice() -> list[httpx.Response]:
            return await asyncio.gather(self.post(key), self.post(key))

        answers = self.loop.run(twice())
        ids = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        assert len(ids) == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        [self.answers[key]] = ids
        return key

    @rule(key=keys)
    def a_customer_asks_again(self, key: str) -> None:
        answer = self.loop.run(self.post(key))
        assert (answer.status_code, answer.json()["id"]) == (201, self.answers[key])

    @rule(key=keys)
    def a_key_is_used_for_something_else(self, key: str) -> None:
        assert self.loop.run(self.post(key, "别的事")).status_code == 422

    @rule(which=st.integers(0, 9), choice=st.integers(0, 9))
    def somebody_acts(self, which: int, choice: int) -> None:
        self.loop.run(self.act(which, choice))

    async def act(self, which: int, choice: int) -> None:
        """One of the moves open to one of the orders, by whoever makes such moves."""
        client = self.world.services["workorders"].client
        listed = await client.get("/v1/work-orders", headers=self.world.who("dispatcher"))
        orders = sorted(listed.json()["items"], key=lambda order: order["case_number"])
        moves = orders and orders[which % len(orders)]["allowed"]
        if not moves:
            return
        id, move = orders[which % len(orders)]["id"], moves[choice % len(moves)]
        noun, role, body = self.step(move)
        headers = self.world.who(role)
        done = await client.post(f"/v1/work-orders/{id}/{noun}", headers=headers, json=body)
        assert done.status_code == 200 or (move, done.status_code) == ("arrive", 409), done.text

    def step(self, move: str) -> tuple[str, str, dict[str, Any] | None]:
        etr_at = (self.world.clock() + timedelta(hours=2)).isoformat()
        return {
            "claim": ("claim", "crew", None),
            "depart": ("departure", "crew", None),
            "arrive": ("arrival", "crew", None),
            "set_etr": ("etr", "crew", {"etr_at": etr_at}),
            "reply": ("reply", "crew", REPLY),
            "archive": ("callback", "callback", {"outcome": "satisfied"}),
            "reopen": ("callback", "callback", {"outcome": "dissatisfied"}),
        }[move]

    @rule(name=SERVICES)
    def the_relay_runs(self, name: str) -> None:
        self.loop.run(self.world.relay(name))

    @rule(name=SERVICES, lasts=st.integers(0, 3), dies=st.booleans())
    def the_relay_fails(self, name: str, lasts: int, dies: bool) -> None:
        self.loop.run(self.world.relay(name, lasts, dies=dies))

    @rule(name=SERVICES)
    def the_relay_dies_between_send_and_mark(self, name: str) -> None:
        self.loop.run(self.world.relay(name, dies=True))

    @rule(which=st.integers(0, 3), most=st.integers(1, 5), fate=FATES)
    def kafka_delivers(self, which: int, most: int, fate: str) -> None:
        self.loop.run(self.world.hearers[which].poll(self.world.pipe, most, fate))

    @rule(which=st.integers(0, 3), back=st.integers(1, 5))
    def an_offset_is_lost(self, which: int, back: int) -> None:
        hearer = self.world.hearers[which]
        hearer.position = max(0, hearer.position - back)

    @rule(which=st.integers(0, 3), place=st.integers(0, 30))
    def an_old_message_comes_alone(self, which: int, place: int) -> None:
        hearer = self.world.hearers[which]
        if place < hearer.furthest:
            begin = hearer.running.database.begin
            self.loop.run(hearer.hear(self.world.pipe, place, place + 1, begin))

    @rule(later=LATER)
    def time_passes(self, later: timedelta) -> None:
        self.world.clock.now += later

    @rule(dies=st.booleans())
    def clocks_fire(self, dies: bool) -> None:
        self.loop.run(self.world.fire(dies=dies))

    @rule(name=SERVICES)
    def what_was_parked_is_tried_again(self, name: str) -> None:
        self.loop.run(self.world.release(self.world.services[name]))

    def teardown(self) -> None:
        self.loop.run(self.heal())
        self.loop.run(books.agree(self.world, set(self.answers.values())))

    async def heal(self) -> None:
        """Everything works again; time passes until nothing waits any more."""
        for _ in range(20):
            self.world.clock.now += timedelta(minutes=10)
            await self.world.fire()
            for running in self.world.services.values():
                await self.world.relay(running.service.name)
            for hearer in self.world.hearers:
                await hearer.poll(self.world.pipe, 1000)
            for running in self.world.services.values():
                await self.world.release(running)
            if not await self.world.unfinished():
                return
        raise AssertionError("it does not come to rest")


@pytest.fixture
def world(settings: Settings, keys: Path) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:

        async def opened() -> World:
            return World(settings, keys)

        Trouble.loop, Trouble.world = loop, loop.run(opened())
        yield
        loop.run(Trouble.world.close())


def test_the_books_agree(world: None) -> None:
    run_state_machine_as_test(
        Trouble,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
