"""The golden bills of the handbook: G1 to G7, and the late fees G15 and G16."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.billing import tariffs
from services.billing.domain.tariff import BadTariff, NegativeUse, Tariff, Tier, price, total_fen
from services.billing.tariffs import NoTariff

JULY = date(2012, 7, 31)
BJ = tariffs.tariff("BJ", JULY)
BJ_15 = tariffs.tariff("BJ-15", JULY)
ZJ = replace(
    BJ,
    code="ZJ",
    tiers=(
        Tier(Decimal("0.538"), Decimal(2760)),
        Tier(Decimal("0.588"), Decimal(4800)),
        Tier(Decimal("0.838")),
    ),
)


def bill(tariff: Tariff, kwh: int, before: int = 0) -> int:
    return total_fen(price(Decimal(kwh), tariff, Decimal(before)))


@pytest.mark.parametrize(
    ("tariff", "kwh", "fen"),
    [
        pytest.param(BJ, 200, 97_66, id="G1"),
        pytest.param(BJ, 300, 149_49, id="G2"),
        pytest.param(BJ, 450, 242_74, id="G3"),
        pytest.param(BJ, 150, 73_25, id="G4-half-up"),
        pytest.param(BJ_15, 200, 90_34, id="G5-free-kwh"),
        pytest.param(BJ, 405, 207_26, id="G13-rebilled"),
    ],
)
def test_a_month_in_tiers(tariff, kwh, fen):
    assert bill(tariff, kwh) == fen


@pytest.mark.parametrize(
    ("before", "kwh", "fen"),
    [pytest.param(2700, 300, 173_40, id="G6"), pytest.param(4700, 350, 268_30, id="G7")],
)
def test_a_tier_goes_on_filling_from_what_was_used_before(before, kwh, fen):
    assert bill(ZJ, kwh, before) == fen


def test_lines_are_exact_and_only_the_total_is_rounded():
    lines = price(Decimal(450), BJ)
    assert [line.yuan for line in lines] == [
        Decimal("117.192"),
        Decimal("86.128"),
        Decimal("39.415"),
    ]


def test_the_boundary_belongs_to_the_lower_tier():
    assert [line.tier for line in price(Decimal(240), BJ)] == [1]
    assert [line.tier for line in price(Decimal("240.001"), BJ)] == [1, 2]


@pytest.mark.parametrize("kwh", [0, 10, 15])
def test_free_energy_costs_nothing(kwh):
    assert bill(BJ_15, kwh) == 0


def test_negative_use_is_refused():
    with pytest.raises(NegativeUse):
        bill(BJ, -1)


@pytest.mark.parametrize(
    ("amount", "due_on", "paid_on", "customer_class", "fen"),
    [
        pytest.param(242_74, (2026, 3, 1), (2026, 3, 16), "residential", 3_64, id="G15"),
        pytest.param(30_00, (2026, 3, 1), (2026, 3, 6), "residential", 1_00, id="G16-minimum"),
        pytest.param(1000_00, (2026, 12, 21), (2027, 1, 10), "commercial", 50_00, id="new-year"),
        pytest.param(30_00, (2026, 3, 1), (2026, 3, 1), "residential", 0, id="on-the-due-day"),
    ],
)
def test_late_fees(amount, due_on, paid_on, customer_class, fen):
    due_on, paid_on = date(*due_on), date(*paid_on)
    assert tariffs.late_fee(paid_on).fee_fen(amount, due_on, paid_on, customer_class) == fen


def test_without_a_published_price_nothing_is_guessed():
    with pytest.raises(NoTariff):
        tariffs.tariff("BJ", date(2012, 6, 30))
    with pytest.raises(NoTariff):
        tariffs.tariff("no such list", JULY)


@pytest.mark.parametrize("tops", [(), (None, None), (240, 400), (400, 240, None), (0, None)])
def test_a_price_list_must_rise_and_end_open(tops):
    tiers = tuple(Tier(Decimal(1), None if top is None else Decimal(top)) for top in tops)
    with pytest.raises(BadTariff):
        replace(BJ, tiers=tiers)
