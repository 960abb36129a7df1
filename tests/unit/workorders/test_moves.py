"""The moves of a work order: the table, and what holds whatever is tried."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain import following, judging, pausing
from services.workorders.domain.handling import Handling
from services.workorders.domain.moves import AT_WORK, MOVES, Move, Status, allowed, diagram
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.parts import (
    CalledBack,
    Exemption,
    Handback,
    Reply,
    Responsibility,
    Site,
    Suspension,
)
from services.workorders.domain.reasons import Unreached
from services.workorders.domain.refusals import (
    AlreadyDone,
    EtrInThePast,
    HandedBackTooOften,
    MissingField,
    OwnWork,
    SameTeam,
    TooLateToReopen,
    WrongMove,
)
from services.workorders.domain.routing import Routing
from shared.errors import Refusal

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REPLY = Reply("熔丝熔断", "更换熔丝", Responsibility.UTILITY, ("photo-1",))
HOUR = timedelta(hours=1)
HANDLING = Handling(
    hold=False, review=True, evidence=1, substantiated=False, callback_attempts=3, returns=1,
    urges=2, reopen_days=30,
)  # fmt: skip
REST = Suspension("no_access", NINE + HOUR, "crew-1", "supervisor-1", True, NINE)
TEAM = Routing("LH-1", "临湖一队", ())
NO_ANSWER = Unreached("it rang", final=False)

TAKE: dict[Move, Callable[[WorkOrder, str, datetime], WorkOrder]] = {
    Move.RESOLVE: lambda order, by, at: order.resolve("article-1"),
    Move.TRIAGE: lambda order, by, at: order.triage(),
    Move.DISPATCH: lambda order, by, at: order.dispatch(TEAM),
    Move.CLAIM: lambda order, by, at: order.claim(by, at),
    Move.RETURN: lambda order, by, at: order.hand_back(Handback("not ours", "LH-2", by)),
    Move.ROUTE_AGAIN: lambda order, by, at: order.route_again(HANDLING, "supervisor"),
    Move.REASSIGN: lambda order, by, at: order.reassign(Routing("LH-2", "临湖二队", ())),
    Move.CONTACT: lambda order, by, at: order.contact(at),
    Move.DEPART: lambda order, by, at: order.depart(at),
    Move.ARRIVE: lambda order, by, at: order.arrive(at),
    Move.DIAGNOSE: lambda order, by, at: order.diagnose(at),
    Move.SET_ETR: lambda order, by, at: order.set_etr(at + HOUR, at),
    Move.REPAIR: lambda order, by, at: order.repair(at),
    Move.SUSPEND: lambda order, by, at: pausing.suspend(order, REST),
    Move.RESUME: lambda order, by, at: pausing.resume(order),
    Move.MERGE: lambda order, by, at: following.merge(order, MASTER.id),
    Move.UNMERGE: lambda order, by, at: following.unmerge(order),
    Move.FOLLOW: lambda order, by, at: following.follow(order, REPLY, at),
    Move.REPLY: lambda order, by, at: order.answer(REPLY, HANDLING, at),
    Move.SUBMIT: lambda order, by, at: order.submit(),
    Move.PASS: lambda order, by, at: judging.pass_review(order, by),
    Move.SEND_BACK: lambda order, by, at: judging.send_back(order, by, "no cause"),
    Move.MISS: lambda order, by, at: missed(order, by, at, attempts=99),
    Move.GIVE_UP: lambda order, by, at: missed(order, by, at, attempts=1),
    Move.ARCHIVE: lambda order, by, at: archived(order, by, at),
    Move.EXEMPT: lambda order, by, at: judging.exempt(order, Exemption("no name", by), at),
    Move.REOPEN: lambda order, by, at: judging.reopen(order, by, HANDLING, at),
    Move.CANCEL: lambda order, by, at: order.cancel("called off"),
}


def missed(order: WorkOrder, by: str, at: datetime, attempts: int) -> WorkOrder:
    handling = replace(HANDLING, callback_attempts=attempts)
    return judging.miss(order, CalledBack(at, "no_answer", by), NO_ANSWER, handling)


def archived(order: WorkOrder, by: str, at: datetime) -> WorkOrder:
    if order.status in (Status.RESOLVED_ON_CONTACT, Status.CALLBACK_FAILED):
        return judging.archive_unasked(order, at)
    return judging.close(order, CalledBack(at, "satisfied", by))


def opened() -> WorkOrder:
    site, id = Site("320505", "urban"), WorkOrderId(UUID(int=1))
    return WorkOrder(id, UUID(int=2), "2611-2000-0000-44", "fault_report", site, NINE, NINE)


MASTER = WorkOrder(
    WorkOrderId(UUID(int=3)), UUID(int=4), "2611-2000-0000-45", "fault_report",
    Site("320505", "urban"), NINE, NINE,
)  # fmt: skip


def at_step(*moves: Move) -> WorkOrder:
    order = opened()
    for move in moves:
        order = TAKE[move](order, "crew-1", NINE)
    return order


CLAIMED = (Move.TRIAGE, Move.DISPATCH, Move.CLAIM)
REPLIED = (*CLAIMED, Move.ARRIVE, Move.REPLY)
CALLED = (*REPLIED, Move.SUBMIT)


def test_every_move_stands_in_the_table_and_can_be_tried():
    assert set(MOVES) == set(Move) == set(TAKE)


def test_every_status_can_be_reached_and_all_but_the_last_left():
    reached, frontier = set(), {Status.ACCEPTED}
    while frontier:
        reached |= frontier
        leads = [to for origins, to in MOVES.values() if to and origins & reached]
        frontier = set(leads) - reached
    assert reached == set(Status)
    left = frozenset().union(*(origins for origins, _ in MOVES.values()))
    assert left == set(Status) - {Status.CANCELLED}


_WITH_REPLY = {
    Status.REPLIED, Status.REVIEW, Status.CALLBACK_DUE, Status.CALLBACK_FAILED,
}  # fmt: skip
_BY_ANOTHER = (
    Move.PASS, Move.SEND_BACK, Move.MISS, Move.GIVE_UP, Move.ARCHIVE, Move.EXEMPT, Move.REOPEN,
)  # fmt: skip
_ELSEWHERE = (Move.RETURN, Move.REASSIGN)
_ONCE = (Move.CONTACT, Move.DEPART, Move.ARRIVE, Move.DIAGNOSE, Move.REPAIR)


def sound(order: WorkOrder) -> None:
    """What the states guarantee."""
    on = order.status
    if on in (Status.CLAIMED, Status.IN_PROGRESS, Status.SUSPENDED):
        assert order.handler is not None and order.routing is not None
        assert order.steps.claimed_at is not None
    if on in (Status.DISPATCHED, Status.REASSIGNED):
        assert order.routing is not None and order.handler is None
    assert (order.suspension is not None) == (on is Status.SUSPENDED)
    assert order.suspension_request is None or on in AT_WORK
    assert order.handler is None or order.handler in order.handlers
    if on is Status.MERGED:
        assert order.master_id is not None
    if on in _WITH_REPLY:
        assert order.reply is not None and order.steps.replied_at is not None
    assert (order.archived_at is not None) == (on is Status.ARCHIVED)
    assert (order.ended_because is not None) == (on is Status.CANCELLED)


@given(st.lists(st.tuples(st.sampled_from(Move), st.sampled_from(["crew-1", "callback-1"]))))
def test_whatever_is_tried_the_order_stays_sound(tried):
    order, level = opened(), 1
    for n, (move, by) in enumerate(tried, start=1):
        before = order
        try:
            order = TAKE[move](order, by, NINE + n * HOUR)
        except Refusal:
            assert move not in before.allowed() or move in (*_ONCE, *_BY_ANOTHER, *_ELSEWHERE)
            continue
        assert move in before.allowed()
        assert order.status is (MOVES[move][1] or before.status)
        assert order.version == before.version + 1
        level += move is Move.REOPEN
        assert order.level == level
        unasked = before.status in (Status.CALLBACK_FAILED, Status.RESOLVED_ON_CONTACT)
        assert move not in _BY_ANOTHER or by not in before.handlers or unasked
        sound(order)


def test_a_wrong_move_says_where_one_is_and_what_one_may():
    with pytest.raises(WrongMove) as refusal:
        opened().claim("crew-1", NINE)
    assert refusal.value.facts == {
        "status_now": Status.ACCEPTED,
        "allowed": allowed(Status.ACCEPTED),
    }


BY_OTHERS = [Move.PASS, Move.SEND_BACK, Move.EXEMPT]
AFTER_REVIEW = [Move.ARCHIVE, Move.MISS, Move.GIVE_UP, Move.REOPEN, Move.EXEMPT]


@pytest.mark.parametrize(("before", "move"), [
    *(((), move) for move in BY_OTHERS), *(((Move.PASS,), move) for move in AFTER_REVIEW),
])  # fmt: skip
def test_nobody_judges_what_they_worked_on(before, move):
    """Neither who has the order now, nor who had it before, nor who replied in their stead."""
    order = at_step(*CLAIMED).reassign(Routing("LH-2", "临湖二队", ())).claim("crew-2", NINE)
    order = order.arrive(NINE).answer(replace(REPLY, by="crew-3"), HANDLING, NINE).submit()
    for step in before:
        order = TAKE[step](order, "clerk-1", NINE)
    for worker in ("crew-1", "crew-2", "crew-3"):
        with pytest.raises(OwnWork):
            TAKE[move](order, worker, NINE)
    TAKE[move](order, "clerk-2", NINE)


def test_one_arrives_once():
    with pytest.raises(AlreadyDone):
        at_step(*CLAIMED, Move.ARRIVE).arrive(NINE)


def test_power_is_not_expected_back_in_the_past():
    order = at_step(*CLAIMED)
    for etr_at in (NINE, NINE - HOUR):
        with pytest.raises(EtrInThePast):
            order.set_etr(etr_at, NINE)
    assert order.set_etr(NINE + HOUR, NINE).etr_at == NINE + HOUR


def test_reopened_nothing_is_done_yet_but_it_is_the_same_order():
    done = (Move.SET_ETR, Move.DEPART, Move.ARRIVE, Move.REPLY, Move.SUBMIT)
    before = judging.pass_review(at_step(*CLAIMED, *done), "clerk-1")
    again, fresh = judging.reopen(before, "callback-1", HANDLING, NINE), opened()
    assert (again.level, again.version, again.id) == (2, before.version + 1, before.id)
    for name in (
        "routing", "handler", "handlers", "steps", "etr_at", "reply", "hops", "callback_attempts",
        "called_back", "urges", "rested", "exemption",
    ):  # fmt: skip
        assert getattr(again, name) == getattr(fresh, name), name


def test_a_reply_needs_what_its_kind_asks_for():
    order = at_step(*CLAIMED, Move.ARRIVE)
    with pytest.raises(MissingField) as refusal:
        order.answer(replace(REPLY, evidence=()), replace(HANDLING, substantiated=True), NINE)
    assert refusal.value.facts == {"missing": ["evidence", "substantiated"]}


def test_only_a_fault_of_ours_counts_as_repaired_by_its_reply():
    order = at_step(*CLAIMED, Move.ARRIVE)
    assert order.answer(REPLY, HANDLING, NINE).steps.repaired_at == NINE
    guided = replace(REPLY, responsibility=Responsibility.CUSTOMER)
    assert order.answer(guided, HANDLING, NINE).steps.repaired_at is None


def test_after_the_second_return_a_supervisor_decides():
    order = at_step(Move.TRIAGE, Move.DISPATCH, Move.RETURN)
    order = order.route_again(HANDLING, "dispatcher").dispatch(TEAM)
    order = order.hand_back(Handback("not ours either", "LH-2", "crew-2"))
    with pytest.raises(HandedBackTooOften):
        order.route_again(HANDLING, "dispatcher")
    assert order.route_again(HANDLING, "supervisor").status is Status.PENDING_DISPATCH


def test_a_callback_has_failed_after_its_last_attempt_and_is_archived_with_a_flag():
    order = judging.pass_review(at_step(*CALLED), "clerk-1")
    for n in range(3):
        assert order.status is Status.CALLBACK_DUE
        order = missed(order, "callback-1", NINE + n * HOUR, attempts=3)
    assert order.status is Status.CALLBACK_FAILED
    assert judging.archive_unasked(order, NINE).unreached


def test_whom_it_makes_no_sense_to_call_again_is_not_called_again():
    order = judging.pass_review(at_step(*CALLED), "clerk-1")
    wrong = CalledBack(NINE, "wrong_number", "callback-1")
    given_up = judging.miss(order, wrong, Unreached("not theirs", final=True), HANDLING)
    assert given_up.status is Status.CALLBACK_FAILED


def test_an_archived_order_is_reopened_until_its_days_are_over_and_not_later():
    order = judging.pass_review(at_step(*CALLED), "clerk-1")
    order = archived(order, "callback-1", NINE)
    last = NINE + timedelta(days=HANDLING.reopen_days)
    assert judging.reopen(order, "callback-1", HANDLING, last).level == 2
    with pytest.raises(TooLateToReopen) as refusal:
        judging.reopen(order, "callback-1", HANDLING, last + timedelta(microseconds=1))
    assert refusal.value.facts == {"until": last.isoformat()}


def test_nobody_is_archived_without_being_asked_but_by_exemption():
    order = judging.pass_review(at_step(*CALLED), "clerk-1")
    with pytest.raises(WrongMove):
        judging.archive_unasked(order, NINE)
    exempted = judging.exempt(order, Exemption("the caller left no number", "supervisor-1"), NINE)
    assert exempted.status is Status.ARCHIVED and exempted.exemption is not None


def test_an_order_goes_to_another_team_not_to_the_same_again():
    with pytest.raises(SameTeam):
        at_step(*CLAIMED).reassign(TEAM)
    with pytest.raises(SameTeam):
        at_step(*CLAIMED[:2]).hand_back(Handback("other_duty", TEAM.team, "crew-1"))


def test_the_diagram_shows_every_move():
    drawn = diagram()
    assert all(f": {move}\n" in drawn for move in Move)
