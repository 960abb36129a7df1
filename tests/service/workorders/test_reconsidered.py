"""More is known of an order than when it was sent: an unclaimed one may be another team's work."""

from datetime import timedelta
from typing import Any

import pytest

from services.workorders.use_cases.routing import ROUTING_BELL
from shared.due import fire_due
from tests.conftest import NINE
from tests.service.workorders.roster import Roster
from tests.service.workorders.ticking import told

pytestmark = pytest.mark.anyio

BURNING = {"danger": True, "reason": "sparks at the pole"}
TO_THE_EMERGENCY = {"name": "danger", "when": "danger", "to": {"nearest": ["emergency"]}}
REPAIR = {"name": "repair", "when": "!danger", "to": {"nearest": ["repair"]}}


@pytest.fixture
def roster(workorders, token) -> Roster:
    return Roster(workorders, token)


async def decisions(field: Any, order: str) -> list[dict[str, Any]]:
    answer = await field.running.client.get(
        f"{order}/routing", headers=field._token("dispatcher", "")
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def causes(field: Any, order: str) -> list[tuple[str, str | None]]:
    return [(one["cause"], one["team"]) for one in await decisions(field, order)]


async def test_new_danger_sends_an_unclaimed_order_where_the_rules_now_want_it(
    workorders, field, roster
):
    await roster.found("EM", "3205", role="emergency")
    await roster.rules("new", TO_THE_EMERGENCY)
    order = await field.opened()
    assert (await field.look(order))["team"] == "LH-1"
    sent = await field.did(order, "danger", BURNING, "agent")
    assert (sent["team"], sent["status"], sent["danger"]) == ("EM", "reassigned", True)
    assert sent["routed_because"][-1] == "rule danger"
    assert await causes(field, order) == [("opened", "LH-1"), ("endangered", "EM")]
    [fact] = await told(workorders, "order-reassigned")
    assert (fact["before"], fact["team"], fact["reason"]) == ("LH-1", "EM", "in danger")
    assert not sent["supervised"], "who is sent knows"
    over = await field.did(order, "danger", {"danger": False, "reason": "cut off"}, "agent")
    assert over["team"] == "EM"
    assert len(await decisions(field, order)) == 2


async def test_where_the_rules_choose_the_same_team_it_stays_and_is_to_be_claimed_sooner(
    workorders, field
):
    """One of two equals has it: that the other would come first today is no reason."""
    first, order = await field.opened(), await field.opened()
    await field.did(first, "cancellation", {"reason": "twice"}, "dispatcher")
    assert (await field.look(order))["route_at"] == "2026-11-20T09:30:00Z"
    stays = await field.did(order, "danger", BURNING, "agent")
    assert (stays["team"], stays["status"]) == ("LH-2", "dispatched")
    assert stays["route_at"] == "2026-11-20T09:10:00Z"
    assert stays["routed_because"][-2:] == ["has it already, and is one of 2", "rule danger"]
    assert await causes(field, order) == [("opened", "LH-2"), ("endangered", "LH-2")]
    assert (stays["supervision"]["level"], stays["supervision"]["because"]) == (1, "danger")
    assert "order-reassigned" not in await workorders.said()


async def test_who_has_claimed_it_keeps_it_and_those_who_watch_hear(workorders, field, roster):
    await roster.found("EM", "3205", role="emergency")
    await roster.rules("new", TO_THE_EMERGENCY)
    order = await field.opened(tags=("life_support",))
    await field.done(order, "claim")
    kept = await field.did(order, "danger", BURNING, "agent")
    assert (kept["team"], kept["status"]) == ("LH-1", "claimed")
    assert await causes(field, order) == [("opened", "LH-1")]
    assert kept["supervision"]["because"] == "danger"
    alerts = await told(workorders, "protected-customer-affected")
    assert [(one["classes"], one["danger"]) for one in alerts] == [
        (["life_support"], False), (["life_support"], True),
    ]  # fmt: skip


async def test_an_order_without_a_team_finds_one_when_danger_is_known(field, roster, workorders):
    await roster.found("HZ", "330105", role="emergency")
    await roster.rules("new", TO_THE_EMERGENCY, REPAIR)
    order = await field.opened(region="330105")
    look = {"role": "dispatcher", "region": ""}
    assert (await field.look(order, **look))["status"] == "pending_dispatch"
    who = field._token("agent", "")
    answer = await workorders.client.post(f"{order}/danger", json=BURNING, headers=who)
    assert (answer.json()["team"], answer.json()["status"]) == ("HZ", "dispatched")
    assert await causes(field, order) == [("opened", None), ("endangered", "HZ")]
    assert (await workorders.said())[-1] == "order-dispatched"


async def test_it_goes_back_to_nobody_who_had_it_before(workorders, field, roster, clock):
    waits = {"wait_minutes": 30, "else": [{"to": {"nearest": []}, "up": 1}]}
    to_one = {"name": "danger", "when": "danger", "to": {"team": "LH-1"}}
    usual = {"name": "usual", "when": "!danger", "to": {"nearest": []}} | waits
    await roster.rules("new", to_one, usual)
    order = await field.opened()
    clock.now = NINE + timedelta(minutes=30)
    [timer] = [timer for timer in workorders.service.timers if timer.name == ROUTING_BELL]
    assert await fire_due(workorders.database, timer, clock.now) == 1
    stays = await field.did(order, "danger", BURNING, "agent")
    assert (stays["team"], stays["supervision"]["because"]) == ("SZ", "danger")
    last = (await decisions(field, order))[-1]
    assert (last["cause"], last["team"]) == ("endangered", None)
    assert last["candidates"][0]["dropped"] == ["had it before in this round"]


async def test_what_a_person_decided_stands(field, roster):
    """Sent by hand, named by who returned it, or returned too often: no rule overrules that."""
    await roster.found("EM", "3205", role="emergency")
    await roster.rules("new", TO_THE_EMERGENCY)
    sent, named, returned = [await field.opened() for _ in range(3)]
    to = {"team": "SZ", "reason": "they know the place"}
    await field.did(sent, "reassignment", to, "dispatcher")
    first = (await field.look(returned))["team"]
    for order in (named, returned):
        await field.did(order, "return", {"reason": "other_duty", "target": "SZ"})
    await field.did(returned, "return", {"reason": "other_duty", "target": first})
    for order, team, status in (
        (sent, "SZ", "reassigned"), (named, "SZ", "dispatched"), (returned, "SZ", "returned"),
    ):  # fmt: skip
        stays = await field.did(order, "danger", BURNING, "agent")
        assert (stays["team"], stays["status"]) == (team, status)
        assert stays["supervision"]["because"] == "danger"
    assert (await causes(field, sent))[-1] == ("endangered", "SZ")
