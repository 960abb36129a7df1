"""JSON in the narrow sense: what passes is what everybody downstream can live with."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.strict import check

CLEAN = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CLEAN),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(CLEAN), inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_ordinary_json_passes(value, ascii_only):
    check(json.dumps(value, ensure_ascii=ascii_only).encode())


@given(st.binary(max_size=200))
def test_any_bytes_pass_or_are_refused_and_what_passes_is_json(body):
    try:
        check(body)
    except ValueError:
        return
    json.loads(body)


@given(VALUES, st.sampled_from(["\x00", "\ud800", "\udfff"]), st.text(CLEAN))
def test_a_character_that_is_none_is_found_at_any_depth(value, bad, text):
    for spoilt in ([value, text + bad], {"a": [{text + bad: value}]}, bad + text):
        with pytest.raises(ValueError, match="a character that is none"):
            check(json.dumps(spoilt).encode())


@pytest.mark.parametrize("number", ["1" * 40, "-" + "1" * 39, "1e308", "0.1", "-0"])
def test_numbers_that_fit(number):
    check(number.encode())


@pytest.mark.parametrize(
    "number",
    ["1" * 41, "-" + "1" * 40, "1e309", "-1e999", "0." + "1" * 40, "NaN", "Infinity", "-Infinity"],
)
def test_numbers_that_do_not(number):
    with pytest.raises(ValueError, match="number"):
        check(f"[{number}]".encode())


def test_a_surrogate_pair_is_a_character():
    check(b'"\\ud83d\\udca1"')


@pytest.mark.parametrize("depth", [100, 900, 990, 1000, 5_000, 100_000])
def test_however_deep_it_is_refused_or_passes_but_never_crashes(depth):
    for start, end in ((b"[", b"]"), (b'{"a":', b"}")):
        try:
            check(start * depth + b'"\\u0041"' + end * depth)
        except ValueError:
            assert depth > 500
