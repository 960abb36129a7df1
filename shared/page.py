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
    try:
        instant, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        place, row = datetime.fromisoformat(instant), UUID(last)
        if place.tzinfo is None:
            raise BadCursor
        place = place.astimezone(UTC)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadCursor from error
    return sa.tuple_(at, id) < sa.tuple_(sa.literal(place, at.type), sa.literal(row, id.type))


def cursor_after(at: datetime, id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id}".encode()).decode()


def number_at(cursor: str | None) -> int:
    """The number that a list by rising numbers goes on from; 0 at its beginning."""
    if cursor is None:
        return 0
    try:
        number = int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error
    if not 0 <= number < 2**63:
        raise BadCursor
    return number


def cursor_of(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode()
