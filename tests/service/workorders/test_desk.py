"""The desk: what is answered on the call, returned, sent elsewhere or called off."""

import pytest

pytestmark = pytest.mark.anyio

NOT_OURS = {"reason": "other_duty"}


async def test_a_question_is_answered_on_the_call_from_an_article(workorders, field):
    order = await field.opened(case_type="consultation")
    held = await field.look(order, role="agent")
    assert (held["status"], held["team"]) == ("accepted", None)
    assert held["allowed"] == ["resolve", "triage"]
    closed = await field.did(order, "resolution", {"article": "KB-17"}, role="agent")
    assert (closed["status"], closed["article"]) == ("archived", "KB-17")
    assert (await workorders.said())[-2:] == ["order-opened", "order-archived-unasked"]
    status, slug, problem = await field.refused(order, "resolution", {"article": "KB-18"}, "agent")
    assert (status, slug, problem["allowed"]) == (409, "wrong-move", ["reopen"])


async def test_what_could_not_be_answered_goes_to_a_team(field):
    order = await field.opened(case_type="info_query")
    assert (await field.did(order, "triage", role="agent"))["status"] == "dispatched"


async def test_a_return_says_why_and_whose_it_is_and_goes_there(field):
    order = await field.opened()
    first = (await field.look(order))["team"]
    other = "LH-2" if first == "LH-1" else "LH-1"
    again = await field.did(order, "return", NOT_OURS | {"target": other})
    assert (again["status"], again["team"], again["hops"]) == ("dispatched", other, 1)
    assert again["handback"] == {"reason": "other_duty", "target": other, "by": "crew-1"}


@pytest.mark.parametrize(
    ("change", "status", "slug", "field_name"),
    [
        ({"reason": "too far"}, 422, "unknown-code", "reason"),
        ({"target": "XX-9"}, 409, "no-such-team", None),
        ({"target": "its own"}, 409, "same-team", "target"),
        ({"target": None}, 422, "invalid-request", None),
    ],
)
async def test_a_return_without_a_reason_of_the_list_or_a_target_is_refused(
    field, change, status, slug, field_name
):
    order = await field.opened()
    team = (await field.look(order))["team"]
    body = {"target": "LH-2" if team == "LH-1" else "LH-1"} | NOT_OURS | change
    if body["target"] == "its own":
        body["target"] = team
    found = await field.refused(order, "return", body)
    assert found[0] == status and found[1] == slug, found
    assert found[2].get("field") == field_name
    if slug == "unknown-code":
        assert "other_duty" in found[2]["known"]


async def test_after_its_hops_are_used_up_a_supervisor_decides(field):
    order = await field.opened()
    first = (await field.look(order))["team"]
    other = "LH-2" if first == "LH-1" else "LH-1"
    await field.did(order, "return", NOT_OURS | {"target": other})
    back = await field.did(order, "return", NOT_OURS | {"target": "SZ"}, subject="crew-2")
    assert (back["status"], back["hops"]) == ("returned", 2)
    status, slug, problem = await field.refused(order, "dispatch", {"team": "SZ"}, "dispatcher")
    assert (status, slug) == (403, "handed-back-too-often")
    assert (problem["hops"], problem["budget"]) == (2, 1)
    decided = await field.did(order, "dispatch", {"team": first}, "supervisor")
    assert (decided["status"], decided["team"]) == ("dispatched", first)


async def test_another_team_takes_over_and_the_claim_begins_anew(field):
    order = await field.opened()
    claimed = await field.did(order, "claim")
    other = "LH-2" if claimed["team"] == "LH-1" else "LH-1"
    to = {"team": other, "reason": "their van is nearer"}
    moved = await field.did(order, "reassignment", to, "dispatcher")
    assert (moved["status"], moved["team"], moved["handler"]) == ("reassigned", other, None)
    assert (await field.refused(order, "reassignment", to, "dispatcher"))[1] == "same-team"
    assert (await field.did(order, "claim", subject="crew-2"))["handler"] == "crew-2"


async def test_an_order_is_called_off_with_a_reason_and_never_comes_back(workorders, field):
    order = await field.opened()
    off = await field.did(order, "cancellation", {"reason": "reported twice"}, "dispatcher")
    assert (off["status"], off["ended_because"], off["allowed"]) == (
        "cancelled",
        "reported twice",
        [],
    )
    again = await field.refused(order, "reopening", {"reason": "it is not"}, "supervisor")
    assert again[:2] == (409, "wrong-move") and again[2]["allowed"] == []
    assert (await workorders.said())[-1] == "order-cancelled"


async def test_the_whole_way_step_by_step(field):
    """Each step is taken once, with its moment; power is not expected back in the past."""
    order = await field.opened()
    await field.did(order, "claim")
    for noun, when in (("contact", "contacted_at"), ("departure", "departed_at"),
                       ("arrival", "arrived_at")):  # fmt: skip
        assert (await field.did(order, noun))[when] is not None
        assert (await field.refused(order, noun))[1] == "already-done"
    assert (await field.did(order, "diagnosis", {"cause": "熔丝熔断"}))["diagnosed_at"]
    past = {"etr_at": "2026-11-20T09:00:00Z"}
    assert (await field.refused(order, "etr", past))[:2] == (422, "etr-in-the-past")
    for hour in (11, 12):
        etr = {"etr_at": f"2026-11-20T{hour}:00:00Z"}
        assert (await field.did(order, "etr", etr))["etr_at"] == etr["etr_at"]
    assert (await field.did(order, "repair"))["repaired_at"] is not None
