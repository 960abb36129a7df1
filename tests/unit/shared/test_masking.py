"""What a screen shows of a person by default."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.privacy import mask_account, mask_address, mask_name, mask_phone

PHONES = st.from_regex(r"1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}", fullmatch=True)
STREETS = st.sampled_from(["学府路", "人民街", "河东村", "望桥镇迎湖村", "长桥巷"])
HOUSES = st.builds(
    "{}号{}幢{}室".format, st.integers(1, 999), st.integers(1, 99), st.integers(1, 9999)
)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800138000", "138****8000"),
        ("051265001234", "051****1234"),
        ("6500123", "*****23"),
        ("", ""),
        (None, None),
    ],
)
def test_phones(phone, shown):
    assert mask_phone(phone) == shown


@given(PHONES)
def test_of_a_phone_at_most_seven_digits_remain_and_they_are_its_ends(phone):
    shown = mask_phone(phone)
    start, end = shown.split("*", 1)[0], shown.rsplit("*", 1)[-1]
    assert phone.startswith(start) and phone.endswith(end) and len(start + end) <= 7
    assert phone not in shown


@pytest.mark.parametrize(
    ("name", "shown"), [("王小明", "王**"), ("王", "王"), ("O'Neill", "O******"), (None, None)]
)
def test_names(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("虎丘区学府路12号3室", "虎丘区学府路****"),
        ("青禾镇河东村3组12号", "青禾镇河东村****"),
        ("学府路", "学府路"),
        ("学府路12号幸福里3室", "学府路****"),
        ("12号幸福里", "12号****"),
        ("金色家园12幢", "金色家****"),
        ("", ""),
        (None, None),
    ],
)
def test_addresses(address, shown):
    assert mask_address(address) == shown


@given(st.sampled_from(["", "临湖区", "南泽区"]), STREETS, HOUSES, STREETS | st.just(""))
def test_behind_the_street_nothing_of_the_house_remains(district, street, house, more):
    shown = mask_address(district + street + house + more)
    assert shown == district + street + "****"


@given(st.text(min_size=1, max_size=60))
def test_an_address_is_never_shown_longer_than_it_is(address):
    shown = mask_address(address)
    assert shown == address or address.startswith(shown.removesuffix("****"))


@given(st.from_regex(r"[0-9]{6,20}", fullmatch=True))
def test_of_an_account_number_four_digits_remain(number):
    shown = mask_account(number)
    assert len(shown) == len(number)
    assert shown.lstrip("*") == number[-4:] or shown == "*" * len(shown[:-4]) + number[-4:]
