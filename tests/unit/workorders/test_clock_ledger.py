"""A clock is what its ledger says: whatever happens to it, and in whatever order it is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock, State, Terms, What
from services.workorders.domain.counted import Correction, Mode, Wrong, consumed, runs_of
from services.workorders.domain.ladder import Ladder, Step
from services.workorders.domain.ledger import Page, fold
from services.workorders.domain.limit import Target, Warning
from services.workorders.domain.order import WorkOrderId
from shared.calendar import ALWAYS, compiled, read_definition
from tests.unit.workorders.ticking import limit, started, terms

HOURS = ["08:00-12:00", "14:00-18:00"]
WEEK = {day: HOURS for day in ("mon", "tue", "wed", "thu", "fri")}


def working(name: str, zone: str):
    return compiled(name, 1, read_definition({"zone": zone, "years": [2026], "week": WEEK}))


OFFICE, OTHER = working("office", "Asia/Shanghai"), working("other", "Europe/London")
AUTUMN = datetime(2026, 9, 28, 3, 17, 5, 123456, tzinfo=UTC)
LADDER = Ladder(
    "up",
    (
        Step("warned", timedelta(minutes=5), "dispatcher", "sms"),
        Step("breached", timedelta(0), "supervisor", "sms"),
        Step("breached", timedelta(minutes=10), "supervisor", "sms", timedelta(minutes=30), 3),
    ),
)
WARNINGS = (Warning(share=Decimal("0.5")), Warning(before=timedelta(minutes=7)))
TARGETS = st.one_of(
    st.timedeltas(timedelta(microseconds=1), timedelta(days=3)).map(lambda t: Target(time=t)),
    st.integers(1, 5).map(lambda n: Target(days=n)),
)
TERMS = st.builds(
    lambda target, calendar, warnings, ladder: terms(
        limit(target=target, warnings=warnings, pauses=frozenset({"access"})), calendar, ladder
    ),
    TARGETS,
    st.sampled_from([ALWAYS, OFFICE, OTHER]),
    st.sampled_from([(), WARNINGS]),
    st.sampled_from([None, LADDER]),
)
LATER = st.timedeltas(timedelta(0), timedelta(days=2))
WORDS = ("pause", "pause", "resume", "resume", "stop", "give up", "fire", "fire", "follow",
         "stand alone", "acknowledge", "go on", "start again")  # fmt: skip
STEPS = st.one_of(
    *(st.tuples(st.just(word)) for word in WORDS),
    st.tuples(st.just("retarget"), TERMS, st.sampled_from(Mode)),
    st.tuples(st.just("correct"), st.sampled_from(Wrong), LATER, LATER),
)
HISTORIES = st.lists(st.tuples(LATER, STEPS), max_size=12)


def again(page: Page) -> None:
    clockwork.give_up(page, "reopened")
    clock = page.clock
    clockwork.start(page, clock.terms, clock.budget, page.at, clock.generation + 1, None)


def go_on(page: Page) -> None:
    if page.clock.ended:
        clockwork.go_on(page, page.clock.generation + 1, "reopened")


SIMPLE = {
    "pause": lambda page: clockwork.pause(page, "access"),
    "resume": clockwork.resume,
    "stop": clockwork.stop,
    "give up": lambda page: clockwork.give_up(page, "cancelled"),
    "fire": clockwork.fire,
    "follow": lambda page: clockwork.follow(page, WorkOrderId(page.clock.order_id)),
    "stand alone": clockwork.stand_alone,
    "acknowledge": clockwork.acknowledge,
    "go on": go_on,
    "start again": again,
}


def act(page: Page, step, lines) -> None:
    """One thing that may happen to a clock; `lines`: what its ledger said before."""
    if step[0] == "retarget":
        retarget(page, step[1], step[2], lines)
    elif step[0] == "correct":
        correct(page, *step[1:], lines)
    else:
        SIMPLE[step[0]](page)


def retarget(page: Page, new: Terms, mode: Mode, lines) -> None:
    generation = page.clock.generation + 1
    clockwork.retarget(page, new, new.limit.target, mode, runs_of(lines), generation, "edit")


def correct(page: Page, wrong, since, length, lines) -> None:
    clock = page.clock
    if clock.state is State.CANCELLED:
        return
    begins = AUTUMN + since if wrong is not Wrong.STARTED_AT else AUTUMN - since
    until = begins + length if wrong in (Wrong.COUNTED, Wrong.NOT_COUNTED) else None
    last = clock.stopped_at or page.at
    if begins < clock.started_at and wrong is not Wrong.STARTED_AT:
        return
    if (until or begins) > last or until == begins:
        return
    told = Correction(wrong, begins, until)
    clockwork.correct(page, told, runs_of(lines), clock.generation + 1, "so it was", "somebody")


def lived(first: Terms, history) -> tuple[Clock, list]:
    """The clock and its ledger after this history."""
    page = started(first, AUTUMN)
    clock, lines, at = page.clock, list(page.lines), AUTUMN
    for later, step in history:
        at += later
        page = Page(clock, "somebody", at)
        act(page, step, lines)
        clock, lines = page.clock, lines + page.lines
    return clock, lines


@settings(max_examples=400, deadline=None)
@given(TERMS, HISTORIES, st.randoms())
def test_a_rebuild_equals_the_projection_in_whatever_order_the_lines_come(first, history, dice):
    clock, lines = lived(first, history)
    assert fold(clock.whose, lines) == clock
    shuffled = list(lines)
    dice.shuffle(shuffled)
    assert fold(clock.whose, shuffled) == clock
    assert [line.n for line in lines] == list(range(1, clock.entries + 1))


@settings(max_examples=400, deadline=None)
@given(TERMS, HISTORIES)
def test_what_is_consumed_is_the_sum_of_what_was_counted(first, history):
    clock, lines = lived(first, history)
    runs = runs_of(lines)
    for before, after in pairwise(runs):
        assert before.until is not None and before.until <= after.since
    open_run = runs[-1] if runs and runs[-1].until is None else None
    assert clock.consumed == consumed(runs)
    assert clock.running_since == (open_run.since if open_run else None)


@settings(max_examples=400, deadline=None)
@given(TERMS, HISTORIES)
def test_states_and_instants_agree(first, history):
    clock, lines = lived(first, history)
    assert clock.ended == (
        clock.state in (State.MET, State.CANCELLED) or clock.stopped_at is not None
    )
    assert (clock.state is State.BREACHED) == (clock.fired_at is not None)
    if clock.state is State.PAUSED:
        assert clock.due_at is None and clock.wake_at is None and clock.running_since is None
    if clock.state is State.ARMED:
        assert clock.due_at is not None and clock.wake_at <= clock.due_at
        left = clock.budget - clock.consumed
        if left > timedelta(0):
            assert clock.due_at == clock.terms.calendar.add(clock.running_since, left)
            assert clock.terms.calendar.between(clock.running_since, clock.due_at) == left
    if clock.ended:
        assert clock.wake_at is None and clock.running_since is None
    times = [line.at for line in lines if line.what is not What.STARTED]
    assert times == sorted(times), "a ledger is in the order of time"
    once = [(line.once, line.generation) for line in lines if line.once]
    assert len(once) == len(set(once)), "nothing is done twice in a generation"


@settings(max_examples=300, deadline=None)
@given(TERMS, HISTORIES, st.lists(TERMS, min_size=1, max_size=4), LATER)
def test_what_was_used_is_kept_under_any_change(first, history, changes, later):
    clock, _ = lived(first, history)
    assume(not clock.ended)
    at = max(clock.changed_at, AUTUMN) + later
    used = clock.used(at)
    for new in changes:
        page = Page(clock, "somebody", at)
        retarget(page, new, Mode.FROM_CHANGE, ())
        clock = page.clock
        assert clock.used(at) == used
        assert clock.paused_because is None or clock.running_since is None


@settings(max_examples=300, deadline=None)
@given(TERMS, st.lists(LATER, min_size=2, max_size=12, unique=True), st.randoms(), TERMS)
def test_rests_count_by_when_they_were_and_not_by_what_else_was_said(first, instants, dice, new):
    """Warnings, merges and acknowledgements between them change no sum."""
    times = sorted(instants)
    words = [("pause",), ("resume",)] * len(times)
    quiet = [
        (b - a, word) for (a, b), word in zip(pairwise([timedelta(0), *times]), words, strict=False)
    ]
    noisy = []
    for later, step in quiet:
        part = later * dice.random()
        noise = dice.choice([("fire",), ("follow",), ("stand alone",), ("acknowledge",)])
        noisy += [(part, noise), (later - part, step)]
    plain, _ = lived(first, quiet)
    loud, _ = lived(first, noisy)
    assert (loud.consumed, loud.running_since) == (plain.consumed, plain.running_since)


@settings(max_examples=300, deadline=None)
@given(
    TERMS, st.lists(LATER, min_size=1, max_size=6), st.timedeltas(timedelta(0), timedelta(days=5))
)
def test_from_creation_it_is_as_if_it_had_always_been_so(first, instants, later):
    """Only the rests are kept: the same as a clock that ran by the new terms from the start."""
    second = replace(first, calendar=OFFICE)
    rests = [(one, ("pause",) if n % 2 == 0 else ("resume",)) for n, one in enumerate(instants)]
    old, lines = lived(first, rests)
    new, _ = lived(second, rests)
    at = old.changed_at + later
    page = Page(old, "somebody", at)
    retarget(page, second, Mode.FROM_CREATION, lines)
    assert page.clock.used(at) == new.used(at)
    assert page.clock.budget == new.budget


def test_a_correction_brings_back_what_was_wrongly_breached_and_keeps_the_original():
    page = started(at=AUTUMN)
    lines = list(page.lines)
    late = AUTUMN + timedelta(minutes=50)
    page = Page(page.clock, "timer:clocks", late)
    clockwork.fire(page)
    lines += page.lines
    since, until = (AUTUMN + timedelta(minutes=n) for n in (10, 20))
    told = Correction(Wrong.NOT_COUNTED, since, until)
    page = Page(page.clock, "supervisor-2", late)
    clockwork.correct(page, told, runs_of(lines), 2, "no access", "supervisor-1")
    lines += page.lines
    clock = page.clock
    assert (clock.state, clock.generation) == (State.ARMED, 2)
    assert clock.due_at == AUTUMN + timedelta(minutes=55)
    assert [line.what for line in lines] == [What.STARTED, What.BREACHED, What.CORRECTED]
    page = Page(clock, "timer:clocks", AUTUMN + timedelta(minutes=56))
    clockwork.fire(page)
    assert (page.clock.state, page.clock.generation) == (State.BREACHED, 2)


def test_due_in_working_days_is_a_budget_of_working_time():
    by = terms(limit(target=Target(days=2)), OFFICE)
    friday = datetime(2026, 9, 25, 3, tzinfo=UTC)  # 11:00 in Shanghai
    clock = started(by, friday).clock
    assert clock.due_at == datetime(2026, 9, 29, 10, tzinfo=UTC), "Tuesday at closing"
    assert clock.budget == timedelta(hours=5 + 16)
