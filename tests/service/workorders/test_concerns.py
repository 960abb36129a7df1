"""Urges, repeated matters, danger, tags: what makes somebody senior watch an order."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.conftest import NINE
from tests.service.workorders.ticking import ARRIVAL, fire, limit, told, use

pytestmark = pytest.mark.anyio


async def test_an_urge_is_counted_and_answered(field):
    order = await field.opened()
    urged = await field.did(order, "urge", role="agent")
    assert (urged["urges"], urged["urges_answered"]) == (1, 0)
    answered = await field.did(order, "urge-answer", {"answer": "on the way"}, "crew")
    assert answered["urges_answered"] == 1
    again = await field.refused(order, "urge-answer", {"answer": "on the way"})
    assert again[:2] == (409, "no-urge-to-answer")


async def test_who_urges_too_often_is_heard_higher_up_and_never_turned_away(workorders, field):
    order = await field.opened()
    for _ in range(2):
        assert not (await field.did(order, "urge", role="agent"))["supervised"]
    third = await field.did(order, "urge", role="agent")
    assert third["supervised"] and third["supervision"]["because"] == "urges"
    assert [third["supervision"][name] for name in ("level", "owner", "by")] == [
        1,
        "supervisor",
        "policy",
    ]
    levels = [
        (await field.did(order, "urge", role="agent"))["supervision"]["level"] for _ in range(3)
    ]
    assert levels == [2, 3, 3]
    assert (await workorders.said()).count("order-supervised") == 3


async def test_a_supervisor_sets_and_lifts_the_flag(field):
    order = await field.opened()
    watch = {"on": True, "reason": "the paper called", "level": 2, "owner": "supervisor-7"}
    watched = (await field.did(order, "supervision", watch, "supervisor"))["supervision"]
    assert (watched["level"], watched["owner"], watched["because"], watched["by"]) == (
        2,
        "supervisor-7",
        "the paper called",
        "supervisor-1",
    )
    lifted = await field.did(order, "supervision", {"on": False, "reason": "over"}, "supervisor")
    assert (lifted["supervised"], lifted["supervision"]) == (False, None)
    off = {"on": False, "reason": "over"}
    assert (await field.refused(order, "supervision", off, "supervisor"))[1] == "nothing-changes"
    assert (await field.post(order, "supervision", watch, "dispatcher")).status_code == 403


async def closed_complaint(field, at, **more) -> None:
    field.running.app.state.clock.now = at
    order = await field.opened(case_type="complaint", account_no="5050000001", at=at, **more)
    await field.done(order, "claim", "arrival")
    await field.did(order, "exemption", {"reason": "told at the counter"}, "supervisor")


async def test_a_complaint_about_what_was_closed_before_is_a_repeat(field):
    for day in range(3):
        await closed_complaint(field, NINE + timedelta(days=day))
    now = field.running.app.state.clock.now = NINE + timedelta(days=9)
    mine = {"case_type": "complaint", "account_no": "5050000001", "at": now}
    third = await field.look(await field.opened(**mine))
    assert (third["repeats"], third["supervised"]) == (3, True)
    assert third["supervision"]["because"] == "repeats"
    other_matter = await field.look(await field.opened(**mine, subtype="billing"))
    somebody_else = await field.look(
        await field.opened(case_type="complaint", account_no="5050000002", at=now)
    )
    nobody_known = await field.look(await field.opened(case_type="complaint", at=now))
    for order in (other_matter, somebody_else, nobody_known):
        assert (order["repeats"], order["supervised"]) == (0, False)


async def test_what_was_closed_long_ago_does_not_count(field):
    await closed_complaint(field, NINE - timedelta(days=365))
    for at, repeats in ((NINE, 1), (NINE + timedelta(minutes=2), 0)):
        field.running.app.state.clock.now = at
        order = await field.opened(case_type="complaint", account_no="5050000001", at=at)
        assert (await field.look(order))["repeats"] == repeats


async def test_danger_is_said_and_unsaid_and_counts(field):
    order = await field.opened()
    burning = {"danger": True, "reason": "sparks at the pole"}
    in_danger = await field.did(order, "danger", burning, "agent")
    assert (in_danger["danger"], in_danger["priority"]) == (True, 100)
    assert (await field.refused(order, "danger", burning, "agent"))[1] == "nothing-changes"
    over = await field.did(order, "danger", {"danger": False, "reason": "cut off"}, "crew")
    assert (over["danger"], over["priority"]) == (False, 0)


async def test_tags_that_are_classes_count_and_the_important_ones_are_watched(workorders, field):
    order = await field.opened()
    tags = {"add": ["vip", "important_l1"], "reason": "the hospital"}
    tagged = await field.did(order, "tags", tags, "agent")
    assert tagged["tags"] == ["important_l1", "vip"] and tagged["priority"] == 85
    assert tagged["supervision"]["level"] == 2
    assert (await workorders.said())[-2:] == ["protected-customer-affected", "order-supervised"]
    fewer = {"remove": ["important_l1"], "reason": "a mistake"}
    less = await field.did(order, "tags", fewer, "dispatcher")
    assert (less["tags"], less["priority"]) == (["vip"], 15)
    assert (await field.refused(order, "tags", fewer, "agent"))[1] == "nothing-changes"


async def test_what_intake_knows_of_the_customer_arrives_with_the_case(workorders, field):
    order = await field.opened(
        case_id=uuid4(), danger=True, subtype="low_voltage", customer_class="commercial",
        tags=("life_support", "watched"), account_no="5050000001",
    )  # fmt: skip
    shown = await field.look(order)
    assert shown["subtype"] == "low_voltage" and shown["danger"]
    assert shown["tags"] == ["life_support", "watched"]
    assert shown["priority"] == 100 + 70 + 5
    assert "protected-customer-affected" in await workorders.said()
    assert (await field.look(order, role="agent"))["tags"] == ["protected", "watched"]


async def test_an_urge_has_a_clock_that_the_answer_stops(workorders, field):
    await use(workorders, limit("urge_ack", 10, "urged", "urge_answered"))
    order = await field.opened(promises=())
    await field.did(order, "urge", role="agent")
    assert await field.clocks(order) == {("urge_ack", 1): "armed"}
    await field.did(order, "urge-answer", {"answer": "on the way"})
    assert await field.clocks(order) == {("urge_ack", 1): "met"}
    await field.did(order, "urge", role="agent")
    assert (await field.clocks(order))["urge_ack", 2] == "armed"


async def test_a_breach_that_climbs_its_ladder_is_watched_by_somebody_senior(
    workorders, field, clock
):
    await use(workorders, ARRIVAL)
    order, done = await field.opened(promises=()), await field.opened(promises=())
    await field.did(done, "cancellation", {"reason": "twice"}, "dispatcher")
    await fire(workorders, clock, minutes=43)
    await fire(workorders, clock, "watching", minutes=43)
    assert not (await field.look(order))["supervised"]
    await fire(workorders, clock, minutes=45)
    assert await fire(workorders, clock, "watching", minutes=45) >= 1
    watched = await field.look(order)
    assert (watched["supervision"]["because"], watched["supervision"]["level"]) == ("breach", 1)
    assert watched["version"] == 4 and not (await field.look(done))["supervised"]
    assert [fact["because"] for fact in await told(workorders, "order-supervised")] == ["breach"]
    assert await fire(workorders, clock, "watching", minutes=46) == 0


async def test_who_must_hear_soon_has_a_clock_until_somebody_calls(field):
    plain = await field.opened()
    order = await field.opened(tags=("life_support",))
    assert ("contact", 1) not in await field.clocks(plain)
    assert (await field.clocks(order))["contact", 1] == "armed"
    await field.done(order, "claim")
    await field.did(order, "contact")
    assert (await field.clocks(order))["contact", 1] == "met"
