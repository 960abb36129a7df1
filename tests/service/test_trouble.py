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
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from shared.settings import Settings
from tests.service import books
from tests.service.given import REPLY, a_call
from tests.service.world import World

Step = tuple[str, tuple[Any, ...]]

FATES = st.sampled_from(["lives", "lives", "dies before the commit", "dies before the offset"])
LATER = st.sampled_from([timedelta(minutes=n) for n in (1, 3, 20, 50, 24 * 60)])
WHICH, MOST = st.integers(0, 9), st.integers(1, 12)
# After how many sends the broker fails (None: never), and whether the relay dies of it: after all
# of them is between sending and marking.
RELAYS = st.sampled_from([(None, False), (None, False), (None, True)]) | st.tuples(
    st.integers(0, 3), st.booleans()
)


def step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.tuples(*arguments))


# One strategy, not a rule each: Hypothesis leaves out some rules at random, and a world in which
# nobody ever hears anything is no test. What stands here more often happens more often.
STEPS = st.one_of(
    step("a_customer_calls", st.integers(1, 2)),
    step("a_customer_asks_again", WHICH),
    *(step("somebody_acts", WHICH, WHICH) for _ in range(4)),
    *(step("a_relay_runs", st.sampled_from(["intake", "workorders"]), RELAYS) for _ in range(3)),
    *(step("somebody_hears", WHICH, MOST, FATES) for _ in range(5)),
    step("an_offset_is_lost", WHICH, MOST),
    step("an_old_message_comes_alone", WHICH, st.integers(0, 30)),
    step("time_passes", LATER),
    step("the_timer_comes_by", st.booleans()),
    step("what_was_parked_is_tried_again"),
)


class Trouble(RuleBasedStateMachine):
    """Customers call, crews act, time passes; senders, brokers and consumers fail."""

    world: World
    loop: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}
        self.loop.run(self.world.begin_anew())

    @initialize()
    def two_orders_are_under_way(self) -> None:
        """The crews have left already, while neither intake nor notify has heard of anything."""

        async def begin() -> None:
            await self.a_customer_calls(1)
            await self.a_customer_calls(1)
            await self.world.relay("intake")
            for hearer in self.world.hearers:
                if hearer.name == "workorders hears intake":
                    await hearer.poll(self.world.pipe, 2)
            for which in (0, 1, 0, 1):
                await self.somebody_acts(which, 0)
            await self.world.relay("workorders")

        self.loop.run(begin())

    @rule(one=STEPS)
    def happens(self, one: Step) -> None:
        name, arguments = one
        self.loop.run(getattr(self, name)(*arguments))

    async def a_customer_calls(self, at_once: int) -> None:
        key = f"call-{len(self.answers)}"
        answers = await asyncio.gather(*(self.post(key) for _ in range(at_once)))
        ids = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        assert len(ids) == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        [self.answers[key]] = ids

    async def a_customer_asks_again(self, which: int) -> None:
        key = f"call-{which % len(self.answers)}"
        answer = await self.post(key)
        assert (answer.status_code, answer.json()["id"]) == (201, self.answers[key])
        assert (await self.post(key, "别的事")).status_code == 422

    async def post(self, key: str, description: str = "停电") -> httpx.Response:
        headers = self.world.who("agent") | {"idempotency-key": key}
        client = self.world.services["intake"].client
        its_own = a_call()["location"] | {"transformer": f"T-{key}"}
        call = a_call(description=description, location=its_own)
        return await client.post("/v1/cases", json=call, headers=headers)

    async def somebody_acts(self, which: int, choice: int) -> None:
        """One of the moves open to one of the orders, by whoever makes such moves."""
        client = self.world.services["workorders"].client
        listed = await client.get("/v1/work-orders", headers=self.world.who("dispatcher"))
        orders = sorted(listed.json()["items"], key=lambda order: order["case_number"])
        ways = self.ways()
        allowed = orders[which % len(orders)]["allowed"] if orders else []
        moves = [move for move in allowed if move in ways]
        if not moves:
            return
        id, move = orders[which % len(orders)]["id"], moves[choice % len(moves)]
        noun, role, body = ways[move]
        headers = self.world.who(role)
        done = await client.post(f"/v1/work-orders/{id}/{noun}", headers=headers, json=body)
        again = move in ("depart", "arrive") and done.status_code == 409
        assert done.status_code == 200 or again, done.text

    def ways(self) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
        """By move: the noun, who makes it, and what they say."""
        etr_at = (self.world.clock() + timedelta(hours=2)).isoformat()
        return {
            "claim": ("claim", "crew", None),
            "depart": ("departure", "crew", None),
            "arrive": ("arrival", "crew", None),
            "set_etr": ("etr", "crew", {"etr_at": etr_at}),
            "reply": ("reply", "crew", REPLY),
            "archive": ("callback", "callback", {"outcome": "satisfied"}),
            "reopen": ("callback", "callback", {"outcome": "dissatisfied"}),
        }

    async def a_relay_runs(self, name: str, fate: tuple[int | None, bool]) -> None:
        lasts, dies = fate
        await self.world.relay(name, lasts, dies=dies)

    async def somebody_hears(self, which: int, most: int, fate: str) -> None:
        """One of those for whom something waits, if there are."""
        waiting = [h for h in self.world.hearers if h.position < len(self.world.pipe.log[h.topic])]
        if waiting:
            await waiting[which % len(waiting)].poll(self.world.pipe, most, fate)

    async def an_offset_is_lost(self, which: int, back: int) -> None:
        hearer = self.world.hearers[which % len(self.world.hearers)]
        hearer.position = max(0, hearer.position - back)

    async def an_old_message_comes_alone(self, which: int, place: int) -> None:
        hearer = self.world.hearers[which % len(self.world.hearers)]
        if hearer.furthest:
            old = place % hearer.furthest
            await hearer.hear(self.world.pipe, old, old + 1, hearer.running.database.begin)

    async def time_passes(self, later: timedelta) -> None:
        self.world.clock.now += later

    async def the_timer_comes_by(self, dies: bool) -> None:
        await self.world.fire(dies=dies)

    async def what_was_parked_is_tried_again(self) -> None:
        await self.world.release(self.world.services["notify"])

    def teardown(self) -> None:
        self.loop.run(self.heal())
        self.loop.run(books.agree(self.world, set(self.answers.values())))

    async def heal(self) -> None:
        """Everything works again; time passes until nothing waits any more."""
        for _ in range(20):
            self.world.clock.now += timedelta(minutes=10)
            await self.world.fire()
            for name in self.world.services:
                await self.world.relay(name)
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
    fewer = settings.default.max_examples // 4  # each is long
    run_state_machine_as_test(
        Trouble,
        settings=settings(
            max_examples=fewer,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
