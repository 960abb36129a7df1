"""Cursor pages by (time, id): stable while rows are added, no offset to count past."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel

from shared.errors import Invalid

Item = TypeVar("Item")
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=120)]


class BadCursor(Invalid):
    """The cursor is not one of ours."""


class Page(BaseModel, Generic[Item]):
    """`next` goes into `?cursor=`; null on the last page."""

    items: list[Item]
    next: str | None = None


def after(
    at: sa.Column[datetime], id: sa.Column[UUID], cursor: str | None
) -> sa.ColumnElement[bool]:
    """The condition for what comes after `cursor`, newest first."""
    if cursor is None:
        return sa.true()
    match cursor_parts(cursor):
        case [instant, last]:
            place = sa.literal(instant_of(instant), at.type), sa.literal(id_of(last), id.type)
            return sa.tuple_(at, id) < sa.tuple_(*place)
    raise BadCursor


def cursor_after(at: datetime, id: UUID) -> str:
    return cursor_from(at.isoformat(), str(id))


def cursor_from(*parts: str) -> str:
    """One word of these, none of which holds a space."""
    return base64.urlsafe_b64encode(" ".join(parts).encode()).decode()


def cursor_parts(cursor: str) -> list[str]:
    """Raises BadCursor."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error


def instant_of(part: str) -> datetime:
    """Raises BadCursor."""
    try:
        instant = datetime.fromisoformat(part)
        if instant.tzinfo is None:
            raise BadCursor
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadCursor from error


def id_of(part: str) -> UUID:
    """Raises BadCursor."""
    try:
        return UUID(part)
    except ValueError as error:
        raise BadCursor from error


def number_at(cursor: str | None) -> int:
    """The number that a list by rising numbers goes on from; 0 at its beginning."""
    if cursor is None:
        return 0
    try:
        [number] = map(int, cursor_parts(cursor))
    except ValueError as error:
        raise BadCursor from error
    if not 0 <= number < 2**63:
        raise BadCursor
    return number


def cursor_of(number: int) -> str:
    return cursor_from(str(number))
