"""Frozen values, changed a thousand times a second."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

_Value = TypeVar("_Value")


def replacing(kind: type[_Value]) -> Callable[..., _Value]:
    """`dataclasses.replace` for values of this class, in a fifth of its time."""
    names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
    values_of = attrgetter(*names)

    def with_(value: _Value, /, **changes: Any) -> _Value:
        return kind(**dict(zip(names, values_of(value), strict=True)) | changes)

    return with_


def shallow(kind: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """`dataclasses.asdict` for values of this class whose fields need no copying."""
    names = tuple(field.name for field in fields(kind))
    values_of = attrgetter(*names)
    return lambda value: dict(zip(names, values_of(value), strict=True))
