"""The price lists and late-fee rules in force, read from the dated files beside this one."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import yaml
from pydantic import TypeAdapter

from services.billing.domain.tariff import LateFeePolicy, Tariff

_FOLDER = Path(__file__).parent


class NoTariff(LookupError):
    """No published file, or more than one, is in force then: an error, never a guess."""


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


_AnyDated = TypeVar("_AnyDated", bound=_Dated)


def tariff(code: str, on: date) -> Tariff:
    """The price list `code` in force on that day. Raises NoTariff."""
    return _in_force((t for t in _tariffs() if t.code == code), on, code)


def late_fee(on: date) -> LateFeePolicy:
    """The late-fee rule in force on that day. Raises NoTariff."""
    return _in_force(_late_fees(), on, "late fee")


def _in_force(published: Iterable[_AnyDated], on: date, what: str) -> _AnyDated:
    found = [
        p for p in published if p.valid_from <= on and (p.valid_to is None or on <= p.valid_to)
    ]
    if len(found) != 1:
        raise NoTariff(f"{what} on {on}: {len(found)} in force")
    return found[0]


@cache
def _tariffs() -> list[Tariff]:
    reader = TypeAdapter(Tariff)
    return [reader.validate_python(_read(path)) for path in sorted(_FOLDER.glob("tariff-*.yaml"))]


@cache
def _late_fees() -> list[LateFeePolicy]:
    reader = TypeAdapter(LateFeePolicy)
    return [reader.validate_python(_read(path)) for path in sorted(_FOLDER.glob("late-fee-*.yaml"))]


def _read(path: Path) -> object:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
