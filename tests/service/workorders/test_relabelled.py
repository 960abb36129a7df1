"""Another kind of case: our own clocks and the team follow it, what was promised stays."""

from datetime import timedelta
from typing import Any

import pytest

from services.workorders.use_cases.clock_changes import rebuild
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.workorders.roster import Roster
from tests.service.workorders.ticking import fire, ledger, limit, told, use

pytestmark = pytest.mark.anyio

WISH = "customer_wish"


def of(case_type: str, *limit_of: Any, **more: Any) -> dict[str, Any]:
    return limit(*limit_of, when={"type": case_type}, **more)


CALL = of("complaint", "contact", 60, "accepted", "contacted")
SEEN = of("complaint", "arrival", 90, "accepted", "arrived", promised=True)
CLAIM = of("complaint", "claim", 60, "dispatched", "claimed")
LIMITS = (
    CALL, SEEN, CLAIM,
    of("opinion", "arrival", 20, "accepted", "arrived"),
    of("opinion", "claim", 30, "dispatched", "claimed"),
    of("opinion", "reply", 120, "accepted", "replied"),
    of("opinion", "answer", 240, "accepted", "replied", promised=True),
    of("opinion", "dispatch", 5, "accepted", "dispatched"),
    of("opinion", "callback", 60, "replied", "called_back"),
)  # fmt: skip


@pytest.fixture
def roster(workorders, token) -> Roster:
    return Roster(workorders, token)


async def relabelled(field: Any, order: str, case_type: str) -> dict[str, Any]:
    """One says so, and where that takes two, another agrees."""
    body = {"case_type": case_type, "reason": "read it again"}
    became = await field.did(order, "relabelling", body, "crew")
    if became["relabelling"] is None:
        return dict(became)
    yes = {"agreed": True, "reason": "so it is"}
    return dict(await field.did(order, "relabelling-decision", yes, "dispatcher"))


async def timed(field: Any, order: str) -> dict[str, tuple[str, str | None]]:
    """State and due instant of the newest of each kind."""
    clocks = sorted((await field.look(order))["clocks"], key=lambda one: one["generation"])
    return {one["kind"]: (one["state"], one["due_at"] and one["due_at"][11:16]) for one in clocks}


async def every_row_is_what_its_ledger_says(workorders: Any, now: Any) -> None:
    rows = await workorders.rows("SELECT id FROM clocks")
    async with workorders.database.begin() as tx:
        stamp = Stamp(by="ops-1", at=now)
        for one in await rebuild(tx, stamp, [row.id for row in rows]):
            assert one.different == {}, one.clock.kind


async def test_our_own_clocks_follow_the_type_and_what_was_promised_stays(workorders, field, clock):
    await use(workorders, *LIMITS)
    order = await field.opened(case_type="complaint", promises=())
    clock.now = NINE + timedelta(minutes=10)
    body = {"case_type": "opinion", "reason": "claims no right"}
    await field.did(order, "relabelling", body, "crew")
    before = {"contact": ("armed", "09:59"), "arrival": ("armed", "10:29"),
              "claim": ("armed", "10:00")}  # fmt: skip
    assert await timed(field, order) == before, "nothing counts so far"
    clock.now = NINE + timedelta(minutes=20)
    await field.did(order, "relabelling-decision", {"agreed": True, "reason": "yes"}, "dispatcher")
    assert await timed(field, order) == {
        "arrival": ("armed", "10:29"),
        "contact": ("cancelled", "09:59"),
        "claim": ("armed", "09:30"),
        "reply": ("armed", "10:59"),
        "answer": ("armed", "12:59"),
    }
    assert await ledger(workorders, "claim") == ["started", "retargeted"]
    assert await ledger(workorders, "contact") == ["started", "cancelled"]
    reasons = await workorders.rows("SELECT DISTINCT reason FROM clock_entries WHERE n = 2")
    assert [row.reason for row in reasons] == ["relabelled from complaint to opinion"]
    shown = {one["kind"]: one for one in (await field.look(order))["clocks"]}
    assert (shown["answer"]["promised"], shown["reply"]["promised"]) == (True, False)
    await every_row_is_what_its_ledger_says(workorders, clock.now)
    await fire(workorders, clock, minutes=30, seconds=1)
    assert [one["kind"] for one in await told(workorders, "clock-breached")] == ["claim"]


async def test_what_another_fact_starts_waits_for_it(workorders, field, clock):
    """A complaint's answer is due from its acceptance, a fault's from the repair."""
    reply = of("service_request", "reply", 30, "accepted", "replied")
    await use(workorders, reply, of("fault_report", "reply", 30, "repaired", "replied"))
    order = await field.opened(case_type="service_request", promises=())
    await field.done(order, "claim", "arrival")
    clock.now = NINE + timedelta(minutes=20)
    await relabelled(field, order, "fault_report")
    assert await timed(field, order) == {"reply": ("cancelled", "09:29")}
    clock.now = NINE + timedelta(minutes=25)
    await field.did(order, "repair")
    assert await timed(field, order) == {"reply": ("armed", "09:55")}
    clock.now = NINE + timedelta(minutes=40)
    await relabelled(field, order, "service_request")
    assert await timed(field, order) == {"reply": ("armed", "09:29")}
    await every_row_is_what_its_ledger_says(workorders, clock.now)
    await fire(workorders, clock, minutes=40, seconds=1)
    assert [one["generation"] for one in await told(workorders, "clock-breached")] == [3]


async def test_in_a_pause_it_rests_as_the_new_type_has_it(workorders, field, clock):
    rests = {"pauses": [WISH]}
    await use(
        workorders,
        of("service_request", "work", 60, "claimed", "replied"),
        of("service_request", "visit", 60, "claimed", "replied", **rests),
        of("fault_report", "work", 90, "claimed", "replied", **rests),
        of("fault_report", "visit", 90, "claimed", "replied"),
        of("fault_report", "restore", 60, "claimed", "repaired", **rests),
    )
    order = await field.opened(case_type="service_request", promises=())
    await field.done(order, "claim")
    clock.now = NINE + timedelta(minutes=10)
    until = (NINE + timedelta(hours=9)).isoformat()
    rest = {"reason": WISH, "until": until, "customer_told": True}
    await field.did(order, "suspension-request", rest)
    clock.now = NINE + timedelta(minutes=30)
    await relabelled(field, order, "fault_report")
    assert await timed(field, order) == {
        "work": ("paused", None), "visit": ("armed", "10:50"), "restore": ("paused", None),
    }  # fmt: skip
    clock.now = NINE + timedelta(minutes=40)
    await field.did(order, "resumption")
    assert await timed(field, order) == {
        "work": ("armed", "10:40"), "visit": ("armed", "10:50"), "restore": ("armed", "10:30"),
    }  # fmt: skip
    await every_row_is_what_its_ledger_says(workorders, clock.now)


async def test_a_follower_s_clocks_do_as_the_new_limits_say(workorders, field, clock):
    await use(
        workorders,
        of("fault_report", "restore", 60, "accepted", "repaired"),
        of("report", "restore", 90, "accepted", "repaired", merged="pauses"),
        of("report", "visit", 90, "accepted", "arrived", merged="mirrors"),
    )
    same = {"region": "320505", "area": "urban", "address": "学府路12号", "transformer": "T-7"}
    master = await field.opened(promises=(), location=same)
    order = await field.opened(promises=(), location=same)
    await relabelled(field, order, "report")
    assert await timed(field, order) == {"restore": ("paused", None), "visit": ("armed", "10:29")}
    await field.done(master, "claim", "arrival")
    assert (await timed(field, order))["visit"][0] == "met"
    await every_row_is_what_its_ledger_says(workorders, clock.now)


async def test_nobody_has_claimed_it_so_it_goes_where_its_type_goes(
    workorders, field, roster, clock
):
    await roster.found("KF", "3205", role="office")
    office = {"name": "office", "when": "type != 'fault_report'", "to": {"nearest": ["office"]}}
    await roster.rules("new", office)
    await use(
        workorders,
        of("fault_report", "claim", 60, "dispatched", "claimed"),
        of("service_request", "claim", 30, "dispatched", "claimed"),
    )
    order, claimed = [await field.opened(promises=()) for _ in range(2)]
    clock.now = NINE + timedelta(minutes=10)
    moved = await relabelled(field, order, "service_request")
    assert (moved["team"], moved["status"]) == ("KF", "reassigned")
    assert await timed(field, order) == {"claim": ("armed", "09:40")}
    whats = await ledger(workorders, "claim")
    assert sorted(whats) == ["cancelled", "started", "started", "started"]
    await field.done(claimed, "claim")
    assert (await relabelled(field, claimed, "service_request"))["team"] == "LH-2"
    [fact] = await told(workorders, "order-reassigned")
    assert (fact["team"], fact["reason"]) == ("KF", "another kind of case")
    said = await workorders.said()
    assert said[-4:] == [
        "order-relabelled", "order-reassigned", "order-claimed", "order-relabelled",
    ]  # fmt: skip


async def test_another_name_of_the_same_kind_changes_nothing_else(workorders, field):
    order = await field.opened(case_type="service_request")
    body = {"case_type": "service_request", "subtype": "meter", "reason": "the meter"}
    before = await field.clocks(order)
    named = await field.did(order, "relabelling", body, "crew")
    assert (named["subtype"], named["team"]) == ("meter", "LH-1")
    assert await field.clocks(order) == before
    [row] = await workorders.rows("SELECT count(*) AS many FROM routing_decisions")
    assert row.many == 1
