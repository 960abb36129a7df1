"""Whatever the order and however often, the same receipts end in the same state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify import events
from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Ambiguity, Category
from services.notify.domain.lattice import FINAL, NoSuchReceipt, Status, fold, meaning
from services.notify.domain.message import (
    NO_LINK,
    Attempt,
    Message,
    MessageId,
    Outcome,
    Patience,
    Verdict,
)
from services.notify.domain.people import Audience
from services.notify.domain.request import AddresseeId, RequestId

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PATIENCE = Patience()
RECEIPTS = [
    (1, b"stat:DELIVRD"),
    (2, b"stat:UNDELIV"),
    (2, b"stat:EXPIRED"),
    (2, b"stat:REJECTD"),
    (4, b"stat:ENROUTE"),
    (8, b"ACK/"),
    (16, b"NACK/failure"),
]
LET_GO = (16, b"NACK/no SMSC")


def submitting(ambiguity: Ambiguity = Ambiguity.AT_MOST_ONCE) -> Message:
    return Message(
        id=MessageId(UUID(int=7)),
        dedupe_key="case-accepted:7",
        case_id=UUID(int=8),
        region="320505",
        audience=Audience.CUSTOMER,
        template="case-accepted.v1",
        category=Category.TRANSACTIONAL,
        ambiguity=ambiguity,
        lane=2,
        request_id=RequestId(UUID(int=9)),
        addressee=AddresseeId(UUID(int=10)),
        channel=Channel.SMS,
        address=b"sealed",
        text="【瓦特供电】",
        status=Status.SUBMITTING,
        created_at=NINE,
        due_at=NINE + PATIENCE.lease,
        tries=1,
    )


def ended(verdict: Verdict) -> Attempt:
    return Attempt(MessageId(UUID(int=7)), 1, NINE, NINE, Outcome(verdict, ""))


def heard(message: Message, receipts: list[tuple[int, bytes]], number: int = 1) -> Message:
    for code, reply in receipts:
        message = message.hear(meaning(code, reply), NINE, PATIENCE, number)
    return message


@st.composite
def same_receipts_twice(draw: st.DrawFn) -> tuple[list, list]:
    some = draw(st.lists(st.sampled_from([*RECEIPTS, LET_GO]), min_size=1, unique=True))
    repeated = some + draw(st.lists(st.sampled_from(some)))
    return draw(st.permutations(some)), draw(st.permutations(repeated))


@given(same_receipts_twice())
def test_order_and_repetition_do_not_matter(both):
    once, often = both
    assert heard(submitting(), once).status is heard(submitting(), often).status


@given(st.sampled_from(Status), st.sampled_from(Status), st.sampled_from(Status))
def test_fold_is_a_join(a, b, c):
    assert fold(a, b) is fold(b, a)
    assert fold(a, fold(b, c)) is fold(fold(a, b), c)
    assert fold(a, a) is a
    assert fold(a, b) is fold(fold(a, b), b)


@given(
    st.lists(st.sampled_from([*RECEIPTS, LET_GO]), unique=True),
    st.integers(0, 8),
    st.sampled_from([Verdict.TAKEN, Verdict.UNCLEAR]),
    st.sampled_from(Ambiguity),
)
def test_our_own_record_may_come_at_any_moment(receipts, place, verdict, ambiguity):
    before = heard(submitting(ambiguity), receipts[:place]).after(ended(verdict), PATIENCE)
    message = heard(before, receipts[place:])
    expected = heard(submitting(ambiguity), receipts).after(ended(verdict), PATIENCE)
    assert message.status is expected.status


@pytest.mark.parametrize("verdict", [Verdict.TAKEN, Verdict.UNCLEAR, Verdict.NOT_TAKEN])
@pytest.mark.parametrize("order", ["before", "after"])
def test_what_the_gateway_let_go_of_is_handed_over_again(verdict, order):
    if order == "before":
        message = heard(submitting(), [LET_GO]).after(ended(verdict), PATIENCE)
    else:
        message = heard(submitting().after(ended(verdict), PATIENCE), [LET_GO])
    assert (message.status, message.reason) == (Status.QUEUED, None)
    assert message.due_at > NINE


def test_a_process_that_died_on_what_the_gateway_let_go_of_leaves_no_doubt():
    message = heard(submitting(), [LET_GO]).overdue(NINE, PATIENCE)
    assert message.status is Status.QUEUED


def test_an_earlier_try_says_nothing_of_the_next():
    second = replace(submitting(), tries=2)
    for message in (second, second.after(replace(ended(Verdict.TAKEN), number=2), PATIENCE)):
        again = heard(message, [LET_GO], number=1)
        assert again.status is message.status
    unsaid = heard(second.after(replace(ended(Verdict.TAKEN), number=2), PATIENCE), [LET_GO], 0)
    assert unsaid.status is Status.ACCEPTED


def test_what_went_out_or_was_given_up_is_not_handed_over_again():
    for receipts in ([(8, b"ACK/")], [(1, b"stat:DELIVRD")], [(16, b"NACK/failure")]):
        out = heard(submitting(), receipts)
        assert heard(out, [LET_GO]).status is out.status
    sent = heard(submitting().after(ended(Verdict.TAKEN), PATIENCE), [])
    lapsed = sent.overdue(NINE + PATIENCE.receipt, PATIENCE)
    assert heard(lapsed, [LET_GO]).status is Status.UNKNOWN


def test_what_is_let_go_of_for_ever_is_rejected_in_the_end():
    last = replace(submitting(), tries=PATIENCE.tries)
    taken = last.after(replace(ended(Verdict.TAKEN), number=last.tries), PATIENCE)
    end = heard(taken, [LET_GO], number=last.tries)
    assert (end.status, end.reason) == (Status.REJECTED, NO_LINK)


STEPS = st.one_of(
    st.sampled_from([*RECEIPTS, LET_GO]),
    st.sampled_from([v for v in Verdict if v is not Verdict.LOST]),
    st.just("time"),
)


@given(st.lists(STEPS), st.sampled_from(Ambiguity))
def test_each_fact_is_said_at_most_once_and_nothing_is_forgotten(steps, ambiguity):
    story, at = [submitting(ambiguity)], NINE
    for step in steps:
        message, at = story[-1], at + timedelta(seconds=1)
        if isinstance(step, Verdict):
            message = message.after(ended(step), PATIENCE)
        elif step != "time":
            message = message.hear(meaning(*step), at, PATIENCE, number=1)
        elif message.due_at and message.status is not Status.QUEUED:
            message = message.overdue(at, PATIENCE)
        story.append(message)
    said = [type(fact).__name__ for a, b in pairwise(story) for fact in events.between(a, b)]
    assert len(said) == len(set(said))
    last = story[-1]
    assert ("MessageDelivered" in said) == (last.status is Status.DELIVERED)
    assert (last.due_at is None) == (last.status in FINAL) or last.status is Status.UNKNOWN
    if last.status in FINAL - {Status.DELIVERED, Status.SKIPPED}:
        assert "MessageFailed" in said


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        ([(8, b"ACK/"), (1, b"")], Status.DELIVERED),
        ([(1, b""), (8, b"ACK/")], Status.DELIVERED),
        ([(8, b"ACK/"), (4, b"stat:ENROUTE"), (2, b"stat:UNDELIV")], Status.UNDELIVERED),
        ([(16, b"NACK/failure")], Status.REJECTED),
        ([(8, b"ACK/")], Status.SENT),
    ],
)
def test_sequences_seen_in_the_field(receipts, end):
    assert heard(submitting(), receipts).status is end


def test_the_text_in_a_reply_does_not_speak_for_the_network():
    assert meaning(2, b"id:1 err:001 text:stat:EXPIRED") is Status.UNDELIVERED
    assert meaning(2, b"id:1 stat:EXPIRED err:001 text:\x00\xff") is Status.EXPIRED
    for code in (0, 3, 32):
        with pytest.raises(NoSuchReceipt):
            meaning(code, b"")


@given(st.uuids(), st.integers(1, 200))
def test_pauses_are_bounded_and_spread(id, tried):
    pause = PATIENCE.pause(MessageId(id), tried)
    assert timedelta(seconds=0.5) <= pause <= PATIENCE.longest_pause
