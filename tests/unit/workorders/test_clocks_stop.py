"""A clock is met or breached, once; the due instant itself is still in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain.clock import Clock, ClockId, State
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.policy import Fact, Limit, Target

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LIMIT = Limit(
    clock="arrival",
    types=frozenset(),
    areas=frozenset(),
    target=Target(time=timedelta(minutes=45)),
    starts=Fact.ACCEPTED,
    stops=frozenset({Fact.ARRIVED}),
    promised=True,
    source="somebody",
    certainty="A",
)
DUE = NINE + timedelta(minutes=45)
MOMENTS = st.integers(-7200, 7200).map(lambda s: DUE + timedelta(seconds=s))


def started() -> Clock:
    ids = ClockId(UUID(int=1)), WorkOrderId(UUID(int=2))
    return Clock.start(*ids, 1, LIMIT, ("sgcc-2022", "2022.1"), NINE)


def test_it_is_due_when_its_target_has_passed():
    clock = started()
    assert (clock.due_at, clock.state, clock.generation) == (DUE, State.ARMED, 1)
    assert (clock.policy, clock.policy_version) == ("sgcc-2022", "2022.1")


@given(MOMENTS)
def test_stopped_it_is_met_up_to_the_due_instant_and_breached_after(at):
    clock = started().stop(at)
    assert clock.state is (State.BREACHED if at > DUE else State.MET)
    assert clock.stopped_at == at
    assert clock.fired_at == (at if at > DUE else None)


@given(MOMENTS, st.lists(MOMENTS))
def test_the_first_end_is_the_end(first, later):
    ended = started().stop(first)
    again = ended
    for at in later:
        again = again.stop(at)
    assert again == ended


@given(st.integers(1, 10_000))
def test_what_was_promised_counts_and_not_our_own_limit(minutes):
    promised = NINE + timedelta(minutes=minutes)
    clock = started().as_promised(promised)
    assert clock.due_at == promised == clock.started_at + clock.limit
    assert clock.stop(promised).state is State.MET


def test_a_clock_that_the_timer_breached_stops_when_its_fact_comes():
    fired = replace(started(), state=State.BREACHED, fired_at=DUE + timedelta(seconds=1))
    stopped = fired.stop(DUE + timedelta(hours=1))
    assert (stopped.state, stopped.fired_at) == (State.BREACHED, fired.fired_at)
    assert stopped.stopped_at == DUE + timedelta(hours=1)
