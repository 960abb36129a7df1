"""A case: where it is, what it promises, and how it keeps step with its order."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import (
    Account,
    Asked,
    Case,
    CaseId,
    Commitment,
    Location,
    Progress,
    Status,
    UnknownAccount,
    WhereIsIt,
)

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOME = Location("320505", "urban", "学府路12号", "T-1")
ACCOUNT = Account("5050000001", "王小明", "13800138000", HOME)
FACTS = st.lists(
    st.tuples(
        st.integers(1, 8),
        st.sampled_from([*Status, None]),
        st.sampled_from([None, "LH-1", "LH-2"]),
        st.sampled_from([None, NINE, NINE + timedelta(hours=1)]),
    ),
    max_size=12,
)


def asked(**said: str) -> Asked:
    return Asked("fault_report", "phone", "停电", **said)


def accepted(*commitments: Commitment) -> Case:
    number = "2611-2000-0000-44"
    return Case.accept(CaseId(UUID(int=1)), number, asked(), HOME, commitments, at=NINE)


def test_what_was_said_counts_and_the_account_fills_the_rest():
    said = asked(account_no=ACCOUNT.account_no, address="学府路13号")
    assert said.location(ACCOUNT) == Location("320505", "urban", "学府路13号", "T-1")
    assert asked(region="320506", area="rural").location(None) == Location("320506", "rural")


@pytest.mark.parametrize("said", [{}, {"region": "320505"}, {"area": "urban"}])
def test_nowhere_is_refused(said):
    with pytest.raises(WhereIsIt):
        asked(**said).location(None)


def test_an_account_that_nobody_has_is_refused():
    with pytest.raises(UnknownAccount):
        asked(account_no="1", region="320505", area="urban").location(None)


def test_a_promise_is_due_when_it_was_said():
    [promise] = accepted(Commitment("arrival", 45, "sgcc-2022", "2022.1")).promises
    assert promise.due_at == NINE + timedelta(minutes=45)


@given(FACTS)
def test_only_newer_facts_count(facts):
    case, newest = accepted(), 0
    for version, status, team, etr_at in facts:
        before = case
        case = case.follow(status, Progress(version, team, etr_at))
        if version <= newest:
            assert case is before
        else:
            newest = version
            assert case.status is (status or before.status)
            assert case.progress.team == (team or before.progress.team)
    assert case.progress.version == newest


@given(FACTS)
def test_hearing_all_of_it_again_changes_nothing(facts):
    once = accepted()
    for version, *rest in facts:
        once = once.follow(rest[0], Progress(version, *rest[1:]))
    again = once
    for version, *rest in facts:
        again = again.follow(rest[0], Progress(version, *rest[1:]))
    assert again is once
