"""How each kind of case is handled: dated data, a section `handling` of a policy pack."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from services.workorders.domain.written import BadPolicy, only, place, text, whole, yes_or_no


@dataclass(frozen=True, slots=True)
class Handling:
    """One kind of case.

    hold: an agent first tries to answer it; it is not dispatched by itself.
    review: someone reads the reply before the customer is called back. checklist: what they check.
    evidence: the least number of proofs a reply needs. substantiated: a reply must judge the claim.
    callback_attempts: tries before a callback has failed, callback_minutes apart at least.
    returns: before a supervisor decides. urges: how often a customer may urge in one round before
    a supervisor watches. reopen_days: after archiving. repeat_days: how long a closed matter of the
    same customer makes the next one a repetition. relabel: another person must agree to call it
    something else.
    """

    hold: bool
    review: bool
    evidence: int
    substantiated: bool
    callback_attempts: int
    returns: int
    urges: int
    reopen_days: int
    callback_minutes: int = 0
    repeat_days: int = 0
    relabel: bool = False
    checklist: tuple[str, ...] = ()

    @property
    def callback_spacing(self) -> timedelta:
        return timedelta(minutes=self.callback_minutes)

    def repeats(self, closed: Sequence[datetime], at: datetime) -> int:
        """How many of the matters closed at these moments make one of now a repetition."""
        since = at - timedelta(days=self.repeat_days)
        return sum(since <= one for one in closed)

    def missing(self, evidence: int, substantiated: bool | None) -> list[str]:
        """What a reply still needs."""
        missing = ["evidence"] if evidence < self.evidence else []
        if self.substantiated and substantiated is None:
            missing.append("substantiated")
        return missing

    def unchecked(self, checked: Collection[str]) -> list[str]:
        """What a review has not looked at."""
        return [one for one in self.checklist if one not in checked]


@dataclass(frozen=True, slots=True)
class Handlings:
    """`default` for what is not named."""

    default: Handling
    types: Mapping[str, Handling] = field(default_factory=dict)

    def of(self, case_type: str) -> Handling:
        return self.types.get(case_type, self.default)


def read_handlings(data: Mapping[str, Any]) -> Handlings:
    """Raises BadPolicy with the place."""
    default = _handling("default", data["default"])
    types = {
        name: _handling(name, {**data["default"], **one}) for name, one in data["types"].items()
    }
    return Handlings(default, types)


def _handling(name: str, data: Mapping[str, Any]) -> Handling:
    with place(name):
        only(data, [one.name for one in fields(Handling)])
        return Handling(**{key: _value(key, value) for key, value in data.items()})


def _value(key: str, value: object) -> Any:
    with place(key):
        if key == "checklist":
            if not isinstance(value, list):
                raise BadPolicy(f"not a list: {value!r}")
            return tuple(text(one) for one in value)
        if key in ("hold", "review", "substantiated", "relabel"):
            return yes_or_no(value)
        return whole(value, least=0)
