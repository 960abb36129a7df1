"""A clock is met or breached, once; the due instant itself is still in time."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock, State
from services.workorders.domain.ledger import Page
from shared.calendar import ALWAYS
from tests.unit.workorders.ticking import NINE, limit, started, terms

DUE = NINE + timedelta(minutes=45)
MOMENTS = st.integers(-7200, 7200).map(lambda s: DUE + timedelta(seconds=s))


def stopped(clock: Clock, at) -> Clock:
    page = Page(clock, "somebody", at)
    clockwork.stop(page)
    return page.clock


def test_it_is_due_when_its_target_has_passed():
    clock = started().clock
    assert (clock.due_at, clock.state, clock.generation) == (DUE, State.ARMED, 1)
    assert (clock.policy, clock.policy_version) == ("sgcc-2022", "2022.1")
    assert (clock.wake_at, clock.wake) == (DUE, "breached")


@given(MOMENTS)
def test_stopped_it_is_met_up_to_the_due_instant_and_breached_after(at):
    clock = stopped(started().clock, at)
    when = max(at, NINE)
    assert clock.state is (State.BREACHED if at > DUE else State.MET)
    assert clock.stopped_at == when, "no line is dated before the one above it"
    assert clock.fired_at == (at if at > DUE else None)
    assert clock.wake_at is None


@given(MOMENTS, st.lists(MOMENTS))
def test_the_first_end_is_the_end(first, later):
    ended = stopped(started().clock, first)
    again = ended
    for at in later:
        again = stopped(again, at)
    assert again == ended


@given(st.integers(1, 10_000))
def test_what_was_promised_counts_and_not_our_own_limit(minutes):
    promised = NINE + timedelta(minutes=minutes)
    told, budget = clockwork.as_told(terms(limit()), NINE, promised)
    page = Page(started().clock.whose, "somebody", NINE)
    clockwork.start(page, told, budget, NINE, 1, None)
    assert page.clock.due_at == promised == page.clock.started_at + page.clock.budget
    assert told.calendar is ALWAYS
    assert stopped(page.clock, promised).state is State.MET


def test_a_clock_that_the_timer_breached_stops_when_its_fact_comes():
    page = Page(started().clock, "timer:clocks", DUE + timedelta(seconds=1))
    clockwork.fire(page)
    fired = page.clock
    clock = stopped(fired, DUE + timedelta(hours=1))
    assert (clock.state, clock.fired_at) == (State.BREACHED, fired.fired_at)
    assert clock.stopped_at == DUE + timedelta(hours=1)
