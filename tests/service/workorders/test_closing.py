"""Others judge the work; nothing is archived unasked; what comes back goes one level up."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from tests.service.given import REPLY

pytestmark = pytest.mark.anyio

CHECKED = {
    one: True for one in ("cause", "action", "evidence", "substantiated", "customer_contacted")
}
WORK = ("claim", "departure", "arrival")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def complaint(field) -> str:
    """Replied, waiting for its review."""
    order = await field.opened(case_type="complaint")
    await field.done(order, *WORK)
    await field.did(order, "reply", REPLY | {"substantiated": True})
    return order


@pytest.fixture
async def replied(field) -> str:
    """A fault, waiting for its callback."""
    order = await field.opened()
    await field.done(order, *WORK, "reply")
    return order


async def test_a_complaint_is_not_answered_without_saying_whether_it_was_right(field):
    order = await field.opened(case_type="complaint")
    await field.done(order, *WORK)
    status, slug, problem = await field.refused(order, "reply", REPLY | {"evidence": []})
    assert (status, slug, problem["missing"]) == (
        422,
        "missing-field",
        ["evidence", "substantiated"],
    )
    for name in ("cause", "action", "responsibility"):
        body = {key: value for key, value in REPLY.items() if key != name}
        _, slug, problem = await field.refused(order, "reply", body)
        assert (slug, problem["errors"][0]["at"]) == ("invalid-request", f"body.{name}")


async def test_a_review_looks_at_the_whole_list_and_is_not_made_by_who_did_the_work(
    field, complaint
):
    assert (await field.look(complaint))["status"] == "review"
    half = {"checklist": {"cause": True, "action": True}}
    found = await field.refused(complaint, "review", half, "dispatcher")
    assert found[1] == "missing-field"
    assert found[2]["missing"] == ["evidence", "substantiated", "customer_contacted"]
    body = {"checklist": CHECKED}
    own = await field.refused(complaint, "review", body, "supervisor", subject="crew-1")
    assert own[:2] == (409, "own-work")
    passed = await field.did(complaint, "review", body, "dispatcher")
    assert passed["status"] == "callback_due"


async def test_what_is_wanting_goes_back_with_a_reason(field, complaint):
    wanting = {"checklist": CHECKED | {"cause": False}}
    found = await field.refused(complaint, "review", wanting, "dispatcher")
    assert found[2]["missing"] == ["reason"]
    back = await field.did(complaint, "review", wanting | {"reason": "no cause"}, "dispatcher")
    assert (back["status"], back["reply"]) == ("in_progress", None)
    await field.did(complaint, "reply", REPLY | {"substantiated": False})
    await field.did(complaint, "review", {"checklist": CHECKED}, "dispatcher")


async def test_nobody_of_those_who_had_it_asks_the_customer(field):
    order = await field.opened()
    claimed = await field.did(order, "claim", subject="crew-1")
    other = "LH-2" if claimed["team"] == "LH-1" else "LH-1"
    await field.did(order, "reassignment", {"team": other, "reason": "nearer"}, "dispatcher")
    await field.did(order, "claim", subject="crew-2")
    await field.did(order, "arrival", subject="crew-2")
    await field.did(order, "reply", REPLY, subject="crew-3")
    for worker in ("crew-1", "crew-2", "crew-3"):
        for outcome in ({"outcome": "satisfied"}, {"outcome": "dissatisfied"},
                        {"outcome": "unreached", "result": "busy"}):  # fmt: skip
            found = await field.refused(order, "callback", outcome, "callback", subject=worker)
            assert found[:2] == (409, "own-work")
    assert (await field.called_back(order, "satisfied")).json()["status"] == "archived"


async def test_attempts_are_counted_spaced_and_end_with_a_flag(workorders, field, replied, clock):
    nobody = {"outcome": "unreached", "result": "no_answer"}
    clock.now += 5 * MINUTE
    first = await field.did(replied, "callback", nobody, "callback")
    assert (first["status"], first["callback_attempts"]) == ("callback_due", 1)
    assert first["called_back"]["result"] == "no_answer"
    clock.now += 29 * MINUTE
    soon = await field.refused(replied, "callback", nobody, "callback")
    assert soon[:2] == (409, "callback-too-soon")
    assert soon[2]["next_at"] == "2026-11-20T09:35:00+00:00"
    clock.now += MINUTE
    await field.did(replied, "callback", nobody | {"result": "busy"}, "callback")
    clock.now += 30 * MINUTE
    last = await field.did(replied, "callback", nobody, "callback")
    assert (last["status"], last["unreached"], last["callback_attempts"]) == ("archived", True, 3)
    assert (await workorders.said())[-2:] == ["callback-missed", "order-archived-unasked"]


async def test_an_attempt_says_why_with_a_code(field, replied):
    found = await field.refused(replied, "callback", {"outcome": "unreached"}, "callback")
    assert found[2]["missing"] == ["result"]
    unknown = {"outcome": "unreached", "result": "asleep"}
    found = await field.refused(replied, "callback", unknown, "callback")
    assert found[1] == "unknown-code" and "no_answer" in found[2]["known"]


async def test_whom_it_makes_no_sense_to_call_again_is_not(field, replied):
    wrong = {"outcome": "unreached", "result": "wrong_number"}
    last = await field.did(replied, "callback", wrong, "callback")
    assert (last["status"], last["unreached"]) == ("archived", True)


async def test_still_without_power_comes_back_and_everybody_hears_so(workorders, field, replied):
    off = {"outcome": "satisfied", "still_without_power": True}
    assert (await field.refused(replied, "callback", off, "callback"))[1] == "not-satisfied"
    again = await field.did(replied, "callback", off | {"outcome": "dissatisfied"}, "callback")
    assert (again["level"], again["status"]) == (2, "dispatched")
    [fact] = await facts(workorders, "order-reopened")
    assert (fact["still_without_power"], fact["reason"]) == (True, "dissatisfied")


async def test_it_is_reopened_within_its_days_and_not_later(field, replied, clock):
    await field.called_back(replied, "satisfied")
    back = {"reason": "it went off again"}
    clock.now = NINE + timedelta(days=30, seconds=1)
    late = await field.refused(replied, "reopening", back, "supervisor")
    assert late[:2] == (409, "too-late-to-reopen")
    assert (late[2]["detail"], late[2]["until"]) == (
        "accept a new case",
        "2026-12-20T09:00:00+00:00",
    )
    clock.now = NINE + timedelta(days=30)
    again = await field.did(replied, "reopening", back, "supervisor")
    assert (again["level"], again["handler"], again["reply"]) == (2, None, None)


async def test_an_exemption_is_a_supervisors_and_on_record(workorders, field):
    order = await field.opened(case_type="report")
    await field.done(order, *WORK)
    no_name = {"reason": "the reporter gave no name"}
    assert (await field.post(order, "exemption", no_name, "dispatcher")).status_code == 403
    own = await field.refused(order, "exemption", no_name, "supervisor", subject="crew-1")
    assert own[1] == "own-work"
    closed = await field.did(order, "exemption", no_name, "supervisor")
    assert closed["status"] == "archived"
    assert closed["exemption"] == no_name | {"by": "supervisor-1"}
    [fact] = await facts(workorders, "order-archived-unasked")
    assert fact["because"] == "exempted"


async def test_a_complaint_becomes_something_else_only_by_two(workorders, field):
    order = await field.opened(case_type="complaint")
    other = {"case_type": "opinion", "reason": "claims no right"}
    asked = await field.did(order, "relabelling", other, "crew")
    assert (asked["case_type"], asked["relabelling"]["by"]) == ("complaint", "crew-1")
    assert (await field.refused(order, "relabelling", other, "agent"))[1] == "already-asked"
    yes = {"agreed": True, "reason": "read it"}
    own = await field.refused(order, "relabelling-decision", yes, "supervisor", subject="crew-1")
    assert own[:2] == (409, "own-request")
    no = await field.did(order, "relabelling-decision", yes | {"agreed": False}, "dispatcher")
    assert (no["case_type"], no["relabelling"]) == ("complaint", None)
    await field.did(order, "relabelling", other, "crew")
    became = await field.did(order, "relabelling-decision", yes, "dispatcher")
    assert (became["case_type"], became["relabelling"]) == ("opinion", None)
    [fact] = await facts(workorders, "order-relabelled")
    assert (fact["before"], fact["case_type"]) == ("complaint", "opinion")


async def test_what_hides_no_complaint_is_renamed_at_once(field):
    order = await field.opened(case_type="consultation")
    named = {"case_type": "complaint", "subtype": "billing", "reason": "was overcharged"}
    became = await field.did(order, "relabelling", named, "agent")
    assert (became["case_type"], became["subtype"]) == ("complaint", "billing")
    same = await field.refused(order, "relabelling", named, "agent")
    assert same[:2] == (422, "nothing-changes")


async def facts(workorders, name: str) -> list[dict[str, object]]:
    rows = await workorders.rows(
        "SELECT (envelope::json)->'data' AS data FROM outbox"
        " WHERE (envelope::json)->>'type' = :type ORDER BY seq",
        type=f"workorders.{name}.v1",
    )
    return [row.data for row in rows]
