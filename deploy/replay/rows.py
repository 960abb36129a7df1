"""A file of faults: read as a whole and right, or refused with the line that is wrong.

Empty may be what a utility may not know yet: etr_at, postcode, both coordinates, status, cause.
A fault without an id, a beginning, a time of the last news or customers is no fault.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

COLUMNS = (
    "outage_id", "started_at", "etr_at", "updated_at", "postcode",
    "easting_m", "northing_m", "customers", "status", "cause",
)  # fmt: skip

_OUTAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9]([A-Z]{2})?)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST_TEXT = 1_000


class Malformed(ValueError):
    """The file breaks the format; the message says where and why."""

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(f"{name}, line {line}: {reason}")
        self.line, self.reason = line, reason


class _Wrong(ValueError):
    """Why a line is refused."""


@dataclass(frozen=True, slots=True)
class Point:
    """Metres on the Irish Grid."""

    easting_m: int
    northing_m: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the file. None is what it leaves open."""

    outage_id: str
    started_at: datetime
    etr_at: datetime | None
    updated_at: datetime
    postcode: str | None
    point: Point | None
    customers: int
    status: str | None
    cause: str | None


def parse(data: bytes, name: str) -> list[Fault]:
    """Every fault in the file `name`, in its order. Raises Malformed at the first wrong line."""
    records = _records(_text(data, name), name)
    _, header = next(records, (1, ()))
    if tuple(header) != COLUMNS:
        raise Malformed(name, 1, f"the header must be {','.join(COLUMNS)}")
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    for line, fields in records:
        try:
            fault = _fault(fields)
        except _Wrong as wrong:
            raise Malformed(name, line, str(wrong)) from None
        if (before := lines.setdefault(fault.outage_id, line)) != line:
            raise Malformed(name, line, f"outage {fault.outage_id} is on line {before} already")
        faults.append(fault)
    if not faults:
        raise Malformed(name, 2, "there is no fault in the file")
    return faults


def _text(data: bytes, name: str) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Malformed(name, line, "not UTF-8") from error


def _records(text: str, name: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each record with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise Malformed(name, line, f"not CSV: {error}") from error
        if fields is None:
            return
        yield line, fields


def _fault(fields: Sequence[str]) -> Fault:
    if len(fields) != len(COLUMNS):
        raise _Wrong(f"{len(fields)} fields instead of {len(COLUMNS)}")
    given = dict(zip(COLUMNS, fields, strict=True))
    return Fault(
        outage_id=_outage_id(given["outage_id"]),
        started_at=_instant("started_at", given["started_at"]),
        etr_at=_instant("etr_at", given["etr_at"]) if given["etr_at"] else None,
        updated_at=_instant("updated_at", given["updated_at"]),
        postcode=_postcode(given["postcode"]),
        point=_point(given["easting_m"], given["northing_m"]),
        customers=_customers(given["customers"]),
        status=_words("status", given["status"]),
        cause=_words("cause", given["cause"]),
    )


def _outage_id(text: str) -> str:
    if not _OUTAGE_ID.fullmatch(text):
        raise _Wrong(f"outage_id {_quoted(text)} is not 1 to 36 letters, digits, - or _")
    return text


def _instant(column: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Wrong(f"{column} {_quoted(text)} is no timestamp like 2025-01-24T02:10:00Z")


def _postcode(text: str) -> str | None:
    if text and not _POSTCODE.fullmatch(text):
        raise _Wrong(f"postcode {_quoted(text)} is not like BT94 or BT94 1")
    return text or None


def _point(easting: str, northing: str) -> Point | None:
    if not easting and not northing:
        return None
    return Point(_metres("easting_m", easting), _metres("northing_m", northing))


def _metres(column: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text):
        raise _Wrong(f"{column} {_quoted(text)} is not a whole number of metres")
    return int(text)


def _customers(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) == 0:
        raise _Wrong(f"customers {_quoted(text)} is not a positive whole number")
    return int(text)


def _words(column: str, text: str) -> str | None:
    if _CONTROL.search(text):
        raise _Wrong(f"{column} holds control characters")
    if len(text) > _LONGEST_TEXT:
        raise _Wrong(f"{column} is longer than {_LONGEST_TEXT} characters")
    return text.strip() or None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
