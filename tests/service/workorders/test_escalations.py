"""Who is told of a clock: at once, then one message a window, until somebody takes it up."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.workorders.policies import read_packs
from services.workorders.use_cases.policies import use_policies
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

HOUSE = next(pack for pack in read_packs() if pack["id"] == "house")
SMS = {"when": "breached", "tell": "supervisor", "by": "sms"}
NIGHT = ["22:00", "07:00"]  # 14:00 to 23:00 UTC


def pack(*steps: dict[str, Any], minutes: int = 10, **more: Any) -> list[dict[str, Any]]:
    """A clock of so many minutes on every fault, with this ladder, beside the house rules.

    It starts with the case, which is accepted a minute before we hear of it.
    """
    claim = {
        "clock": "claim",
        "when": {"type": "fault_report"},
        "target": {"minutes": minutes + 1},
        "starts": "accepted",
        "stops": ["claimed"],
        "ladder": "mine",
        "source": "for tests",
        "certainty": "own",
    }
    mine = {"id": "mine", "version": "1", "valid_from": "2022-01-01", "limits": [claim | more]}
    return [HOUSE, mine | {"ladders": {"source": "for tests", "mine": list(steps)}}]


class Duty:
    """Time passes, and what is due happens."""

    def __init__(self, workorders, clock) -> None:
        self.running, self.clock = workorders, clock

    async def rules(self, packs: list[dict[str, Any]]) -> None:
        async with self.running.database.begin() as tx:
            await use_policies(tx, Stamp(by="start", at=NINE), packs, "mine")

    async def at(self, **later: float) -> list[Any]:
        """What the people on duty are told then, that they were not told before."""
        before = len(await self.told())
        self.clock.now = NINE + timedelta(**later)
        for timer in self.running.service.timers:
            await fire_due(self.running.database, timer, self.clock.now)
        return (await self.told())[before:]

    async def told(self) -> list[Any]:
        rows = await self.running.rows("SELECT envelope FROM outbox ORDER BY seq")
        found = [json.loads(row.envelope) for row in rows]
        return [one["data"] for one in found if one["type"] == "workorders.escalation-raised.v1"]

    async def next(self) -> Any:
        timer = next(t for t in self.running.service.timers if t.name == "escalations")
        async with self.running.database.begin() as tx:
            return await timer.next_due(tx)


@pytest.fixture
def duty(workorders, clock) -> Duty:
    return Duty(workorders, clock)


@pytest.fixture
def listed(workorders, token):
    async def found(query: str = "", region: str = "3205") -> list[Any]:
        path = f"/v1/escalations{query}"
        answer = await workorders.client.get(path, headers=token("supervisor", region))
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return found


@pytest.fixture
def post(workorders, token):
    async def posted(path: str, role: str = "supervisor", region: str = "3205") -> Any:
        return await workorders.client.post(path, headers=token(role, region))

    return posted


async def test_the_first_is_told_at_once_and_the_rest_of_the_window_together(duty, field):
    await duty.rules(pack(SMS, minutes=10))
    first = await field.opened(number="first")
    assert await duty.at(minutes=10) == [], "the due instant is still in time"
    [told] = await duty.at(minutes=10, seconds=1)
    assert (told["role"], told["by"], told["region"]) == ("supervisor", "sms", "320505")
    assert [(item["case_number"], item["kind"]) for item in told["items"]] == [("first", "claim")]
    assert first.endswith(told["items"][0]["work_order_id"])

    duty.clock.now = NINE
    for n in range(7):
        await field.opened(number=f"{n}")
    assert await duty.at(minutes=15) == [], "the window is open"
    assert await duty.next() == NINE + timedelta(minutes=20, seconds=1)
    [told] = await duty.at(minutes=20, seconds=1)
    assert (told["total"], told["breached"], told["warned"]) == (7, 7, 0)
    assert told["kinds"] == {"claim": 7}
    assert len(told["items"]) == HOUSE["digest"]["items"]
    assert await duty.at(minutes=60) == [] and await duty.next() is None


async def test_each_region_is_told_for_itself(duty, field):
    await duty.rules(pack(SMS))
    await field.opened(region="320505")
    await field.opened(region="320506")
    told = await duty.at(minutes=11)
    assert sorted(one["recipient"] for one in told) == ["supervisor:320505", "supervisor:320506"]
    assert {one["team"] for one in told} == {"LH-1", "SZ"}


async def test_what_is_only_for_the_board_leaves_as_no_message(duty, field, listed):
    await duty.rules(pack(SMS | {"by": "board", "tell": "dispatcher"}))
    await field.opened()
    assert await duty.at(minutes=11) == []
    [raised] = await listed("?tell=dispatcher")
    assert (raised["by"], raised["digest_id"]) == ("board", None)
    assert await listed("?tell=supervisor") == []


async def test_again_and_again_until_somebody_takes_it_up(duty, field, listed, post):
    await duty.rules(pack(SMS | {"every": {"minutes": 30}, "times": 4}))
    await field.opened()
    told = [await duty.at(minutes=minutes) for minutes in (11, 35, 42)]
    assert [len(one) for one in told] == [1, 0, 1]
    assert [one[0]["items"][0]["repetition"] for one in (told[0], told[2])] == [1, 2]
    raised = await listed("?acknowledged=false")
    assert [one["repetition"] for one in raised] == [2, 1]
    answer = await post(f"/v1/escalations/{raised[-1]['id']}/acknowledgement", "dispatcher")
    assert [one["repetition"] for one in answer.json()] == [1, 2]
    assert {one["acknowledged_by"] for one in answer.json()} == {"dispatcher-1"}
    assert await duty.at(minutes=72) == await duty.at(minutes=102) == []
    assert await listed("?acknowledged=false") == []
    assert len(await listed("?acknowledged=true")) == 2
    rows = await duty.running.rows("SELECT by, facts FROM audit WHERE action LIKE 'escalation.%'")
    assert [(row.by, row.facts["repetition"]) for row in rows] == [
        ("dispatcher-1", 1),
        ("dispatcher-1", 2),
    ]


async def test_an_order_is_taken_up_with_all_its_clocks(duty, field, post, clock):
    packs = pack(SMS | {"every": {"minutes": 30}, "times": 4})
    packs[1]["limits"].append(packs[1]["limits"][0] | {"clock": "pager", "target": {"minutes": 6}})
    await duty.rules(packs)
    order = await field.opened()
    [told] = await duty.at(minutes=11)
    assert told["kinds"] == {"claim": 1, "pager": 1}
    answer = await post(f"{order}/acknowledgement")
    assert sorted(one["kind"] for one in answer.json()) == ["claim", "pager"]
    assert await duty.at(hours=3) == []


async def test_who_takes_it_up_before_the_message_left_spares_the_message(
    duty, field, post, listed
):
    await duty.rules(pack(SMS))
    await field.opened()
    await duty.at(minutes=11)
    duty.clock.now = NINE
    await field.opened(number="second")
    assert await duty.at(minutes=12) == []
    second = next(one for one in await listed() if one["case_number"] == "second")
    assert (await post(f"/v1/escalations/{second['id']}/acknowledgement")).status_code == 200
    assert await duty.at(minutes=30) == []


async def test_the_night_is_quiet_but_for_what_cannot_wait(duty, field, clock):
    """Nine in the morning is 17:00 there; night falls five hours later."""
    quiet = SMS | {"quiet": NIGHT}
    await duty.rules(pack(quiet, minutes=6 * 60))
    await field.opened()
    assert await duty.at(hours=6.1) == []
    assert await duty.next() == NINE + timedelta(hours=14)
    assert await duty.at(hours=13.9) == []
    [told] = await duty.at(hours=14)
    assert told["items"][0]["due_at"] == "2026-11-20T15:00:00Z"


async def test_what_cannot_wait_is_told_at_night_too(duty, field):
    await duty.rules(pack(SMS, minutes=6 * 60))
    await field.opened()
    assert len(await duty.at(hours=6.1)) == 1


async def test_a_warning_about_what_was_done_meanwhile_is_not_told(duty, field):
    warn = {"when": "warned", "tell": "supervisor", "by": "sms"}
    await duty.rules(pack(warn, minutes=60, warnings=[{"before": {"minutes": 30}}]))
    await field.opened()
    await field.opened(number="late")
    [told] = await duty.at(minutes=30, seconds=1)
    assert (told["total"], told["warned"]) == (2, 2)
    duty.clock.now = NINE
    done = await field.opened(number="done")
    assert await duty.at(minutes=31) == []
    await field.done(done, "claim")
    assert await duty.at(minutes=45) == []


async def test_what_was_taken_up_or_was_never_raised_is_refused(duty, field, post, listed):
    await duty.rules(pack(SMS))
    order = await field.opened()
    early = await post(f"{order}/acknowledgement")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/nothing-to-acknowledge")
    await duty.at(minutes=11)
    [raised] = await listed()
    path = f"/v1/escalations/{raised['id']}/acknowledgement"
    assert (await post(path)).status_code == 200
    again = await post(path)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-acknowledge")


async def test_another_regions_escalations_look_like_none(duty, field, post, listed):
    await duty.rules(pack(SMS))
    order = await field.opened()
    await duty.at(minutes=11)
    [raised] = await listed()
    assert await listed(region="3301") == []
    for path in (f"/v1/escalations/{raised['id']}", f"/v1/escalations/{uuid4()}", order):
        answer = await post(f"{path}/acknowledgement", region="3301")
        assert answer.status_code == 404, path


async def test_lists_page_newest_first(duty, field, listed, workorders, token):
    await duty.rules(pack(SMS))
    for n in range(5):
        await field.opened(number=f"{n}")
    await duty.at(minutes=11)
    seen, cursor = [], ""
    while cursor is not None:
        path = f"/v1/escalations?limit=2{cursor and '&cursor=' + cursor}"
        page = (await workorders.client.get(path, headers=token("ops", "3205"))).json()
        seen += [one["case_number"] for one in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == [f"{n}" for n in range(5)]


async def test_two_workers_tell_it_once(duty, field):
    """The other worker's transaction is open: this one leaves it alone, and tells nothing after."""
    await duty.rules(pack(SMS))
    await field.opened()
    timers = {timer.name: timer for timer in duty.running.service.timers}
    late = NINE + timedelta(minutes=11)
    await fire_due(duty.running.database, timers["clocks"], late)
    stamp = Stamp(by="timer:escalations", at=late)
    async with duty.running.database.begin() as tx:
        assert len(await timers["escalations"].fire(tx, stamp, 10)) == 1
        assert await fire_due(duty.running.database, timers["escalations"], late) == 0
    assert await fire_due(duty.running.database, timers["escalations"], late) == 0
    assert len(await duty.told()) == 1
