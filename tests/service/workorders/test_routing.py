"""Where orders go, and why: every decision is kept; whoever waits is looked at again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.workorders.use_cases.routing import ROUTING_BELL
from shared.due import fire_due
from tests.conftest import NINE
from tests.service.conftest import hear
from tests.service.given import accepted, as_message
from tests.service.workorders.roster import Roster

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
ELSEWHERE = "330105"


@pytest.fixture
def roster(workorders, token) -> Roster:
    return Roster(workorders, token)


async def fire(workorders: Any, clock: Any) -> int:
    [timer] = [timer for timer in workorders.service.timers if timer.name == ROUTING_BELL]
    return await fire_due(workorders.database, timer, clock())


async def decisions(field: Any, order: str) -> list[dict[str, Any]]:
    answer = await field.running.client.get(
        f"{order}/routing", headers=field._token("dispatcher", "")
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_decision_is_kept_with_everybody_who_was_looked_at(field, roster):
    await roster.change("LH-1", capacity=0)
    order = await field.opened()
    [decided] = await decisions(field, order)
    assert (decided["cause"], decided["rules"], decided["rule"], decided["step"]) == (
        "opened", "house-2026.1", "fault", 0,
    )  # fmt: skip
    assert (decided["team"], decided["relaxed"]) == ("LH-2", [])
    assert [(x["team"], x["rank"], x["dropped"]) for x in decided["candidates"]] == [
        ("LH-2", 1, []), ("SZ", 2, []), ("LH-1", None, ["full: 0 of 0 orders"]),
    ]  # fmt: skip
    shown = await field.look(order)
    assert shown["routed_because"] == decided["because"]
    assert shown["route_at"] == "2026-11-20T09:30:00Z"
    foreign = await field.running.client.get(
        f"{order}/routing", headers=field._token("dispatcher", "33")
    )
    assert foreign.status_code == 404


async def test_unclaimed_in_time_it_goes_one_level_up_once(workorders, field, clock):
    order = await field.opened()
    before = (await field.look(order))["version"]
    clock.now = NINE + 29 * MINUTE
    assert await fire(workorders, clock) == 0
    clock.now = NINE + 30 * MINUTE
    assert await fire(workorders, clock) == 1
    assert await fire(workorders, clock) == 0
    shown = await field.look(order)
    assert (shown["team"], shown["status"], shown["route_at"]) == ("SZ", "reassigned", None)
    assert shown["version"] == before + 1
    assert (await workorders.said()).count("order-reassigned") == 1
    first, second = await decisions(field, order)
    assert (second["cause"], second["step"], second["by"]) == ("unclaimed", 1, "timer:routing")
    assert {x["team"]: x["dropped"] for x in second["candidates"]}[first["team"]] == [
        "had it before in this round", "of level 1, not 2 or higher",
    ]  # fmt: skip


async def test_claimed_in_time_it_stays(workorders, field, clock):
    order = await field.opened()
    await field.done(order, "claim")
    clock.now = NINE + timedelta(hours=2)
    assert await fire(workorders, clock) == 0
    assert (await field.look(order))["status"] == "claimed"


async def test_where_nobody_else_is_it_stays_unclaimed_where_it_is(workorders, field, clock):
    order = await field.opened(region="320506")
    assert (await field.look(order))["team"] == "SZ"
    clock.now = NINE + 30 * MINUTE
    assert await fire(workorders, clock) == 1
    shown = await field.look(order)
    assert (shown["team"], shown["status"], shown["route_at"]) == ("SZ", "dispatched", None)
    assert shown["routed_because"][-1] == "unclaimed, but there is nobody else for it"
    assert await fire(workorders, clock) == 0


async def test_two_timers_take_the_fallback_once(workorders, field, clock):
    for _ in range(5):
        await field.opened()
    clock.now = NINE + 30 * MINUTE
    fired = await asyncio.gather(*(fire(workorders, clock) for _ in range(4)))
    assert sum(fired) == 5
    assert (await workorders.said()).count("order-reassigned") == 5


async def test_a_claim_that_comes_while_the_fallback_is_taken_wins_or_loses_whole(
    workorders, field, clock
):
    order = await field.opened()
    clock.now = NINE + 30 * MINUTE
    fired, claimed = await asyncio.gather(fire(workorders, clock), field.post(order, "claim"))
    shown = await field.look(order)
    assert claimed.status_code == 200 and shown["status"] == "claimed"
    assert shown["team"] == ("SZ" if fired else "LH-1")


async def test_an_order_without_a_team_is_routed_again_when_one_is_founded(
    workorders, field, roster, clock
):
    order = await field.opened(region=ELSEWHERE)
    look = {"role": "dispatcher", "region": ""}
    waiting = await field.look(order, **look)
    assert waiting["routed_because"] == ["no team serves this region"]
    assert waiting["route_at"] == "2026-11-20T09:05:00Z"
    clock.now = NINE + 5 * MINUTE
    assert await fire(workorders, clock) == 1
    assert (await field.look(order, **look))["status"] == "pending_dispatch"
    assert len(await decisions(field, order)) == 1  # the same reasons are not told twice
    clock.now += MINUTE
    await roster.found("HZ", ELSEWHERE)
    assert await fire(workorders, clock) == 1
    shown = await field.look(order, **look)
    assert (shown["team"], shown["status"]) == ("HZ", "dispatched")
    assert [one["cause"] for one in await decisions(field, order)] == ["opened", "waiting"]
    assert {("claim", 1), ("arrival", 1)} <= set(await clocks(field, order, look))


async def clocks(field: Any, order: str, look: dict[str, str]) -> set[tuple[str, int]]:
    shown = await field.look(order, **look)
    return {(clock["kind"], clock["generation"]) for clock in shown["clocks"]}


async def test_it_is_routed_when_the_next_shift_starts(workorders, field, roster, clock):
    await roster.found("HZ", ELSEWHERE, standing=False)
    await roster.enrol("hz-1", "HZ")
    await roster.plan("HZ", ["hz-1"], NINE + 2 * MINUTE, NINE + timedelta(hours=8))
    order = await field.opened(region=ELSEWHERE)
    look = {"role": "dispatcher", "region": ""}
    # Off shift is given up by the rules at last, so somebody is woken rather than nobody.
    assert (await decisions(field, order))[0]["relaxed"] == ["roster"]
    await roster.rules("strict", relax=[])
    clock.now = NINE + timedelta(days=1)
    await roster.plan("HZ", ["hz-1"], clock.now + 2 * MINUTE, clock.now + timedelta(hours=8))
    order = await field.opened(region=ELSEWHERE, at=clock.now)
    waiting = await field.look(order, **look)
    assert waiting["routed_because"] == ["nobody fits rule everything", "HZ: not on shift"]
    assert waiting["route_at"] == "2026-11-21T09:02:00Z"
    clock.now += MINUTE
    await fire(workorders, clock)
    assert (await field.look(order, **look))["team"] is None
    clock.now += MINUTE
    await fire(workorders, clock)
    assert (await field.look(order, **look))["team"] == "HZ"


async def test_returned_it_goes_to_the_named_team_then_a_supervisor_decides(field):
    order = await field.opened()
    first = (await field.look(order))["team"]
    answer = await field.post(order, "return", {"reason": "other_duty", "target": "SZ"})
    assert answer.json()["team"] == "SZ"
    assert answer.json()["routed_because"] == ["named by the team that returned it"]
    answer = await field.post(order, "return", {"reason": "other_duty", "target": first})
    assert answer.json()["status"] == "returned"
    answer = await field.post(order, "dispatch", {"team": first}, role="supervisor")
    assert answer.json()["team"] == first
    assert [one["cause"] for one in await decisions(field, order)] == [
        "opened", "returned", "by_hand",
    ]  # fmt: skip


async def test_a_dispatcher_does_not_send_it_back_to_who_returned_it(field):
    order = await field.opened()
    first = (await field.look(order))["team"]
    await field.post(order, "return", {"reason": "other_duty", "target": "SZ"})
    back = {"team": first, "reason": "it is"}
    answer = await field.post(order, "reassignment", back, role="dispatcher")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/returned-it")
    answer = await field.post(order, "reassignment", back, role="supervisor")
    assert answer.json()["team"] == first
    assert (await decisions(field, order))[-1]["because"] == ["it is"]


async def test_the_representative_has_it_first(field, roster, clock, workorders):
    await roster.enrol("rep-1", "SZ")
    await roster.represents("rep-1", "5050000001")
    order = await field.opened(case_type="complaint", account_no="5050000001")
    shown = await field.look(order)
    assert (shown["team"], shown["person"]) == ("SZ", "rep-1")
    assert shown["routed_because"][0] == "the customer's own representative"
    clock.now = NINE + 20 * MINUTE
    assert await fire(workorders, clock) == 1
    assert (await field.look(order))["team"] == "LH-1"
    fault = await field.opened(account_no="5050000001")
    assert (await field.look(fault))["person"] is None


async def test_reopened_it_goes_one_level_up(field):
    order = await field.opened()
    await field.done(order, "claim", "departure", "arrival", "reply")
    await field.called_back(order, "dissatisfied", comment="again dark")
    shown = await field.look(order)
    assert (shown["level"], shown["team"]) == (2, "SZ")


async def test_a_batch_counts_what_it_has_sent_itself(workorders, roster):
    """Ten calls in one transaction: as even as one after the other."""
    await roster.change("LH-1", capacity=3)
    await hear(workorders, *(as_message(accepted(), offset) for offset in range(10)))
    rows = await workorders.rows("SELECT team, count(*) AS many FROM work_orders GROUP BY team")
    assert {row.team: row.many for row in rows} == {"LH-1": 3, "LH-2": 7}


async def test_at_once_no_more_than_what_is_in_flight_goes_beyond_capacity(workorders, roster):
    """What is promised: each transaction sees all that was committed before it began. So beyond
    capacity there is at most what the others had not committed yet: here 5 at once, of 2 each.
    """
    for code in ("LH-1", "LH-2", "SZ"):
        await roster.change(code, capacity=6)
    await roster.rules("strict", relax=[])

    async def worker(number: int) -> None:
        for turn in range(4):
            pair = [as_message(accepted(), 100 * number + 10 * turn + n) for n in range(2)]
            await hear(workorders, *pair)

    await asyncio.gather(*(worker(number) for number in range(5)))
    rows = await workorders.rows("SELECT team, count(*) AS many FROM work_orders GROUP BY team")
    load = {row.team: row.many for row in rows}
    assert sum(load.values()) == 40
    assert all(6 <= load[code] <= 6 + 4 * 2 for code in ("LH-1", "LH-2", "SZ")), load


async def test_opening_reads_once(workorders, token):
    """Whatever routing asks is asked in the one query that opens an order."""
    statements: list[str] = []
    async with workorders.database.begin() as tx:
        original = type(tx).read

        async def counted(self: Any, sql: str, *values: Any) -> Any:
            statements.append(sql)
            return await original(self, sql, *values)

        type(tx).read = counted  # type: ignore[method-assign]
    try:
        await hear(workorders, as_message(accepted(), 1))
        statements.clear()
        await hear(workorders, as_message(accepted(), 2))
    finally:
        type(tx).read = original  # type: ignore[method-assign]
    assert len(statements) == 1
