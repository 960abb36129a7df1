"""Ids sort by time, traces go on, and neither trusts what it is given."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import new_id
from shared.telemetry import child_of, new_trace, trace_id

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_ids_are_version_7_and_sort_by_time():
    ids = [new_id(NINE + timedelta(milliseconds=n)) for n in range(200)]
    assert ids == sorted(ids)
    assert {(id.version, id.variant) for id in ids} == {(7, "specified in RFC 4122")}


@given(MOMENTS)
def test_an_id_holds_its_moment_to_the_millisecond(at):
    assert new_id(at).int >> 80 == int(at.timestamp() * 1000)


def test_ids_of_one_moment_differ():
    assert len({new_id(NINE) for _ in range(5000)}) == 5000


def test_a_child_is_of_the_same_trace_with_a_span_of_its_own():
    child = child_of(PARENT)
    assert trace_id(child) == trace_id(PARENT) and child != PARENT
    assert child.endswith("-01") and child_of(child) != child


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        "x",
        PARENT.upper(),
        PARENT + "-more",
        PARENT + "\n",
        PARENT.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_a_malformed_parent_begins_a_new_trace(bad):
    child = child_of(bad)
    assert trace_id(child) != trace_id(PARENT) and trace_id(child_of(child)) == trace_id(child)


@given(st.text())
def test_any_text_is_a_parent_or_none(text):
    assert trace_id(child_of(child_of(text)))


def test_traces_begin_unsampled():
    assert new_trace().endswith("-00") and new_trace() != new_trace()
