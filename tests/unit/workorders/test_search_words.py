"""What is found by which words, before any database."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain.blind import BlindIndex
from services.workorders.domain.search import NothingToSearch, folded, lexemes, read_query
from shared.phone import NotAPhoneNumber

NUMBER, ADDRESS, SAID = "2611-2000-0001-00", "临湖区学府路12号3室", "整栋楼停电，Ｌｉｆｔ stuck"


def test_chinese_is_known_by_pairs_and_the_rest_by_words():
    assert {"学府", "府路", "停电", "12", "lift", "stuck"} <= lexemes(ADDRESS, SAID)
    assert "路1" not in lexemes(ADDRESS) and "电l" not in lexemes(SAID)


def test_a_number_is_known_whole_and_by_its_groups():
    assert lexemes(NUMBER) == {"26112000000100", "2611", "2000", "0001", "00"}
    assert folded(NUMBER) == "26112000000100"


@pytest.mark.parametrize(
    ("said", "terms", "wanted"),
    [
        ("学府路", ("学府路",), "'学府' & '府路'"),
        ("学府路 12", ("学府路", "12"), "'学府' & '府路' & '12'"),
        ("整栋楼停电", ("整栋楼停电",), "'整栋' & '楼停' & '停电'"),
        ("变压器着火", ("变压器着火",), "'变压' & '器着' & '着火'"),
        ("26112", ("26112",), "'26112'"),
        ("LIFT", ("lift",), "'lift'"),
        ("ＬＩＦＴ", ("lift",), "'lift'"),
        ("2611-2000", ("26112000",), "'26112000':*"),
        ("停电 停电", ("停电",), "'停电'"),
    ],
)
def test_what_is_asked_of_the_index(said, terms, wanted):
    query = read_query(said)
    assert (query.terms, query.lexemes) == (terms, wanted)


@pytest.mark.parametrize("said", ["", "  ", "路", "学府路 路", "!!", "a b c d e f g h i"])
def test_too_little_or_too_much_is_refused(said):
    with pytest.raises(NothingToSearch):
        read_query(said)


def matches(query: str, known: set[str]) -> bool:
    """As PostgreSQL does it."""
    parts = [part for part in query.split(" & ") if part]
    return all(
        any(one.startswith(part[1:-3]) for one in known)
        if part.endswith(":*")
        else part[1:-1] in known
        for part in parts
    )


@given(
    st.text(st.sampled_from("学府路停电号abＺ12- ，"), min_size=2, max_size=40),
    st.data(),
)
def test_whatever_run_of_chinese_stands_in_a_text_finds_it(text, data):
    plain = folded(text)
    begins = data.draw(st.integers(0, max(0, len(plain) - 2)))
    said = plain[begins : begins + data.draw(st.integers(2, 8))]
    if not all("\u4e00" <= sign <= "\u9fff" for sign in said) or len(said) < 2:
        return
    query = read_query(said)
    assert matches(query.lexemes, lexemes(text))
    assert all(term in plain for term in query.terms)


@given(st.text(max_size=60))
def test_no_text_breaks_the_index_or_the_question(text):
    assert not any("'" in one or "\\" in one for one in lexemes(text))
    with suppress(NothingToSearch):
        read_query(text)


KEY = "a key of thirty-two characters, or more"


def test_a_number_has_one_index_however_it_is_written():
    index = BlindIndex(KEY)
    written = ("13800138000", "+86 138-0013-8000", "１３８００１３８０００")
    assert len({index.of(phone) for phone in written}) == 1
    assert index.of("13800138000") != index.of("13800138001")
    assert index.of("13800138000") != BlindIndex(KEY + ".").of("13800138000")


def test_what_is_no_number_has_none():
    index = BlindIndex(KEY)
    with pytest.raises(NotAPhoneNumber):
        index.of("nobody")
    assert index.of_any("nobody") is index.of_any(None) is None
