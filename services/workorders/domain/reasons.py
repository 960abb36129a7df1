"""Typed reasons: why work rests, why an order is given back, why a customer was not reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.workorders.domain.parts import SuspensionRequest
from services.workorders.domain.refusals import (
    MissingField,
    PauseOver,
    PauseTooLong,
    UnknownCode,
)
from services.workorders.domain.written import (
    BadPolicy,
    duration,
    only,
    place,
    text,
    whole,
    word,
    words,
    yes_or_no,
)

APPROVERS = frozenset({"dispatcher", "supervisor"})
_Meant = TypeVar("_Meant")


@dataclass(frozen=True, slots=True)
class Pause:
    """A reason for the work to rest.

    approved_by: the roles that may approve it; nobody need do so where none is named. longest: at a
    time. times: in one round. tell_customer: only when the customer knows.
    """

    meaning: str
    approved_by: frozenset[str]
    longest: timedelta
    times: int
    tell_customer: bool

    def check(self, asked: SuspensionRequest, at: datetime) -> None:
        """Raises PauseOver, PauseTooLong, MissingField."""
        if asked.until <= at:
            raise PauseOver(field="until", now=at.isoformat())
        if asked.until > at + self.longest:
            latest = (at + self.longest).isoformat()
            raise PauseTooLong(field="until", latest=latest)
        if self.tell_customer and not asked.customer_told:
            raise MissingField(
                f"{asked.reason} is no reason before the customer knows", missing=["customer_told"]
            )


@dataclass(frozen=True, slots=True)
class Pauses:
    """A section `pauses`: reasons for the work to rest, by code."""

    reasons: Mapping[str, Pause]

    def of(self, code: str) -> Pause:
        """Raises UnknownCode."""
        return _known(self.reasons, code, "reason")


@dataclass(frozen=True, slots=True)
class Returns:
    """A section `returns`: reasons to give an order back, by code, with what each means."""

    reasons: Mapping[str, str]

    def check(self, code: str) -> None:
        """Raises UnknownCode."""
        _known(self.reasons, code, "reason")


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why a customer was not reached. `final`: it makes no sense to try again."""

    meaning: str
    final: bool


@dataclass(frozen=True, slots=True)
class Callbacks:
    """A section `callbacks`: why a customer was not reached, by code."""

    unreached: Mapping[str, Unreached]

    def of(self, code: str) -> Unreached:
        """Raises UnknownCode."""
        return _known(self.unreached, code, "result")


def read_pauses(data: Mapping[str, Any]) -> Pauses:
    """Raises BadPolicy with the place."""
    return Pauses({word(code): _pause(code, one) for code, one in _some(data, "reasons").items()})


def read_returns(data: Mapping[str, Any]) -> Returns:
    """Raises BadPolicy with the place."""
    return Returns({word(code): text(one) for code, one in _some(data, "reasons").items()})


def read_callbacks(data: Mapping[str, Any]) -> Callbacks:
    """Raises BadPolicy with the place."""
    read = {}
    for code, one in _some(data, "unreached").items():
        with place(f"unreached {code}"):
            given = only(one, ("meaning", "final"))
            read[word(code)] = Unreached(text(given["meaning"]), yes_or_no(given["final"]))
    return Callbacks(read)


def _pause(code: str, data: object) -> Pause:
    with place(f"reason {code}"):
        given = only(data, ("meaning", "approved_by", "longest", "times", "tell_customer"))
        nobody = given["approved_by"] == []
        return Pause(
            meaning=text(given["meaning"]),
            approved_by=frozenset() if nobody else words(given["approved_by"], APPROVERS),
            longest=duration(given["longest"]),
            times=whole(given["times"]),
            tell_customer=yes_or_no(given["tell_customer"]),
        )


def _some(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = only(data, (name,))[name]
    if not isinstance(given, Mapping) or not given:
        raise BadPolicy(f"{name} are no mapping of codes")
    return given


def _known(codes: Mapping[str, _Meant], code: str, name: str) -> _Meant:
    if code not in codes:
        raise UnknownCode(f"{name} {code}", field=name, known=sorted(codes))
    return codes[code]
