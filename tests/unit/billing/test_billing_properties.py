"""What holds for every bill and every ledger."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing import tariffs
from services.billing.domain.ledger import Due, balance, unpaid
from services.billing.domain.tariff import Tariff, Tier, price, total_fen
from shared.phone import NotAPhoneNumber, phone_of

energy = st.decimals(0, 100_000, places=3)
fen = st.integers(0, 10_000_00)
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@st.composite
def price_lists(draw) -> Tariff:
    """Any rising tiers with any prices that are not negative."""
    tops = sorted(draw(st.sets(st.integers(1, 5000), max_size=5)))
    prices = draw(st.lists(st.decimals(0, 5, places=4), min_size=6, max_size=6))
    limits = [*(Decimal(top) for top in tops), None]
    tiers = tuple(Tier(cost, top) for cost, top in zip(prices, limits, strict=False))
    return Tariff("X", "1", date(2026, 1, 1), tiers, 5, 20, "made up", "D")


@st.composite
def bills(draw) -> list[Due]:
    amounts = draw(st.lists(st.tuples(st.integers(-500_00, 10_000_00), days), max_size=12))
    return [Due(UUID(int=n), amount, on) for n, (amount, on) in enumerate(amounts)]


@given(energy, price_lists())
def test_the_lines_add_up_to_use_and_total(kwh, tariff):
    lines = price(kwh, tariff)
    assert sum(line.kwh for line in lines) == kwh
    exact = sum((line.yuan for line in lines), Decimal(0)) * 100
    assert abs(total_fen(lines) - exact) <= Decimal("0.5")


@given(energy, energy, price_lists())
def test_more_energy_never_costs_less(less, more, tariff):
    less, more = sorted((less, more))
    assert total_fen(price(less, tariff)) <= total_fen(price(more, tariff))


@given(energy, energy, price_lists())
def test_reading_the_meter_in_between_changes_nothing(first, second, tariff):
    whole = price(first + second, tariff)
    early, late = price(first, tariff), price(second, tariff, before_kwh=first)
    assert sum(line.yuan for line in early + late) == sum(line.yuan for line in whole)
    assert abs(total_fen(early) + total_fen(late) - total_fen(whole)) <= 1


@given(bills(), fen, days)
def test_balance_is_bills_less_payments_and_what_is_left_of_bills_is_the_same(dues, paid, on):
    owed = balance(dues, paid, on, tariffs.late_fee(on), "residential")
    assert owed.balance_fen == sum(due.total_fen for due in dues) - paid
    assert sum(due.total_fen for due in unpaid(dues, paid)) == max(owed.balance_fen, 0)
    assert 0 <= owed.overdue_fen <= max(owed.balance_fen, 0)
    assert (owed.overdue_since is None) == (owed.overdue_fen == 0)


@given(bills(), fen)
def test_the_oldest_bill_is_settled_first(dues, paid):
    left = unpaid(dues, paid)
    untouched = {due.bill_id: due.total_fen for due in dues}
    assert all(due.total_fen == untouched[due.bill_id] for due in left[1:])


@given(st.integers(1, 1_000_00), days, st.integers(1, 900))
def test_a_day_later_is_never_cheaper(amount, due_on, late_days):
    paid_on = due_on + timedelta(days=late_days)
    rule = tariffs.late_fee(paid_on)
    fee = rule.fee_fen(amount, due_on, paid_on, "commercial")
    assert 100 <= fee <= rule.fee_fen(amount, due_on, paid_on + timedelta(days=1), "commercial")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("154 0000 0001", "15400000001"),
        ("+86 154-0000-0001", "15400000001"),
        ("8615400000001", "15400000001"),
        ("0086 512 6521 0000", "051265210000"),
        ("1540000０００1", "15400000001"),
        ("(0512) 65210000", "051265210000"),
    ],
)
def test_a_phone_number_is_kept_in_one_form(said, kept):
    assert phone_of(said) == kept


@pytest.mark.parametrize(
    "said", ["", "hello", "12345678901", "154000000012", "1540000000１x", "+44"]
)
def test_rubbish_is_no_phone_number(said):
    with pytest.raises(NotAPhoneNumber):
        phone_of(said)


@given(st.text(max_size=24))
def test_any_text_is_a_phone_number_in_ascii_digits_or_refused(said):
    try:
        assert phone_of(said).isascii()
    except NotAPhoneNumber:
        return
