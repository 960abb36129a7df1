"""How each kind of case is handled: dated data, a section `handling` of a policy pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Handling:
    """One kind of case.

    hold: an agent first tries to answer it; it is not dispatched by itself.
    review: someone reads the reply before the customer is called back.
    evidence: the least number of proofs a reply needs. substantiated: a reply must judge the claim.
    callback_attempts: tries before a callback has failed. returns: before a supervisor decides.
    urges: how often a customer may urge in one round. reopen_days: after archiving.
    """

    hold: bool
    review: bool
    evidence: int
    substantiated: bool
    callback_attempts: int
    returns: int
    urges: int
    reopen_days: int

    def missing(self, evidence: int, substantiated: bool | None) -> list[str]:
        """What a reply still needs."""
        missing = ["evidence"] if evidence < self.evidence else []
        if self.substantiated and substantiated is None:
            missing.append("substantiated")
        return missing


@dataclass(frozen=True, slots=True)
class Handlings:
    """`default` for what is not named."""

    default: Handling
    types: Mapping[str, Handling] = field(default_factory=dict)

    def of(self, case_type: str) -> Handling:
        return self.types.get(case_type, self.default)


def read_handlings(data: Mapping[str, Any]) -> Handlings:
    """Raises KeyError, TypeError or ValueError, naming what is missing or unknown."""
    default = _handling(data["default"])
    types = {name: _handling(data["default"] | one) for name, one in data["types"].items()}
    return Handlings(default, types)


def _handling(data: Mapping[str, Any]) -> Handling:
    for name, value in data.items():
        wanted = bool if name in ("hold", "review", "substantiated") else int
        if type(value) is not wanted or (wanted is int and value < 0):
            raise ValueError(f"handling: {name} must be {wanted.__name__}, not {value!r}")
    return Handling(**data)
