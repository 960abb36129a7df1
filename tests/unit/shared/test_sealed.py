"""What is sealed is read by who has the key, and found by who has the other one; by nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealed import Sealer, Unreadable, ring_of

OLD, NEW, INDEX = "an old key of thirty-two letters", "a new key of thirty-two letters.", "i" * 32
SEALER = Sealer([OLD], INDEX)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(WORDS, WORDS)
def test_what_was_sealed_is_opened_again_and_hidden_until_then(value, purpose):
    sealed = SEALER.seal(value, purpose)
    assert SEALER.open(sealed, purpose) == value
    assert len(value) < 4 or value.encode() not in sealed
    assert sealed != SEALER.seal(value, purpose), "who sees two can't tell that they are the same"


@given(WORDS, WORDS, WORDS)
def test_one_thing_does_not_open_as_another(value, purpose, other):
    sealed = SEALER.seal(value, purpose)
    if other != purpose:
        with pytest.raises(Unreadable):
            SEALER.open(sealed, other)


@given(st.data())
def test_one_changed_or_missing_byte_opens_nothing(data):
    sealed = SEALER.seal("13800138000", "sms")
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(changed), sealed[:place]):
        with pytest.raises(Unreadable):
            SEALER.open(broken, "sms")


@given(st.binary(max_size=80))
def test_any_bytes_are_unreadable_and_no_fault(junk):
    with pytest.raises(Unreadable):
        SEALER.open(junk, "sms")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens():
    before = SEALER.seal("13800138000", "sms")
    both = Sealer([NEW, OLD], INDEX)
    after = both.seal("13800138000", "sms")
    assert both.open(before, "sms") == both.open(after, "sms") == "13800138000"
    assert Sealer([NEW], INDEX).open(after, "sms") == "13800138000"
    for ring, sealed in (([NEW], before), ([OLD], after)):
        with pytest.raises(Unreadable):
            Sealer(ring, INDEX).open(sealed, "sms")


@given(WORDS, WORDS, WORDS)
def test_the_index_is_the_same_for_the_same_and_follows_no_change_of_keys(value, other, purpose):
    found = SEALER.index(value, purpose)
    assert found == Sealer([NEW, OLD], INDEX).index(value, purpose)
    assert (found == SEALER.index(other, purpose)) == (value == other)
    assert found != SEALER.index(value, purpose + ".")
    assert found != Sealer([OLD], "j" * 32).index(value, purpose), "not without its own key"


def test_a_key_is_long_enough_and_there_is_one():
    for ring in ([], [""], [NEW, "short"]):
        with pytest.raises(ValueError, match="32"):
            Sealer(ring, INDEX)
    with pytest.raises(ValueError, match="32"):
        Sealer([NEW], "short")
    assert ring_of(f" {NEW}, {OLD} ,") == [NEW, OLD]
