"""A cursor leads back to its place; what is none of ours is refused."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shared.page import BadCursor, after, cursor_after

AT = sa.Column("at", sa.DateTime(timezone=True))
ID = sa.Column("id", sa.Uuid)
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def place_of(condition: sa.ColumnElement[bool]) -> tuple[datetime, UUID]:
    at, id = condition.compile().params.values()
    return at, id


@given(MOMENTS, st.uuids(), st.integers(-14 * 60, 14 * 60))
def test_there_and_back(at, id, minutes):
    local = at.astimezone(timezone(timedelta(minutes=minutes)))
    for cursor in (cursor_after(at, id), cursor_after(local, id)):
        assert place_of(after(AT, ID, cursor)) == (at, id)
        assert len(cursor) <= 120, "it fits into what a route takes"


def test_without_a_cursor_all_is_wanted():
    assert after(AT, ID, None) == sa.true()


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "电",
        "====",
        cursor(""),
        cursor("2026-11-20T09:00:00+00:00"),
        cursor(f"2026-11-20T09:00:00 {UUID(int=1)}"),
        cursor(f"0001-01-01T00:00:00+14:00 {UUID(int=1)}"),
        cursor(f"9999-12-31T23:59:59-14:00 {UUID(int=1)}"),
        cursor(f"soon {UUID(int=1)}"),
        cursor("2026-11-20T09:00:00+00:00 me"),
        base64.urlsafe_b64encode(b"\xff\xfe \xff").decode(),
    ],
)
def test_what_is_none_of_ours(bad):
    with pytest.raises(BadCursor):
        after(AT, ID, bad)


@given(st.text(max_size=120))
def test_any_text_is_a_cursor_or_refused(text):
    try:
        after(AT, ID, text)
    except BadCursor:
        return
