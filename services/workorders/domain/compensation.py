"""What a customer is owed when a promise is broken: dated data, section `compensation` of a pack.

Amounts are whole, in the currency's smallest unit: pence, fen. Source: handbook domain, section 11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.workorders.domain.outage import Weather
from services.workorders.domain.written import BadPolicy, duration, only, place, text, whole, word
from services.workorders.domain.written import words as read_words
from shared.errors import Conflict, Invalid

HOME = "residential"


class NoSuchReason(Invalid):
    """That is no reason for which nothing is owed."""


class ExemptAlready(Conflict):
    """Nothing is owed for this any more."""


class NotClaimable(Invalid):
    """What was claimed is too late, or of a kind that the policy in use does not know."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Power is back `within` so long after the fault became known, or `amount` is owed; for every
    `every` longer `further` more, at most `most` in all.

    classes: of the account; none means all. weather: as declared. customers: how many are affected,
    from the first number on, below the second.
    """

    name: str
    within: timedelta
    amount: int
    source: str
    certainty: str
    classes: frozenset[str] = frozenset()
    weather: frozenset[Weather] = frozenset({Weather.NORMAL})
    customers: tuple[int, int | None] = (0, None)
    every: timedelta | None = None
    further: int = 0
    most: int | None = None

    def fits(self, customer_class: str | None) -> bool:
        return not self.classes or (customer_class or HOME) in self.classes

    def holds(self, weather: Weather, customers: int) -> bool:
        """It is this rule that counts, as things are known now."""
        least, below = self.customers
        return (
            weather in self.weather and least <= customers and (below is None or customers < below)
        )

    def due_at(self, began_at: datetime, step: int) -> datetime | None:
        """When the sum of this step is owed; None when there is no such step."""
        if step == 1:
            return began_at + self.within
        if self.every is None or self.sum(step) <= 0:
            return None
        return began_at + self.within + (step - 1) * self.every

    def sum(self, step: int) -> int:
        """What is owed at this step, beside what the steps before it were."""
        amount = self.amount if step == 1 else self.further
        if self.most is None:
            return amount
        before = 0 if step == 1 else self.amount + (step - 2) * self.further
        return max(0, min(amount, self.most - before))


@dataclass(frozen=True, slots=True)
class Appliances:
    """Household appliances that we damaged. lives: years of service, by kind."""

    claim_within: timedelta
    lives: Mapping[str, int]
    source: str
    certainty: str

    def owed(self, kind: str, price: int, bought_on: date, damaged_on: date) -> int:
        """Price x (1 - years used / service life), rounded once; nothing beyond its life.

        Raises NotClaimable. Years are whole years of use.
        """
        if kind not in self.lives:
            raise NotClaimable(kind=kind, known=sorted(self.lives))
        if bought_on > damaged_on:
            raise NotClaimable("it was damaged before it was bought")
        used = damaged_on.year - bought_on.year
        if (damaged_on.month, damaged_on.day) < (bought_on.month, bought_on.day):
            used -= 1
        left = max(Decimal(0), 1 - Decimal(used) / self.lives[kind])
        return int((price * left).quantize(Decimal(1), ROUND_HALF_UP))

    def check_claim(self, damaged_at: datetime, at: datetime) -> None:
        """Raises NotClaimable."""
        if not damaged_at <= at <= damaged_at + self.claim_within:
            latest = (damaged_at + self.claim_within).isoformat()
            raise NotClaimable("a claim comes within days of the damage", latest_at=latest)


@dataclass(frozen=True, slots=True)
class Compensation:
    """A section `compensation`. exemptions: reason codes for which nothing is owed."""

    currency: str
    exemptions: Mapping[str, str]
    rules: Sequence[Rule] = field(default_factory=tuple)
    appliances: Appliances | None = None

    def check_reason(self, code: str) -> None:
        """Raises NoSuchReason."""
        if code not in self.exemptions:
            raise NoSuchReason(reason=code, known=sorted(self.exemptions))

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)


def read_compensation(data: Mapping[str, Any]) -> Compensation:
    """Raises BadPolicy with the place."""
    given = only(data, ("currency", "exemptions", "rules", "appliances"))
    currency = text(given["currency"])
    if len(currency) != 3 or not currency.isupper():
        raise BadPolicy(f"not a currency: {currency!r}")
    rules = []
    for number, one in enumerate(given.get("rules", []), start=1):
        with place(f"rule {number}"):
            rules.append(_rule(one))
    if len({rule.name for rule in rules}) != len(rules):
        raise BadPolicy("two rules have one name")
    appliances = None
    if "appliances" in given:
        with place("appliances"):
            appliances = _appliances(given["appliances"])
    exemptions = {word(code): text(one) for code, one in given["exemptions"].items()}
    return Compensation(currency, exemptions, tuple(rules), appliances)


def _rule(data: object) -> Rule:
    given = only(
        data,
        ("rule", "within", "amount", "classes", "weather", "customers", "further", "most",
         "source", "certainty"),
    )  # fmt: skip
    further = only(given.get("further", {}), ("every", "amount"))
    counted = only(given.get("customers", {}), ("from", "below"))
    return Rule(
        name=word(given["rule"]),
        within=duration(given["within"]),
        amount=whole(given["amount"]),
        classes=read_words(given["classes"]) if "classes" in given else frozenset(),
        weather=frozenset(
            Weather(one) for one in read_words(given.get("weather", "normal"), list(Weather))
        ),
        customers=(
            whole(counted.get("from", 0), 0),
            whole(counted["below"]) if "below" in counted else None,
        ),
        every=duration(further["every"]) if further else None,
        further=whole(further["amount"]) if further else 0,
        most=whole(given["most"]) if "most" in given else None,
        source=text(given["source"]),
        certainty=text(given["certainty"]),
    )


def _appliances(data: object) -> Appliances:
    given = only(data, ("claim_within", "lives", "source", "certainty"))
    return Appliances(
        claim_within=duration(given["claim_within"]),
        lives={word(kind): whole(years) for kind, years in given["lives"].items()},
        source=text(given["source"]),
        certainty=text(given["certainty"]),
    )
