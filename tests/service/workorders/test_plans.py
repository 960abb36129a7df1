"""With a year of work in the tables, what is asked often reads little more than it shows.

The statements are those that doors, stores and timers send, each as PostgreSQL goes about it at
first and when it came five times before: then it may keep one plan for any values.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.workorders.domain.outage import Device, Scope
from services.workorders.domain.window import Window
from services.workorders.store import (
    clocks,
    escalations,
    grouping_log,
    groups,
    guarantees,
    handovers,
    leaders,
    lists,
    looks,
    orders,
    outages,
    policy_edits,
    promises,
    protected,
    situation,
    watching,
)
from services.workorders.timers import timers
from shared.db import Tx
from shared.page import cursor_from
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.workorders.asked import Asked
from tests.service.workorders.plenty import RARE_COUNTY, RARE_TEAM, RARE_TYPE
from tests.service.workorders.year import Center, id_of, reads_at_most, year_of_work

pytestmark = pytest.mark.anyio

PROVINCE, CITY, COUNTY, NOWHERE = "32", "3205", "320507", "990000"
SCOPES = ("", PROVINCE, CITY, COUNTY, RARE_COUNTY, NOWHERE)
DAY, BATCH = timedelta(days=1), 500


@pytest.fixture(scope="module")
async def center(settings) -> AsyncIterator[Center]:
    async with year_of_work(settings) as center:
        yield center


@pytest.fixture
def shown(center, token):
    """What a supervisor of a region is shown, and that no plan for it reads more than `most`."""

    async def look(path: str, region: str, most: int, json: Any = None) -> None:
        headers, method = token("supervisor", region), "POST" if json else "GET"

        async def ask() -> None:
            answer = await center.client.request(method, path, headers=headers, json=json)
            assert answer.status_code == 200, answer.text

        reads_at_most(most, await center.plans(ask))

    return look


def after(days: float, letter: str = "0") -> str:
    """The cursor behind what happened so many days ago."""
    return "cursor=" + cursor_from((NINE - days * DAY).isoformat(), str(id_of(letter, 5)))


FILTERS = (
    "breached=true", "at_risk=true", "breached=true&at_risk=true", "breached=false",
    "at_risk=false", "team=T-0100", f"team={RARE_TEAM}", "type=complaint", f"type={RARE_TYPE}",
    "status=suspended", "supervised=true", "priority_min=3", "region=3206", "region=320507",
)  # fmt: skip
BOARD_DEEP = (
    "cursor=" + cursor_from("due", (NINE + 2 * DAY).isoformat(), "1", str(id_of("0", 5))),
    "cursor=" + cursor_from("opened", (NINE - 60 * DAY).isoformat(), str(id_of("0", 5))),
)
# What is open, with its clocks: due instants are in another table than regions are.
OPEN = 60_000


@pytest.mark.parametrize("region", SCOPES)
@pytest.mark.parametrize("query", ["", *BOARD_DEEP])
async def test_the_board_reads_what_is_open_and_nothing_else(shown, region, query):
    await shown(f"/v1/board?{query}", region, OPEN)


@pytest.mark.parametrize("region", ["", CITY])
@pytest.mark.parametrize("query", [*FILTERS, "paused=true", "limit=200"])
async def test_the_board_by_each_of_its_filters(shown, region, query):
    await shown(f"/v1/board?{query}", region, OPEN)


async def test_what_is_not_overdue_yet_is_walked_from_now_on(shown):
    await shown("/v1/board?breached=false", "", 3000)


@pytest.mark.parametrize("region", SCOPES)
async def test_counts_read_each_open_order_once(shown, region):
    await shown("/v1/board/counts", region, 65_000)


@pytest.mark.parametrize("region", SCOPES)
@pytest.mark.parametrize("query", ["", after(10), after(300)])
async def test_a_page_of_orders_reads_little_more_than_a_page(shown, region, query):
    await shown(f"/v1/work-orders?{query}", region, 300 if len(region) == len(COUNTY) else 1500)


@pytest.mark.parametrize("region", ["", CITY])
@pytest.mark.parametrize(
    "query", [*FILTERS, "status=archived", "status=merged", f"case_id={id_of('0', 500)}"]
)
async def test_orders_by_each_filter(shown, region, query):
    await shown(f"/v1/work-orders?{query}", region, 15_000)


@pytest.mark.parametrize("region", [PROVINCE, COUNTY])
async def test_an_export_reads_page_by_page(shown, region):
    since = "opened_from=2026-11-18T00:00:00Z"
    await shown(f"/v1/work-orders/export?format=csv&purpose=x&{since}", region, 1000)


# One stands in nearly every order, one in every tenth, one in every thousandth, one in one.
WORDS = ("停电", "学府", "临湖", "2611500", "停电 学府", "nowhere")


@pytest.mark.parametrize("region", ["", CITY])
@pytest.mark.parametrize("words", WORDS)
async def test_words_are_found_by_their_index(shown, region, words):
    await shown("/v1/work-orders/search", region, 25_000, {"q": words})
    deep = {"q": words, "cursor": after(300).removeprefix("cursor=")}
    await shown("/v1/work-orders/search", region, 25_000, deep)


@pytest.mark.parametrize("region", ["", COUNTY])
async def test_a_phone_is_found_by_its_index(shown, region):
    await shown("/v1/work-orders/search", region, 50, {"phone": "13800138000"})


@pytest.mark.parametrize("region", ["", CITY, RARE_COUNTY])
@pytest.mark.parametrize(
    "path",
    [
        "escalations", "escalations?acknowledged=false&limit=20", f"escalations?{after(300, '5')}",
        "promises", f"promises?{after(300, '7')}", f"promises?order_id={id_of('0', 500)}",
        f"promises?outage_id={id_of('2', 500)}", "compensations",
        f"compensations?{after(300, '8')}", f"compensations?outage_id={id_of('2', 500)}",
        f"compensations?order_id={id_of('0', 500)}", "outage-decisions",
        f"outage-decisions?{after(300, '4')}", f"outage-decisions?outage_id={id_of('2', 500)}",
    ],
)  # fmt: skip
async def test_other_lists_read_little_more_than_a_page(shown, region, path):
    await shown(f"/v1/{path}", region, 300 if len(region) == len(COUNTY) else 1500)


@pytest.mark.parametrize("region", SCOPES)
@pytest.mark.parametrize("path", ["outages", f"outages?{after(300, '2')}", "outages?device=TR-5"])
async def test_outages_read_no_more_than_there_are(shown, region, path):
    await shown(f"/v1/{path}", region, 25_000)


@pytest.mark.parametrize("path", ["escalations", "promises", "compensations", "outage-decisions"])
@pytest.mark.parametrize(
    ("first", "then"), [("3299", PROVINCE), (PROVINCE, CITY), (NOWHERE, COUNTY), (COUNTY, NOWHERE)]
)
async def test_whoever_asks_first_does_not_slow_down_who_asks_then(
    center, token, path, first, then
):
    async def asked_by(region: str) -> list[Asked]:
        return await center.asked(
            lambda: center.client.get(f"/v1/{path}", headers=token("supervisor", region))
        )

    for other, one in zip(await asked_by(first), await asked_by(then), strict=True):
        reads_at_most(1500, await one.plans(center.raw, [other]))


@pytest.mark.parametrize("timer", timers, ids=lambda timer: timer.name)
async def test_a_timer_sees_at_a_glance_what_is_next(center, timer):
    async def ask() -> None:
        await center.tried(timer.next_due)
        if timer.yields is not None:
            await center.tried(timer.yields, NINE)
            await center.tried(timer.yields, NINE - 30 * DAY)

    recipients = 3500 if timer.name == escalations.ESCALATION_BELL else 0
    reads_at_most(5 + recipients, await center.plans(ask))


async def gather(tx: Tx) -> None:
    [first, *_] = await escalations.due(tx, NINE, 5)
    await escalations.gather(tx, UUID(int=1), first, NINE, 20)


CLAIMS: tuple[tuple[Callable[..., Awaitable[Any]], tuple[Any, ...]], ...] = (
    (clocks.claim_due, (NINE, BATCH)),
    (clocks.claim_due, (NINE - 30 * DAY, BATCH)),  # nothing is due, as at most looks
    (orders.lock_suspended_until, (NINE, BATCH)),
    (orders.lock_to_route, (NINE, BATCH)),
    (protected.lock_due, (NINE, BATCH)),
    (leaders.end_leads, (NINE, BATCH)),
    (looks.asked, (NINE, BATCH)),
    (outages.lock_waking, (NINE, BATCH)),
    (promises.break_due, (NINE, BATCH)),
    (guarantees.lock_due, (NINE, BATCH)),
    (watching.take, (NINE, BATCH)),
    (gather, ()),
)


@pytest.mark.parametrize(("claim", "values"), CLAIMS)
async def test_a_timer_reads_what_it_claims(center, claim, values):
    reads_at_most(10 * BATCH, await center.plans(lambda: center.tried(claim, *values)))


async def opening(tx: Tx) -> None:
    """What a new order is told from: who could take it, what is known around it."""
    asked = (situation.prefixes(COUNTY), NINE, NINE.date(), "5050000001")
    await tx.read(situation._ALONE, *asked)
    await groups.around(tx, "TR-19900")


async def grouping(tx: Tx) -> None:
    here = [f"TR-{n}" for n in range(19_900, 19_925)]
    outage = await outages.get(tx, outages.OutageAim(outages.OutageId(id_of("2", 19_990)), ""))
    master, group = id_of("0", 99_980), groups.Group(outage_id=outage.id)
    await leaders.leading_on(tx, here)
    await leaders.leader_of(tx, here[0])
    await groups.reported(tx, master)
    await groups.followers(tx, master)
    await groups.first_follower(tx, group)
    await groups.count_followers(tx, group)
    await groups.lock_behind(tx, group, etr_at=NINE, restored=True, replied=True, limit=100)
    to = {"master_id": None, "outage_id": outage.id}
    await groups.regroup(tx, Stamp(by="x", at=NINE), groups.in_parts([outage.id]), **to)
    await outages.live_on_feeder(tx, "F-799")
    await outages.parts_of(tx, outage.id)
    await outages.fault_on_any(tx, [Device(Scope.TRANSFORMER, code) for code in here])
    await outages.announced_on_any(tx, outage, Window(NINE, NINE + DAY))
    await grouping_log.split_off(tx, [outage.id])
    await grouping_log.standing(tx, outage.id)


async def acting(tx: Tx) -> None:
    """What somebody's move on an order looks up beside it."""
    id = orders.WorkOrderId(id_of("0", 99_980))
    await clocks.lock_of(tx, [id])
    await orders.following(tx, id)
    await orders.lock_open_of(tx, "5050000001")
    await escalations.clocks_unacknowledged(tx, id)
    await promises.settle(tx, [id], NINE)
    await guarantees.of_order(tx, id)
    await guarantees.steps_of(tx, id, "restoration")
    await handovers.left_behind(tx, "T-0100", NINE)
    await handovers.still_open(tx, "T-0100")


@pytest.mark.parametrize(("look", "most"), [(opening, 600), (grouping, 100), (acting, 150)])
async def test_what_is_looked_up_is_looked_up(center, look, most):
    reads_at_most(most, await center.plans(lambda: center.tried(look)))


@pytest.mark.parametrize(("region", "most"), [("", 9000), (PROVINCE, 15_000), (COUNTY, 6000)])
@pytest.mark.parametrize("done", [None, 200_000])
async def test_a_batch_of_a_policy_edit_goes_on_where_the_last_one_ended(
    center, region, most, done
):
    cursor = id_of("3", done) if done else None
    newer = ("sgcc-2022", "2099.1", region, cursor, 200)
    ask = center.plans(lambda: center.tried(policy_edits.live_clocks, *newer))
    reads_at_most(most, await ask)


async def test_a_bulk_job_by_a_filter_reads_what_fits(center):
    sight = lists.Sight(CITY, NINE, timedelta(minutes=30))
    wanted = lists.Wanted(team="T-0100", case_type="complaint")
    reads_at_most(6000, await center.plans(lambda: center.tried(lists.ids, wanted, sight, 1000)))
