"""A case number survives being read out over a bad line."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import spoken_number

NUMBERS = st.builds(
    spoken_number, st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(0, 10**9)
)


def sound(number: str) -> bool:
    """Luhn: doubling every second digit from the right, the sum ends in 0."""
    digits = [int(c) for c in number if c != "-"]
    doubled = [d if n % 2 == 0 else sum(divmod(2 * d, 10)) for n, d in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0


def test_what_it_looks_like():
    assert spoken_number(date(2026, 11, 21), 4) == "2611-2100-0000-44"


@given(NUMBERS)
def test_every_number_is_sound(number):
    assert sound(number) and [len(part) for part in number.split("-")] == [4, 4, 4, 2]


@given(NUMBERS, st.data())
def test_every_single_wrong_digit_is_found(number, data):
    place = data.draw(st.sampled_from([n for n, c in enumerate(number) if c != "-"]))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    assert not sound(number[:place] + wrong + number[place + 1 :])


@given(NUMBERS, st.data())
def test_a_swap_of_neighbours_is_found_unless_they_are_0_and_9(number, data):
    digits = number.replace("-", "")
    place = data.draw(st.integers(0, len(digits) - 2))
    a, b = digits[place : place + 2]
    swapped = digits[:place] + b + a + digits[place + 2 :]
    assert sound(swapped) == (a == b or {a, b} == {"0", "9"})


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(0, 9_999_998))
def test_one_serial_one_number(on, serial):
    assert spoken_number(on, serial) != spoken_number(on, serial + 1)
