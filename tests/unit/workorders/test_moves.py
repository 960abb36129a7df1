"""The moves of a work order: the table, and what holds whatever is tried."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain.order import (
    MOVES,
    AlreadyArrived,
    EtrInThePast,
    Move,
    OwnWork,
    Reply,
    Responsibility,
    Site,
    Status,
    WorkOrder,
    WorkOrderId,
    WrongMove,
    diagram,
)
from services.workorders.domain.routing import Routing
from shared.errors import Refusal

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REPLY = Reply("熔丝熔断", "更换熔丝", Responsibility.UTILITY)
HOUR = timedelta(hours=1)

TAKE: dict[Move, Callable[[WorkOrder, str, datetime], WorkOrder]] = {
    Move.DISPATCH: lambda order, by, at: order.dispatch(Routing("LH-1", "临湖一队", ())),
    Move.CLAIM: lambda order, by, at: order.claim(by, at),
    Move.DEPART: lambda order, by, at: order.depart(at),
    Move.ARRIVE: lambda order, by, at: order.arrive(at),
    Move.SET_ETR: lambda order, by, at: order.set_etr(at + HOUR, at),
    Move.REPLY: lambda order, by, at: order.answer(REPLY, at),
    Move.ARCHIVE: lambda order, by, at: order.archive(by, at),
    Move.REOPEN: lambda order, by, at: order.reopen(by),
}


def opened() -> WorkOrder:
    site, id = Site("320505", "urban"), WorkOrderId(UUID(int=1))
    return WorkOrder(id, UUID(int=2), "2611-2000-0000-44", "fault_report", site, NINE, NINE)


def at_step(*moves: Move) -> WorkOrder:
    order = opened()
    for move in moves:
        order = TAKE[move](order, "crew-1", NINE)
    return order


CLAIMED = (Move.DISPATCH, Move.CLAIM)
REPLIED = (*CLAIMED, Move.ARRIVE, Move.REPLY)


def test_every_move_stands_in_the_table_and_can_be_tried():
    assert set(MOVES) == set(Move) == set(TAKE)


def test_every_status_can_be_reached_and_all_but_the_last_left():
    reached, frontier = set(), {Status.PENDING_DISPATCH}
    while frontier:
        reached |= frontier
        leads = [to for origins, to in MOVES.values() if to and origins & reached]
        frontier = set(leads) - reached
    assert reached == set(Status)
    left = frozenset().union(*(origins for origins, _ in MOVES.values()))
    assert left == set(Status) - {Status.ARCHIVED}


def sound(order: WorkOrder) -> None:
    """What the states guarantee."""
    on = order.status
    assert (order.routing is None) == (on is Status.PENDING_DISPATCH)
    assert (order.handler is None) == (on in (Status.PENDING_DISPATCH, Status.DISPATCHED))
    assert (order.handler is None) == (order.claimed_at is None)
    assert (order.reply is None) == (order.replied_at is None)
    assert (order.reply is not None) == (on in (Status.REPLIED, Status.ARCHIVED))
    assert (order.archived_at is not None) == (on is Status.ARCHIVED)


@given(st.lists(st.tuples(st.sampled_from(Move), st.sampled_from(["crew-1", "callback-1"]))))
def test_whatever_is_tried_the_order_stays_sound(tried):
    order, level = opened(), 1
    for n, (move, by) in enumerate(tried, start=1):
        before = order
        try:
            order = TAKE[move](order, by, NINE + n * HOUR)
        except Refusal:
            assert move not in before.allowed() or move in (Move.ARRIVE, *_BY_ANOTHER)
            continue
        assert move in before.allowed()
        assert order.status is (MOVES[move][1] or before.status)
        assert order.version == before.version + 1
        level += move is Move.REOPEN
        assert order.level == level
        assert move not in _BY_ANOTHER or by != before.handler
        sound(order)


_BY_ANOTHER = (Move.ARCHIVE, Move.REOPEN)


def test_a_wrong_move_says_where_one_is_and_what_one_may():
    with pytest.raises(WrongMove) as refusal:
        opened().claim("crew-1", NINE)
    assert refusal.value.facts == {
        "status_now": Status.PENDING_DISPATCH,
        "allowed": [Move.DISPATCH],
    }


@pytest.mark.parametrize("how", [lambda o: o.archive("crew-1", NINE), lambda o: o.reopen("crew-1")])
def test_nobody_asks_their_own_customer(how):
    with pytest.raises(OwnWork):
        how(at_step(*REPLIED))


def test_one_arrives_once():
    with pytest.raises(AlreadyArrived):
        at_step(*CLAIMED, Move.ARRIVE).arrive(NINE)


def test_power_is_not_expected_back_in_the_past():
    order = at_step(*CLAIMED)
    for etr_at in (NINE, NINE - HOUR):
        with pytest.raises(EtrInThePast):
            order.set_etr(etr_at, NINE)
    assert order.set_etr(NINE + HOUR, NINE).etr_at == NINE + HOUR


def test_reopened_nothing_is_done_yet_but_it_is_the_same_order():
    before = at_step(*CLAIMED, Move.SET_ETR, Move.DEPART, Move.ARRIVE, Move.REPLY)
    again = before.reopen("callback-1")
    fresh = opened()
    assert (again.level, again.version, again.id) == (2, before.version + 1, before.id)
    for name in ("routing", "handler", "claimed_at", "departed_at", "arrived_at", "etr_at"):
        assert getattr(again, name) == getattr(fresh, name), name
    assert again.reply is None and again.replied_at is None


def test_the_diagram_shows_every_move():
    drawn = diagram()
    assert all(f": {move}\n" in drawn for move in Move)
