"""The checker must find what it is for: a good history passes, each broken one is caught."""

from dataclasses import replace

import pytest

from tests.chaos.checker import History, Line, Said, violations

OPENED, DISPATCHED = "workorders.order-opened.v1", "workorders.order-dispatched.v1"
EVENTS = (
    Said("e1", "order-1", OPENED, 1),
    Said("e2", "order-1", DISPATCHED, 2),
    Said("e3", "order-2", OPENED, 1),
    Said("e4", "order-2", DISPATCHED, 2),
)
GOOD = History(
    log=(
        Line("key-1", "15400000010", 1.0),
        Line("key-1", "15400000010", 1.1, why="ReadError"),
        Line("key-1", "15400000010", 2.0),
        Line("key-1", "15400000010", 2.1, 201, "case-1", replayed=True),
        Line("key-2", "15400000024", 1.0),
        Line("key-2", "15400000024", 1.1, 503),
        Line("key-2", "15400000024", 2.0),
        Line("key-2", "15400000024", 2.1, 201, "case-2"),
    ),
    cases=(("case-1", "key-1"), ("case-2", "key-2")),
    orders=("case-2", "case-1"),
    messages=(("case-1", "delivered"), ("case-2", "expired")),
    sms=("15400000024", "15400000010"),
    said={"workorders": EVENTS},
    carried={"workorders": (*EVENTS[2:], *EVENTS[:2], *EVENTS)},
    unsent={"intake": 0},
    parked={"intake": 0},
)


def test_a_good_history_passes() -> None:
    assert violations(GOOD) == []
    assert violations(GOOD, doubt=True) == []


BROKEN = {
    "case case-2 was accepted and is lost": {
        "cases": GOOD.cases[:1],
        "orders": ("case-1",),
        "messages": GOOD.messages[:1],
    },
    "one request made 2 cases": {
        "cases": (*GOOD.cases, ("case-3", "key-1")),
        "orders": (*GOOD.orders, "case-3"),
    },
    "one request was answered with several cases": {
        "log": (*GOOD.log, Line("key-1", "15400000010", 3.0, 201, "case-2")),
    },
    "a good request was answered 500": {
        "log": (*GOOD.log, Line("key-1", "15400000010", 3.0, 500)),
    },
    "case case-1 has no order": {"orders": ("case-2",)},
    "case case-1 has 2 orders": {"orders": ("case-1", *GOOD.orders)},
    "an order serves case case-9, which is not there": {"orders": (*GOOD.orders, "case-9")},
    "case case-1 has 0 messages": {"messages": GOOD.messages[1:]},
    "case case-1 has 2 messages": {"messages": (*GOOD.messages, GOOD.messages[0])},
    "case case-1 was told 2 times": {"sms": (*GOOD.sms, "15400000010")},
    "case case-1 was not told; notify says delivered": {"sms": GOOD.sms[:1]},
    "the SMS of case case-2 is expired, notify says delivered": {
        "messages": (("case-1", "delivered"), ("case-2", "delivered")),
    },
    "the SMS of case case-1 is delivered, notify says sent": {
        "messages": (("case-1", "sent"), ("case-2", "expired")),
    },
    "workorders said versions [2] of order-1": {
        "said": {"workorders": EVENTS[1:]},
        "carried": None,
    },
    "workorders said versions [2, 1] of order-1": {
        "said": {"workorders": (EVENTS[1], EVENTS[0], *EVENTS[2:])},
        "carried": None,
    },
    "workorders said event e4, Kafka never got it": {"carried": {"workorders": EVENTS[:3]}},
    "Kafka carries event e4, which workorders never said": {"said": {"workorders": EVENTS[:3]}},
    "workorders: event e1 overtook one of its key": {
        "carried": {"workorders": (EVENTS[1], EVENTS[0], *EVENTS[2:])},
    },
    "intake: 1 events unsent": {"unsent": {"intake": 1}},
    "intake: 2 messages parked": {"parked": {"intake": 2}},
}


@pytest.mark.parametrize("finding", BROKEN)
def test_each_broken_history_is_caught(finding: str) -> None:
    broken = replace(GOOD, **BROKEN[finding])
    for doubt in (False, True):
        assert any(finding in found for found in violations(broken, doubt=doubt))


def test_doubt_forgives_silence_and_nothing_else() -> None:
    """Not sent and unknown is honest when its sender died; sent twice never is."""
    silent = replace(GOOD, sms=GOOD.sms[:1], messages=(("case-1", "unknown"), GOOD.messages[1]))
    assert violations(silent) == ["case case-1 was not told; notify says unknown"]
    assert violations(silent, doubt=True) == []
    twice = replace(silent, sms=(*GOOD.sms, "15400000010"))
    assert violations(twice, doubt=True) == ["case case-1 was told 2 times"]
    known = replace(GOOD, messages=(("case-1", "unknown"), GOOD.messages[1]))
    assert len(violations(known, doubt=True)) == 1
