"""Customers whom an outage must not hit unnoticed: classes as data, and who may know of them.

Source: handbook domain, sections 9 and 13; a life-support flag is health data.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.limit import CASE_TYPES, CLASSES
from services.workorders.domain.parts import Protection
from services.workorders.domain.refusals import MissingField, UnknownCode
from services.workorders.domain.written import only, place, text, words, yes_or_no
from shared.errors import Invalid

ProtectedId = NewType("ProtectedId", UUID)
# Health data: known to those who act on it; others see that there is something, not what.
HEALTH = frozenset({"life_support", "vulnerable"})
KNOWING = frozenset({"dispatcher", "supervisor", "crew"})
HIDDEN = "protected"


class ProtectionEnds(Invalid):
    """A protection begins before it ends."""


@dataclass(frozen=True, slots=True)
class ProtectedClass:
    """alert: a supervisor is told at once. temporary: it ends. phone: the customer is called."""

    meaning: str
    alert: bool = False
    temporary: bool = False
    phone: bool = False


@dataclass(frozen=True, slots=True)
class ProtectedClasses:
    """A section `protection`. types: the kinds of cases in which the customer is without power."""

    types: frozenset[str]
    classes: Mapping[str, ProtectedClass]

    def of(self, code: str) -> ProtectedClass:
        """Raises UnknownCode."""
        if code not in self.classes:
            raise UnknownCode(f"class {code}", field="code", known=sorted(self.classes))
        return self.classes[code]

    def alerting(self, case_type: str, codes: Collection[str]) -> tuple[str, ...]:
        """Those of the classes that a supervisor must hear of."""
        if case_type not in self.types:
            return ()
        return tuple(sorted(c for c in codes if c in self.classes and self.classes[c].alert))

    def by_phone(self, codes: Collection[str]) -> bool:
        """Somebody calls the customer: words on a screen may not be enough."""
        return any(self.classes[code].phone for code in codes if code in self.classes)


@dataclass(frozen=True, slots=True)
class ProtectedCustomer:
    """That an account is protected, since when, until when (exclusive), and who said so."""

    id: ProtectedId
    account_no: str
    region: str
    code: str
    source: str
    valid_from: datetime
    valid_to: datetime | None
    note: str = ""
    version: int = 1

    def valid(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def acts_at(self, at: datetime) -> datetime | None:
        """When it next starts or ends, after `at`."""
        later = [x for x in (self.valid_from, self.valid_to) if x is not None and x > at]
        return min(later, default=None)

    def overlaps(self, other: "ProtectedCustomer") -> bool:
        """The same class twice at one moment."""
        return (
            self.code == other.code
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and (self.valid_to is None or other.valid_from < self.valid_to)
        )

    def checked(self, classes: ProtectedClasses) -> "ProtectedCustomer":
        """Raises UnknownCode, ProtectionEnds, MissingField."""
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ProtectionEnds(field="valid_to")
        if classes.of(self.code).temporary and self.valid_to is None:
            raise MissingField(f"{self.code} has an end", missing=["valid_to"])
        return self


def hides(code: str, role: str | None) -> bool:
    return code in HEALTH and role not in KNOWING


def seen(codes: Iterable[str], role: str | None) -> list[str]:
    """The classes as this role may know them."""
    return sorted({HIDDEN if hides(code, role) else code for code in codes})


def protections(known: Sequence[ProtectedCustomer], at: datetime) -> tuple[Protection, ...]:
    """What protects an account at that moment: of each class what lasts longest."""
    valid = [one for one in known if one.valid(at)]
    return tuple(Protection(one.code, one.valid_to) for one in sorted(valid, key=lambda x: x.code))


def read_protection(data: Mapping[str, Any]) -> ProtectedClasses:
    """Raises BadPolicy with the place."""
    given = only(data, ("types", "classes"))
    classes = {}
    for code, one in given["classes"].items():
        words(code, CLASSES)
        with place(f"class {code}"):
            classes[code] = _class(one)
    return ProtectedClasses(words(given["types"], CASE_TYPES), classes)


def _class(data: object) -> ProtectedClass:
    given = only(data, ("meaning", "alert", "temporary", "phone"))
    flags = {n: yes_or_no(given[n]) for n in ("alert", "temporary", "phone") if n in given}
    return ProtectedClass(text(given["meaning"]), **flags)
