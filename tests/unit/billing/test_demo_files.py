"""The demo's files are what its generator makes, and hold nobody who could exist."""

import re
from pathlib import Path

import services
from deploy import demo

FOLDER = Path(services.__file__).parent


def test_the_files_checked_in_are_what_the_generator_writes(tmp_path):
    demo.write(tmp_path)
    for name in demo.files():
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_customers_are_plausible_and_can_not_be_real():
    accounts = demo.accounts()
    assert 280 <= len(accounts) <= 320
    assert len({row["account_no"] for row in accounts}) == len(accounts)
    assert all(re.fullmatch(r"[0-9]{10}", row["account_no"]) for row in accounts)
    assert all(re.fullmatch(r"154[0-9]{8}", row["phone"]) for row in accounts)
    assert {row["area"] for row in accounts} == {"urban", "rural", "remote"}
    assert {row["customer_class"] for row in accounts} >= {"residential", "important_l1"}
    assert any(row["life_support"] == "yes" for row in accounts)


def test_every_region_has_a_team_and_somebody_to_tell():
    prefixes = {team["region"] for team in demo.teams()}
    regions = {row["region"] for row in demo.accounts()}
    assert regions < prefixes and "32" in prefixes
    contacts = demo.duty_contacts()
    assert {row["region"] for row in contacts} == prefixes
    assert {row["phone"] for row in contacts} <= {team["phone"] for team in demo.teams()}
