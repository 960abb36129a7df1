"""The score of an order: explained to the last point, and an order that time does not change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain import concerns
from services.workorders.domain.limit import CLASSES
from services.workorders.domain.order import WorkOrder, WorkOrderId
from services.workorders.domain.parts import Asked, Protection, Site
from services.workorders.domain.policy import rules
from services.workorders.domain.priority import Weights, read_weights
from services.workorders.domain.written import BadPolicy
from services.workorders.policies import read_packs
from tests.unit.workorders.house import HOUSE

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WEIGHTS = rules([HOUSE], Weights)
codes = st.frozensets(st.sampled_from(sorted(CLASSES)), max_size=4)
orders = st.builds(
    lambda danger, tags, protected, tier, repeats, urges, level, minutes: WorkOrder(
        WorkOrderId(UUID(int=1)),
        UUID(int=2),
        "2611-2000-0000-44",
        "fault_report",
        Site("320505", "urban"),
        received_at=NINE + timedelta(minutes=minutes),
        opened_at=NINE,
        asked=Asked(danger=danger, tags=tuple(tags), customer_class=tier),
        protected=tuple(Protection(code) for code in protected),
        repeats=repeats,
        urges=urges,
        level=level,
    ),
    st.booleans(),
    codes,
    codes,
    st.sampled_from([None, "residential", "commercial", "vip"]),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(1, 4),
    st.integers(-1000, 1000),
)


def scored(order: WorkOrder) -> WorkOrder:
    points = WEIGHTS.score(order)
    total = sum(point.points for point in points)
    return concerns.scored(order, points, WEIGHTS.rank_at(total, order.received_at))


def score_at(order: WorkOrder, at: datetime) -> int:
    return order.priority + WEIGHTS.waited(order.received_at, at).points


@given(orders)
def test_every_class_has_one_line_and_the_lines_are_the_score(order):
    now = scored(order)
    named = [point.code for point in now.priority_because]
    assert len(named) == len(set(named)) and set(order.classes) <= set(named)
    assert now.priority == sum(point.points for point in now.priority_because)
    assert all(point.why for point in now.priority_because)


@given(orders, st.sampled_from(["arrears_risk", "nuisance", "vip", "life_support"]))
def test_nothing_about_a_customer_lowers_a_fault(order, tag):
    tagged = concerns.tag(order, (*order.asked.tags, tag))
    assert scored(tagged).priority >= scored(order).priority


@given(orders, orders, st.integers(1000, 100_000))
def test_who_comes_first_does_not_depend_on_when_one_looks(one, other, minutes):
    one, other = scored(one), scored(other)
    at = NINE + timedelta(minutes=minutes)
    assert one.rank_at is not None and other.rank_at is not None
    first = one.rank_at < other.rank_at
    assert first == (score_at(one, at) > score_at(other, at))


@given(orders, st.integers(1, 10_000))
def test_waiting_is_worth_its_minutes(order, minutes):
    at = order.received_at + timedelta(minutes=minutes, seconds=59)
    assert WEIGHTS.waited(order.received_at, at).points == minutes
    assert WEIGHTS.waited(order.received_at, order.received_at - timedelta(1)).points == 0


def section() -> dict[str, Any]:
    [house] = [pack for pack in read_packs() if pack["id"] == "house"]
    return {name: value for name, value in house["priority"].items() if name != "source"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"classes": {"arrears_risk": -10}}, "classes: not a whole number"),
        ({"classes": {"famous": 5}}, "classes: unknown key 'famous'"),
        ({"tiers": {"vip": 5}}, "tiers: vip belongs to the classes"),
        ({"waiting_per_minute": 0}, "not a whole number from 1 on"),
        ({"danger": 1.5}, "not a whole number"),
        ({"mood": 5}, "unknown key 'mood'"),
        ({"repeats": {"from": 3}}, "points"),
    ],
)
def test_weights_that_make_no_sense_are_refused_with_the_place(change, place):
    with pytest.raises((BadPolicy, KeyError), match=place):
        read_weights(section() | change)


def test_a_class_from_two_sources_counts_once():
    order = WorkOrder(
        WorkOrderId(UUID(int=1)), UUID(int=2), "1", "fault_report", Site("3205", "urban"),
        NINE, NINE, asked=Asked(tags=("life_support",)),
        protected=(Protection("life_support", NINE),),
    )  # fmt: skip
    assert scored(order).priority == 70
    assert scored(replace(order, protected=())).priority == 70
