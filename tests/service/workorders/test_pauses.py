"""A pause has a typed reason, is approved by another person, ends by itself; never back-dated."""

from datetime import timedelta

import pytest

from shared.due import fire_due
from tests.conftest import NINE

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


def rest(reason: str = "no_access", hours: float = 4, told: bool = True) -> dict[str, object]:
    until = (NINE + hours * HOUR).isoformat()
    return {"reason": reason, "until": until, "customer_told": told}


@pytest.fixture
async def order(field) -> str:
    order = await field.opened()
    await field.done(order, "claim", "departure", "arrival")
    return order


async def fire(workorders, clock) -> None:
    [timer] = [one for one in workorders.service.timers if one.name == "suspensions"]
    await fire_due(workorders.database, timer, clock())


async def test_one_asks_another_approves_and_the_work_rests_from_then_on(
    workorders, field, order, clock
):
    asked = await field.did(order, "suspension-request", rest())
    assert (asked["status"], asked["suspension"]) == ("in_progress", None)
    assert asked["suspension_request"]["by"] == "crew-1"
    clock.now += HOUR
    own = await field.refused(order, "suspension-approval", role="supervisor", subject="crew-1")
    assert own[:2] == (409, "own-request")
    resting = await field.did(order, "suspension-approval", role="supervisor")
    assert resting["status"] == "suspended" and resting["suspension_request"] is None
    assert resting["suspension"] == {
        "reason": "no_access",
        "since": "2026-11-20T10:00:00Z",  # when it was approved, not when it was asked for
        "until": "2026-11-20T13:00:00Z",
        "asked_by": "crew-1",
        "approved_by": "supervisor-1",
        "customer_told": True,
    }
    assert (await workorders.said())[-1] == "order-suspended"


async def test_it_goes_on_by_itself_at_the_end_and_not_before(workorders, field, order, clock):
    await field.did(order, "suspension-request", rest("customer_wish", 2))
    clock.now = NINE + 2 * HOUR - timedelta(seconds=1)
    await fire(workorders, clock)
    assert (await field.look(order))["status"] == "suspended"
    clock.now = NINE + 2 * HOUR
    await fire(workorders, clock)
    on = await field.look(order)
    assert (on["status"], on["suspension"]) == ("in_progress", None)
    assert (await workorders.said()).count("order-resumed") == 1


async def test_it_may_go_on_earlier(field, order):
    assert (await field.did(order, "suspension-request", rest("customer_wish")))["suspension"]
    assert (await field.did(order, "resumption"))["status"] == "in_progress"


async def test_a_reason_that_needs_no_approval_begins_at_once(field, order):
    resting = await field.did(order, "suspension-request", rest("customer_wish"))
    assert resting["status"] == "suspended"
    assert resting["suspension"]["approved_by"] is None


@pytest.mark.parametrize(
    ("asked", "slug", "facts"),
    [
        (rest("lunch"), "unknown-code", {"field": "reason"}),
        (rest(hours=24.01), "pause-too-long", {"latest": "2026-11-21T09:00:00+00:00"}),
        (rest(hours=0), "pause-over", {"field": "until"}),
        (rest(hours=-1), "pause-over", {"field": "until"}),
        (rest(told=False), "missing-field", {"missing": ["customer_told"]}),
    ],
)
async def test_what_the_reason_does_not_allow_is_refused(field, order, asked, slug, facts):
    status, found, problem = await field.refused(order, "suspension-request", asked)
    assert (status, found) == (422, slug)
    assert facts.items() <= problem.items()


async def test_the_longest_pause_is_allowed_to_the_minute(field, order):
    assert await field.did(order, "suspension-request", rest(hours=24))


async def test_who_may_approve_stands_with_the_reason(field, order):
    await field.did(order, "suspension-request", rest("weather", told=False))
    found = await field.refused(order, "suspension-approval", role="dispatcher")
    assert found[:2] == (403, "not-yours-to-approve")
    assert found[2]["roles_that_may"] == ["supervisor"]
    await field.did(order, "suspension-approval", role="supervisor")


async def test_an_approval_that_comes_too_late_is_none(field, order, clock):
    await field.did(order, "suspension-request", rest(hours=1))
    clock.now = NINE + HOUR
    found = await field.refused(order, "suspension-approval", role="supervisor")
    assert found[:2] == (422, "pause-over")


async def test_one_request_at_a_time_and_it_can_be_refused_or_taken_back(field, order):
    assert (await field.refused(order, "suspension-approval", role="supervisor"))[1] == (
        "nothing-asked"
    )
    await field.did(order, "suspension-request", rest())
    assert (await field.refused(order, "suspension-request", rest()))[1] == "already-asked"
    no = {"reason": "they are home at noon"}
    refused = await field.did(order, "suspension-refusal", no, "supervisor")
    assert (refused["status"], refused["suspension_request"]) == ("in_progress", None)
    await field.did(order, "suspension-request", rest())
    await field.did(order, "suspension-refusal", {"reason": "they opened"}, "crew")
    assert (await field.refused(order, "suspension-refusal", no))[1] == "nothing-asked"


async def test_the_same_reason_does_not_do_for_ever(field, order):
    for _ in range(2):
        await field.did(order, "suspension-request", rest("customer_wish"))
        await field.did(order, "resumption")
    found = await field.refused(order, "suspension-request", rest("customer_wish"))
    assert found[:2] == (409, "paused-too-often") and found[2]["times"] == 2
    assert await field.did(order, "suspension-request", rest("no_access"))


async def test_a_reply_ends_what_was_asked(field, order):
    await field.did(order, "suspension-request", rest())
    assert (await field.done(order, "reply"))["suspension_request"] is None


async def test_what_nobody_works_on_can_not_rest(field):
    order = await field.opened()
    found = await field.refused(order, "suspension-request", rest())
    assert found[:2] == (409, "wrong-move")
