"""What energy costs: tiers, free energy, late fees; in Decimal, rounded once, on the total."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from shared.errors import Invalid

_ZERO, _WHOLE, _FEN = Decimal(0), Decimal(1), Decimal(100)


class NegativeUse(Invalid):
    """Energy used can't be negative."""


class BadTariff(ValueError):
    """A price list does not say what it must; the message names the fault."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to and including `up_to_kwh`; the last tier is open."""

    yuan_per_kwh: Decimal
    up_to_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """One dated price list. Tiers begin anew each bill; `free_kwh` come off before they fill."""

    code: str
    version: str
    valid_from: date
    tiers: tuple[Tier, ...]
    issued_after_days: int
    due_after_days: int
    source: str
    certainty: str
    valid_to: date | None = None  # the last day, included
    free_kwh: Decimal = _ZERO

    def __post_init__(self) -> None:
        tops = [tier.up_to_kwh for tier in self.tiers]
        closed = [top for top in tops if top is not None]
        if not tops or tops[-1] is not None or len(closed) != len(tops) - 1:
            raise BadTariff(f"{self.code}: only the last tier is open")
        if any(low >= high for low, high in zip([_ZERO, *closed], closed, strict=False)):
            raise BadTariff(f"{self.code}: tiers must rise")


@dataclass(frozen=True, slots=True)
class Line:
    """What was used within one tier. Unrounded: a bill is rounded once, on its total."""

    tier: int
    kwh: Decimal
    yuan_per_kwh: Decimal

    @property
    def yuan(self) -> Decimal:
        return self.kwh * self.yuan_per_kwh


def price(kwh: Decimal, tariff: Tariff, before_kwh: Decimal = _ZERO) -> tuple[Line, ...]:
    """The lines of `kwh`, each priced by the tier in which it falls (rules R2, R3, R7).

    A kWh exactly on a boundary belongs to the lower tier. `before_kwh` have filled the tiers
    already: priced is `(before, before + kwh]`. Free kWh are taken off first and fill nothing.
    """
    if kwh < 0 or before_kwh < 0:
        raise NegativeUse
    until = before_kwh + max(kwh - tariff.free_kwh, _ZERO)
    lines, floor = [], before_kwh
    for number, tier in enumerate(tariff.tiers, start=1):
        top = until if tier.up_to_kwh is None else min(until, tier.up_to_kwh)
        if top > floor:
            lines.append(Line(number, top - floor, tier.yuan_per_kwh))
            floor = top
    return tuple(lines)


def total_fen(lines: Iterable[Line]) -> int:
    """What the lines come to, in fen: rounded here and nowhere else, half away from zero."""
    return _rounded(sum((line.yuan for line in lines), _ZERO) * _FEN)


def _rounded(fen: Decimal) -> int:
    return int(fen.quantize(_WHOLE, ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class LateRates:
    """A day's late fee on one unit of arrears: in the year of the due date, and in later years."""

    this_year: Decimal
    later_years: Decimal


@dataclass(frozen=True, slots=True)
class LateFeePolicy:
    """Late fees as dated data: a rate for each customer class, `other` for those not named."""

    version: str
    valid_from: date
    rates: Mapping[str, LateRates]
    minimum_fen: int
    source: str
    certainty: str
    valid_to: date | None = None

    def fee_fen(self, amount_fen: int, due_on: date, paid_on: date, customer_class: str) -> int:
        """What paying `amount_fen` late costs (rule R16).

        The due day does not count, the payment day does. The sum is rounded, then raised to the
        minimum if any day counts.
        """
        days = (paid_on - due_on).days
        if days <= 0 or amount_fen <= 0:
            return 0
        rates = self.rates.get(customer_class, self.rates["other"])
        first_days = min(days, (date(due_on.year, 12, 31) - due_on).days)
        shares = rates.this_year * first_days + rates.later_years * (days - first_days)
        return max(_rounded(amount_fen * shares), self.minimum_fen)
