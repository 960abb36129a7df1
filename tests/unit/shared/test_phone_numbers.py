"""A phone number is kept in one form, whatever way it was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.phone import NotAPhoneNumber, phone_of


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(0512) 6500 1234", "051265001234"),
        ("65001234", "65001234"),
    ],
)
def test_one_form(said, kept):
    assert phone_of(said) == kept


@pytest.mark.parametrize(
    "said",
    ["12345678901", "1380013800", "138001380000", "95598", "abc", "138٠0138000", "  ", "-", ""],
)
def test_rubbish_is_no_phone_number(said):
    with pytest.raises(NotAPhoneNumber):
        phone_of(said)


@given(st.text(max_size=30))
def test_any_text_is_ascii_digits_or_refused(said):
    try:
        kept = phone_of(said)
    except NotAPhoneNumber:
        return
    assert kept.isascii() and kept.isdigit() and 7 <= len(kept) <= 12


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.lists(st.integers(0, 10), max_size=4))
def test_pauses_do_not_matter(phone, pauses):
    said = phone
    for place in pauses:
        said = said[:place] + " " + said[place:]
    assert phone_of(said) == phone
