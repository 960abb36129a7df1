"""One action on many orders: each stands or falls by itself, once, by the right of who asked."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.workorders.store import bulk_jobs as store
from services.workorders.use_cases import bulk_jobs
from shared.due import fire_due
from tests.service.workorders.calls import Calls
from tests.service.world import Died, Doomed

pytestmark = pytest.mark.anyio

WATCH = {"on": True, "reason": "the paper called", "level": 2}


class Desk:
    """Who asks for jobs, and the worker that does them."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    async def ask(
        self,
        action: str,
        body: dict[str, Any],
        orders: list[Any] | None = None,
        role: str = "supervisor",
        key: str = "",
        **more: Any,
    ) -> Any:
        if orders is not None:
            named = [one if isinstance(one, dict) else {"id": one} for one in orders]
            more["orders"] = named
        wanted = {"action": action, "body": body} | more
        return await self.calls.post(
            "/v1/bulk-jobs", wanted, role=role, idempotency_key=key or str(uuid4())
        )

    async def job(self, *args: Any, **more: Any) -> str:
        """The address of a new job."""
        answer = await self.ask(*args, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["href"])

    async def work(self, database: Any = None, batches: int = 99) -> None:
        timer = self.calls.timer("bulk_jobs")
        for _ in range(batches):
            async with self.calls.running.database.begin() as tx:
                if await timer.next_due(tx) is None:
                    return
            await fire_due(database or self.calls.running.database, timer, self.calls.clock.now)

    async def look(self, job: str) -> Any:
        answer = await self.calls.get(job, role="supervisor")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def outcomes(self, job: str) -> dict[str, tuple[str, str | None]]:
        """By order: how it ended, and the slug of its problem."""
        answer = (await self.calls.get(f"{job}/items?limit=200", role="supervisor")).json()
        return {
            one["order_id"]: (
                one["outcome"],
                one["problem"] and one["problem"]["type"].removeprefix("/problems/"),
            )
            for one in answer["items"]
        }

    async def undo(self, job: str, role: str = "supervisor") -> Any:
        return await self.calls.post(
            f"{job}/undo", {"because": "wrong list"}, role=role, idempotency_key=str(uuid4())
        )

    async def orders(self, many: int) -> list[str]:
        return await self.calls.calls(*(self.calls.event(None) for _ in range(many)))


@pytest.fixture
def desk(calls: Calls) -> Desk:
    return Desk(calls)


async def test_half_is_refused_and_the_rest_is_done(desk, calls):
    orders = await desk.orders(4)
    for order in orders[:2]:
        await calls.worked(order, "claim", "arrival")
    job = await desk.job("cancellation", {"reason": "a drill"}, orders, role="dispatcher")
    assert (await desk.look(job))["state"] == "running"
    await desk.work()
    done = await desk.look(job)
    assert (done["state"], done["by"]) == ("done", "dispatcher-1")
    assert (done["counts"]["done"], done["counts"]["refused"]) == (2, 2)
    assert await desk.outcomes(job) == {
        orders[0]: ("refused", "wrong-move"),
        orders[1]: ("refused", "wrong-move"),
        orders[2]: ("done", None),
        orders[3]: ("done", None),
    }
    statuses = [(await calls.order(order))["status"] for order in orders]
    assert statuses == ["in_progress", "in_progress", "cancelled", "cancelled"]
    said = await calls.said("order-cancelled")
    assert sorted(order for _, order in said) == sorted(orders[2:])
    [row] = await calls.running.rows(
        "SELECT by, role, facts FROM audit WHERE about = :id AND action = 'order.done_in_bulk'",
        id=orders[2],
    )
    assert (row.by, row.role) == ("dispatcher-1", "dispatcher")
    assert job.endswith(row.facts["bulk_job"])


async def test_a_kill_in_the_middle_does_nothing_twice(desk, calls, monkeypatch):
    monkeypatch.setattr(bulk_jobs, "_BATCH", 2)
    orders = await desk.orders(5)
    job = await desk.job("supervision", WATCH, orders)
    await desk.work(batches=1)
    with suppress(Died):
        await desk.work(Doomed(calls.running.database), batches=1)
    assert (await desk.look(job))["counts"]["done"] == 2
    await desk.work()
    assert (await desk.look(job))["counts"]["done"] == 5
    said = await calls.said("order-supervised")
    assert sorted(order for _, order in said) == sorted(orders)


async def test_two_workers_share_a_job_and_what_one_drops_another_takes_up(
    desk, calls, monkeypatch
):
    monkeypatch.setattr(bulk_jobs, "_BATCH", 2)
    orders = await desk.orders(5)
    job = await desk.job("supervision", WATCH, orders)
    with suppress(Died):
        async with calls.running.database.begin() as tx:
            in_hand = await store.claim(tx, 2)
            assert in_hand is not None
            await desk.work(batches=3)
            assert [end for end, _ in (await desk.outcomes(job)).values()] == [
                "waiting", "waiting", "done", "done", "done",
            ]  # fmt: skip
            raise Died
    timer, now = calls.timer("bulk_jobs"), calls.clock.now
    await asyncio.gather(*(fire_due(calls.running.database, timer, now) for _ in range(3)))
    ended = await desk.look(job)
    assert (ended["state"], ended["counts"]["done"]) == ("done", 5)
    assert len(await calls.said("order-supervised")) == 5


async def test_cancelled_midway_the_rest_stays_as_it_is(desk, calls, monkeypatch):
    orders = await desk.orders(5)
    job = await desk.job("supervision", WATCH, orders)
    states = []

    async def cancelled_meanwhile(*args: Any) -> Any:
        if not states:
            stopped = await calls.post(f"{job}/cancellation", role="supervisor")
            states.append(stopped.json()["state"])
        return await do(*args)

    monkeypatch.setattr(bulk_jobs, "_BATCH", 2)
    do = bulk_jobs.do
    monkeypatch.setattr(bulk_jobs, "do", cancelled_meanwhile)
    await desk.work()
    assert states == ["cancelling"]
    ended = await desk.look(job)
    assert (ended["state"], ended["cancelled_by"]) == ("cancelled", "supervisor-1")
    assert (ended["counts"]["done"], ended["counts"]["cancelled"]) == (2, 3)
    supervised = [(await calls.order(order))["supervised"] for order in orders]
    assert supervised == [True, True, False, False, False]
    again = await calls.post(f"{job}/cancellation", role="supervisor")
    assert again.json()["type"] == "/problems/job-is-over"


async def test_what_a_dead_worker_had_in_hand_of_a_cancelled_job_is_not_done(desk, calls):
    [order] = orders = await desk.orders(1)
    job = await desk.job("supervision", WATCH, orders)
    with suppress(Died):
        async with calls.running.database.begin() as tx:
            assert await store.claim(tx, 2) is not None
            stopped = await calls.post(f"{job}/cancellation", role="supervisor")
            assert stopped.json()["state"] == "cancelling"
            raise Died
    await desk.work()
    assert (await desk.look(job))["state"] == "cancelled"
    assert not (await calls.order(order))["supervised"]


async def test_supervision_is_taken_back_unless_somebody_changed_it_since(desk, calls):
    plain, watched, later = orders = await desk.orders(3)
    before = {"on": True, "reason": "a visit", "level": 1, "owner": "supervisor-7"}
    await calls.done(f"/v1/work-orders/{watched}/supervision", before, role="supervisor")
    was = (await calls.order(watched))["supervision"]
    job = await desk.job("supervision", WATCH, orders)
    assert (await desk.undo(job)).json()["type"] == "/problems/still-running"
    await desk.work()
    higher = WATCH | {"level": 3}
    calls.clock.now += timedelta(minutes=5)
    await calls.done(f"/v1/work-orders/{later}/supervision", higher, role="supervisor")
    undoing = (await desk.undo(job)).json()
    assert job.endswith(undoing["undoes"])
    await desk.work()
    assert await desk.outcomes(undoing["href"]) == {
        plain: ("done", None),
        watched: ("done", None),
        later: ("refused", "changed-since"),
    }
    assert (await calls.order(plain))["supervision"] is None
    assert (await calls.order(watched))["supervision"] == was
    assert (await calls.order(later))["supervision"]["level"] == 3
    assert (await desk.look(job))["undone_by"] == undoing["id"]
    assert (await desk.undo(job)).json()["type"] == "/problems/undone-before"


async def test_tags_and_danger_are_taken_back_as_they_were(desk, calls):
    orders = await desk.orders(2)
    vip = {"add": ["vip"], "remove": [], "reason": "known"}
    await calls.done(f"/v1/work-orders/{orders[0]}/tags", vip)
    tags = await desk.job("tags", vip | {"add": ["vip", "sme"]}, orders)
    danger = await desk.job("danger", {"danger": True, "reason": "a line is down"}, orders)
    await desk.work()
    for job in (danger, tags):
        assert (await desk.undo(job)).status_code == 201
        await desk.work()
    rows = await calls.running.rows("SELECT id, tags, danger FROM work_orders")
    found = {str(row.id): (row.tags, row.danger) for row in rows}
    assert found == {orders[0]: (["vip"], False), orders[1]: ([], False)}


async def test_a_merge_under_one_order_is_taken_back(desk, calls):
    master, *others = await desk.orders(3)
    body = {"master_id": master, "because": "one storm"}
    job = await desk.job("merge", body, [*others, master], role="dispatcher")
    await desk.work()
    assert (await desk.outcomes(job))[master] == ("refused", "not-to-follow")
    assert (await desk.look(job))["counts"]["done"] == 2
    assert {(await calls.order(one))["status"] for one in others} == {"merged"}
    again = await desk.job("merge", body, others, role="dispatcher")
    await desk.work()
    assert (await desk.look(again))["counts"]["unchanged"] == 2
    assert (await desk.undo(job, "dispatcher")).status_code == 201
    await desk.work()
    assert "merged" not in {(await calls.order(one))["status"] for one in others}


async def test_after_its_window_a_job_is_not_undone(desk, calls):
    job = await desk.job("supervision", WATCH, await desk.orders(1))
    await desk.work()
    calls.clock.now += timedelta(hours=24, seconds=1)
    assert (await desk.undo(job)).json()["type"] == "/problems/too-late-to-undo"
    final = await desk.job("cancellation", {"reason": "a drill"}, await desk.orders(1))
    await desk.work()
    assert (await desk.undo(final)).json()["type"] == "/problems/has-no-opposite"


async def test_another_region_s_order_is_unknown_and_a_changed_one_is_left(desk, calls):
    elsewhere = await calls.call(None, region="310101")
    [mine, changed] = await desk.orders(2)
    version = (await calls.order(changed))["version"]
    orders = [elsewhere, mine, {"id": changed, "version": version + 1}, str(uuid4())]
    job = await desk.job("supervision", WATCH, orders)
    await desk.work()
    found = list((await desk.outcomes(job)).values())
    unknown = ("refused", "no-such-work-order")
    assert found == [unknown, ("done", None), ("refused", "precondition-failed"), unknown]
    assert (await calls.get(job, region="31")).status_code == 404
    assert (await calls.get(f"{job}/items", region="31")).status_code == 404
    assert (await calls.post(f"{job}/cancellation", region="31")).status_code == 404


async def test_who_may_not_do_it_to_one_may_not_do_it_to_many(desk, calls):
    orders = await desk.orders(1)
    assert (await desk.ask("supervision", WATCH, orders, role="dispatcher")).status_code == 403
    job = await desk.job("supervision", WATCH, orders)
    assert (await calls.post(f"{job}/cancellation", role="crew")).status_code == 403
    await desk.work()
    assert (await desk.undo(job, "dispatcher")).status_code == 403
    assert await calls.running.rows("SELECT 1 FROM bulk_jobs OFFSET 1") == []


async def test_the_same_request_twice_is_one_job(desk, calls):
    orders = await desk.orders(2)
    first = await desk.ask("supervision", WATCH, orders, key="mine")
    second = await desk.ask("supervision", WATCH, orders, key="mine")
    assert first.json() == second.json()
    assert (await desk.ask("supervision", WATCH, orders[:1], key="mine")).status_code == 422
    await desk.work()
    assert len(await calls.said("order-supervised")) == 2


async def test_a_filter_is_what_it_finds_now(desk, calls):
    orders = await desk.orders(3)
    await calls.worked(orders[0], "claim")
    job = await desk.job("claim", {}, role="crew", filter={"status": "dispatched"})
    late = await calls.call(None)
    await desk.work()
    assert set(await desk.outcomes(job)) == set(orders[1:])
    assert (await calls.order(orders[1]))["status"] == "claimed"
    assert (await calls.order(late))["status"] == "dispatched"


async def test_a_job_that_can_t_be_is_refused_whole(desk, calls):
    [order] = await desk.orders(1)
    for more, slug in (
        ({"orders": [order, order]}, "named-twice"),
        ({"filter": {"team": "nobody"}}, "no-orders"),
        ({"filter": {}}, "invalid-request"),
        ({}, "invalid-request"),
        ({"orders": [order], "filter": {"team": "GX-01"}}, "invalid-request"),
    ):
        answer = await desk.ask("supervision", WATCH, **more)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}")
    assert await calls.running.rows("SELECT 1 FROM bulk_jobs") == []


async def test_what_breaks_on_our_side_stops_no_other_and_leaves_nothing(desk, calls):
    broken, whole = orders = await desk.orders(2)
    job = await desk.job("danger", {"danger": True, "reason": "a line is down"}, orders)
    rule = f"CHECK (id <> '{broken}' OR NOT danger)"
    async with calls.running.database.begin() as tx:
        await tx.run(f"ALTER TABLE work_orders ADD CONSTRAINT breaks {rule}")
    try:
        await desk.work(batches=1)
    finally:
        async with calls.running.database.begin() as tx:
            await tx.run("ALTER TABLE work_orders DROP CONSTRAINT breaks")
    assert await desk.outcomes(job) == {
        broken: ("refused", "internal-error"),
        whole: ("done", None),
    }
    rows = await calls.running.rows("SELECT about FROM audit WHERE action = 'order.endangered'")
    assert [row.about for row in rows] == [whole]
