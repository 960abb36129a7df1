"""Who calls, from where: the same for the same file and run, and never two from one phone."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.replay.calls import REGIONS, TooManyCalls, address, area, calls, description, region
from deploy.replay.rows import Fault, Point
from services.intake.api import CaseIn
from shared.phone import phone_of

AT = datetime(2025, 1, 24, 2, 10, tzinfo=UTC)
FAULT = Fault("1", AT, None, AT, "BT60 1", Point(296_854, 339_761), 3, "On its way.", "Storm.")
BARE = Fault("2", AT, None, AT, None, None, 1, None, None)

instants = st.datetimes(timezones=st.just(UTC))
metres = st.integers(0, 9_999_999) | st.integers(180_000, 460_000)
faults = st.builds(
    Fault,
    outage_id=st.from_regex(r"[A-Za-z0-9_-]{1,36}", fullmatch=True),
    started_at=instants,
    etr_at=st.none() | instants,
    updated_at=instants,
    postcode=st.none() | st.from_regex(r"BT[1-9][0-9]?( [0-9])?", fullmatch=True),
    point=st.none() | st.builds(Point, metres, metres),
    customers=st.integers(1, 20),
    status=st.none() | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=1_000),
    cause=st.none() | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=1_000),
)
files = st.lists(faults, max_size=8, unique_by=lambda fault: fault.outage_id)
runs = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@given(files, runs, st.booleans())
def test_intake_takes_every_call(of, run, each_customer):
    for call in calls(of, run, each_customer=each_customer):
        asked = CaseIn.model_validate_json(json.dumps(call.body)).asked()
        assert asked.region in REGIONS
        assert phone_of(asked.caller_phone) == call.phone
        assert asked.transformer == f"NIE-{call.outage_id}"
        assert len(call.key) <= 255 and call.key.isascii() and call.key.isprintable()


@given(files, runs)
def test_every_customer_calls_once_from_a_phone_of_their_own(of, run):
    made = calls(of, run, each_customer=True)
    assert len(made) == sum(fault.customers for fault in of)
    assert len({call.phone for call in made}) == len({call.key for call in made}) == len(made)
    assert all(re.fullmatch(r"154\d{7}[0157]", call.phone) for call in made)
    for fault in of:
        mine = [call.transformer for call in made if call.outage_id == fault.outage_id]
        assert mine == [f"NIE-{fault.outage_id}"] * fault.customers


@given(files, runs, st.booleans(), st.integers(0, 8))
def test_the_same_run_makes_the_same_calls_and_fewer_faults_their_beginning(
    of, run, each_customer, limit
):
    made = calls(of, run, each_customer=each_customer)
    assert calls(of, run, each_customer=each_customer) == made
    some = calls(of[:limit], run, each_customer=each_customer)
    assert made[: len(some)] == some


@given(faults)
def test_another_run_uses_other_keys_for_the_same_place(fault):
    [one], [other] = (calls([fault], run, each_customer=False) for run in ("a", "b"))
    assert one.key != other.key and one.body["location"] == other.body["location"]


@pytest.mark.parametrize(
    ("postcode", "expected"),
    [
        ("BT1", "320508"),
        ("BT17 9", "320508"),
        ("BT18", "320505"),
        ("BT41 3", "320506"),
        ("BT60 1", "320507"),
        ("BT94 1", "320509"),
    ],
)
def test_a_postcode_has_its_district(postcode, expected):
    assert region(replace(FAULT, postcode=postcode, point=None)) == expected
    assert region(replace(FAULT, postcode=postcode)) == expected


def test_without_a_postcode_the_nearest_district_serves_and_nowhere_is_the_city():
    omagh, larne = Point(245_000, 372_000), Point(340_000, 403_000)
    assert region(replace(BARE, point=omagh)) == "320509"
    assert region(replace(BARE, point=larne)) == "320508"
    assert region(BARE) == region(replace(BARE, point=Point(0, 0))) == "320508"


@pytest.mark.parametrize(
    ("postcode", "point", "expected"),
    [
        ("BT9 5", Point(333_503, 371_964), "urban"),
        ("BT17", None, "urban"),
        ("BT18", Point(340_000, 380_000), "rural"),
        ("BT94 1", Point(219_999, 362_125), "remote"),
        ("BT94 1", Point(220_000, 362_125), "rural"),
        ("BT54 6", Point(310_000, 420_001), "remote"),
        ("BT78 4", Point(96, 90), "rural"),
        (None, Point(0, 0), "rural"),
        (None, None, "rural"),
    ],
)
def test_how_far_out_it_is(postcode, point, expected):
    assert area(replace(FAULT, postcode=postcode, point=point)) == expected


def test_an_address_is_what_is_known_of_it():
    assert address(FAULT) == "BT60 1, Irish Grid 296854 339761"
    assert address(replace(FAULT, postcode=None)) == "Irish Grid 296854 339761"
    assert address(replace(FAULT, point=Point(0, 0))) == "BT60 1"
    assert address(BARE) is None
    assert "address" not in calls([BARE], "r", each_customer=False)[0].body["location"]


def test_a_description_says_what_the_file_says():
    assert description(replace(FAULT, etr_at=AT)) == (
        "No power since 2025-01-24 02:10 UTC. Customers affected: 3. Storm. On its way."
        " Expected back: 2025-01-24 02:10 UTC. As of 2025-01-24 02:10 UTC."
    )
    assert "Expected" not in description(BARE) and "None" not in description(BARE)


def test_there_are_not_phones_for_everybody():
    with pytest.raises(TooManyCalls):
        calls([replace(FAULT, customers=9_999_999)], "r", each_customer=True)
