"""One crew goes, the next comes: what is open is listed, acknowledged, signed; then it closes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NINE
from tests.service.workorders.roster import Roster

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


class Crews(Roster):
    """Team SZ: a and b work until five, c and d from then on. `shift`, `following`: addresses."""

    shift: str
    following: str

    async def act(self, person: str, noun: str, body: Any = None, role: str = "crew") -> Any:
        url = f"{self.shift}/{noun}"
        return await self.ask("POST", url, body, role=role, subject=person, region="3205")

    async def done(self, person: str, noun: str, body: Any = None, role: str = "crew") -> Any:
        answer = await self.act(person, noun, body, role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def signs(self, person: str, side: str, role: str = "crew") -> Any:
        return await self.act(person, "handover/signature", {"side": side}, role)


@pytest.fixture
async def crews(workorders, token) -> Crews:
    crews = Crews(workorders, token)
    for person in "abcd":
        await crews.enrol(person, "SZ")
    crews.shift = await crews.plan("SZ", ["a", "b"], NINE, NINE + 8 * HOUR)
    crews.following = await crews.plan("SZ", ["c", "d"], NINE + 8 * HOUR, NINE + 16 * HOUR)
    return crews


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


async def three_orders(field: Any, clock: Any) -> tuple[str, str, str]:
    """Dispatched long ago; claimed by a; begun by a."""
    orders = [await field.opened(region="320506") for _ in range(3)]
    for order in orders[1:]:
        assert (await field.post(order, "claim", subject="a")).status_code == 200
    assert (await field.post(orders[2], "departure", subject="a")).status_code == 200
    return orders[0], orders[1], orders[2]


async def test_the_whole_story(workorders, field, crews, clock):
    waiting, claimed, begun = await three_orders(field, clock)
    clock.now = NINE + timedelta(minutes=20)
    await field.opened()  # another team's
    listed = await crews.done("a", "handover")
    assert (listed["open"], listed["at_risk"], listed["unacknowledged"]) == (3, 3, 3)
    assert listed["next_id"] == id_of(crews.following)
    refused = await crews.act("a", "closing")
    assert problem(refused) == (409, "not-handed-over")
    assert len(refused.json()["unacknowledged"]) == 3
    assert refused.json()["unsigned"] == ["outgoing", "incoming"]

    assert problem(await crews.signs("b", "outgoing")) == (403, "not-the-lead")
    assert (await crews.signs("a", "outgoing")).status_code == 200
    assert problem(await crews.signs("a", "outgoing")) == (409, "signed-already")
    assert problem(await crews.signs("a", "incoming", "supervisor")) == (409, "same-signer")
    assert (await crews.signs("c", "incoming")).status_code == 200

    noun = "handover/items/{}/acknowledgement"
    assert problem(await crews.act("b", noun.format(id_of(waiting)))) == (403, "not-taking")
    for order in (waiting, claimed):
        await crews.done("d", noun.format(id_of(order)))
    refused = await crews.act("a", "closing")
    assert refused.json()["unacknowledged"] == [id_of(begun)] and not refused.json()["unsigned"]
    acknowledged = await crews.done("c", noun.format(id_of(begun)))
    assert acknowledged["unacknowledged"] == 0

    clock.now = NINE + 8 * HOUR
    closed = await crews.done("a", "closing")
    assert (closed["state"], closed["closed_by"]) == ("closed", "a")
    assert problem(await crews.act("a", "closing")) == (409, "shift-closed")
    back = await field.look(claimed)
    assert (back["status"], back["team"], back["handler"]) == ("reassigned", "SZ", None)
    assert (await workorders.said()).count("order-reassigned") == 1
    assert (await field.look(begun))["handler"] == "a"
    assert (await field.post(claimed, "claim", subject="c")).status_code == 200
    audited = await workorders.rows("SELECT action FROM audit WHERE about = :id ORDER BY id",
                                    id=id_of(crews.shift))  # fmt: skip
    assert [row.action for row in audited][-1] == "shift.closed"


async def test_what_comes_after_the_list_is_added_and_signed_anew(field, crews, clock):
    await three_orders(field, clock)
    await crews.done("a", "handover")
    assert (await crews.signs("a", "outgoing")).status_code == 200
    late = await field.opened(region="320506")
    assert (await field.post(late, "claim", subject="b")).status_code == 200
    refused = await crews.act("a", "closing")
    assert refused.json()["unlisted"] == [id_of(late)]
    again = await crews.done("a", "handover")
    assert (again["open"], again["given_by"]) == (4, None)
    unchanged = await crews.done("a", "handover")
    assert unchanged["version"] == again["version"]


async def test_an_order_finished_since_needs_no_acknowledgement(field, crews):
    order = await field.opened(region="320506")
    await crews.done("a", "handover")
    await field.done(order, "claim", "departure", "arrival", "reply")
    for person, side in (("a", "outgoing"), ("c", "incoming")):
        assert (await crews.signs(person, side)).status_code == 200
    assert (await crews.done("a", "closing"))["state"] == "closed"


async def test_without_a_next_shift_a_supervisor_takes_over(field, crews):
    crews.shift = crews.following
    await field.opened(region="320506")
    early = await crews.act("c", "handover")
    assert problem(early) == (409, "not-begun")
    crews.running.app.state.clock.now = NINE + 9 * HOUR
    listed = await crews.done("c", "handover")
    assert listed["next_id"] is None
    assert (await crews.signs("c", "outgoing")).status_code == 200
    assert problem(await crews.signs("d", "incoming")) == (403, "not-the-lead")
    assert (await crews.signs("boss", "incoming", "supervisor")).status_code == 200
    [item] = listed["items"]
    noun = f"handover/items/{item['order_id']}/acknowledgement"
    await crews.done("boss", noun, role="supervisor")
    assert (await crews.done("c", "closing"))["state"] == "closed"


async def test_a_shift_that_is_over_and_not_closed_is_overdue(crews, clock):
    clock.now = NINE + 9 * HOUR
    assert (await crews.sure("GET", crews.shift))["state"] == "overdue"
    assert problem(await crews.act("a", "closing")) == (409, "no-handover")
    assert problem(
        await crews.act("a", "handover/items/" + id_of(crews.shift) + "/acknowledgement")
    ) == (409, "no-handover")
    [overdue] = (await crews.sure("GET", "/v1/shifts?state=overdue"))["items"]
    assert overdue["id"] == id_of(crews.shift)


async def test_others_do_not_see_it(crews):
    await crews.done("a", "handover")
    elsewhere = {"role": "crew", "region": "33"}
    assert (await crews.ask("GET", f"{crews.shift}/handover", **elsewhere)).status_code == 404
    assert (await crews.ask("POST", f"{crews.shift}/handover", **elsewhere)).status_code == 404
    assert (await crews.sure("GET", f"{crews.shift}/handover"))["opened_by"] == "a"


async def test_two_close_at_once_and_one_does(field, crews, workorders, clock):
    await three_orders(field, clock)
    listed = await crews.done("a", "handover")
    for item in listed["items"]:
        await crews.done("c", f"handover/items/{item['order_id']}/acknowledgement")
    for person, side in (("a", "outgoing"), ("c", "incoming")):
        assert (await crews.signs(person, side)).status_code == 200
    answers = await asyncio.gather(*(crews.act("a", "closing") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 4]
    assert (await workorders.said()).count("order-reassigned") == 1
