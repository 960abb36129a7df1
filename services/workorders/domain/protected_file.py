"""Protected customers from a CSV file: what each column holds.

A value that is refused is never repeated: it may be about somebody's health.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.workorders.domain.sheet import Faults, read_sheet

COLUMNS = ("account_no", "region", "code", "source", "valid_from", "valid_to", "note")
_LIKE = {
    "account_no": re.compile(r"[0-9]{6,20}"),
    "region": re.compile(r"[0-9]{6}"),
    "code": re.compile(r"[a-z][a-z0-9_]{0,39}"),
    "source": re.compile(r"[^\r\n\0]{1,200}"),
    "note": re.compile(r"[^\0]{0,2000}"),
}


@dataclass(frozen=True, slots=True)
class ProtectedLine:
    """One line, understood. number: of the line on which it begins."""

    number: int
    account_no: str
    region: str
    code: str
    source: str
    valid_from: datetime
    valid_to: datetime | None
    note: str


def read_protected(raw: bytes) -> tuple[list[ProtectedLine], Faults]:
    """The good lines, and what is wrong with the others. Raises BadSheet when it is no file."""
    lines, faults = read_sheet(raw, dict.fromkeys(COLUMNS, str))
    read = [_line(line.number, line.values, faults) for line in lines]
    return [line for line in read if line is not None], faults


def _line(number: int, values: Mapping[str, str], faults: Faults) -> ProtectedLine | None:
    """None when any of its values is bad."""
    bad = [column for column, like in _LIKE.items() if not like.fullmatch(values[column])]
    for column in bad:
        faults.add(number, column, f"not like {_LIKE[column].pattern}")
    starts = _instant(number, "valid_from", values["valid_from"], faults)
    until = values["valid_to"]
    ends = _instant(number, "valid_to", until, faults) if until else None
    if bad or starts is None or (until and ends is None):
        return None
    known = {column: values[column] for column in _LIKE}
    return ProtectedLine(number, valid_from=starts, valid_to=ends, **known)


def _instant(number: int, column: str, text: str, faults: Faults) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 2000 <= at.year < 2200:
        faults.add(number, column, "write it like 2026-11-20T09:00:00+08:00")
        return None
    return at
