"""An address as somebody gives it: in one form, on one line, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.addresses import (
    Addresses,
    Channel,
    NotAMobile,
    NotAnEmail,
    NotOneLine,
)
from shared.phone import NotAPhoneNumber
from shared.sealed import Sealer, Unreadable

ADDRESSES = Addresses(Sealer(["k" * 32], "i" * 32))


def test_one_mobile_however_it_is_written_is_one_person():
    said = ("13800138001", "+86 138-0013-8001", "１３８００１３８００１", " 13800138001 ")
    assert len({ADDRESSES.mobile(one).index for one in said}) == 1
    assert ADDRESSES.opened(Channel.SMS, ADDRESSES.mobile(said[1]).sealed) == said[0]
    assert ADDRESSES.mobile("13800138001").index == ADDRESSES.phone("13800138001").index


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("051265001234", NotAMobile),
        ("65001234", NotAMobile),
        ("12800138001", NotAPhoneNumber),
        ("1380013800", NotAPhoneNumber),
        ("", NotAPhoneNumber),
        ("13800138001\n", NotOneLine),
        ("138\r\n00138001", NotOneLine),
        ("138\u202e00138001", NotOneLine),
        ("138\x0000138001", NotOneLine),
    ],
)
def test_no_mobile_no_address(said, refused):
    with pytest.raises(refused):
        ADDRESSES.mobile(said)


def test_the_domain_s_case_makes_no_other_mailbox_but_the_local_part_s_does():
    one, same, other = map(
        ADDRESSES.email, ("w.x@Demo.example", "w.x@demo.EXAMPLE", "W.x@demo.example")
    )
    assert one.index == same.index != other.index


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("wang@demo.example\nBcc: all@demo.example", NotOneLine),
        ("wang@demo.example\r", NotOneLine),
        ("wang\u2028@demo.example", NotOneLine),
        ("wang", NotAnEmail),
        ("wang@demo", NotAnEmail),
        ("wang@ demo.example", NotAnEmail),
        ("王@demo.example", NotAnEmail),
        ("a@b@demo.example", NotAnEmail),
        ('"a b"@demo.example', NotAnEmail),
        ("w" * 65 + "@demo.example", NotAnEmail),
        ("w@" + "d" * 250 + ".example", NotAnEmail),
    ],
)
def test_no_mailbox_no_address(said, refused):
    with pytest.raises(refused):
        ADDRESSES.email(said)


@given(st.text())
def test_whatever_is_said_is_taken_as_one_line_or_refused_by_name(said):
    for read, channel in ((ADDRESSES.mobile, Channel.SMS), (ADDRESSES.email, Channel.EMAIL)):
        try:
            address = read(said)
        except (NotOneLine, NotAPhoneNumber, NotAMobile, NotAnEmail):
            continue
        assert ADDRESSES.opened(channel, address.sealed).isprintable()


def test_a_phone_does_not_open_as_an_e_mail():
    with pytest.raises(Unreadable):
        ADDRESSES.opened(Channel.EMAIL, ADDRESSES.mobile("13800138001").sealed)
