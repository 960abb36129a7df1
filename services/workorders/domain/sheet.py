"""A CSV file as a whole: every bad line named with its column, or all of it in values."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import Invalid

MOST_LINES, MOST_FAULTS = 2000, 50
_SHOWN = 60  # characters of a value that is refused


class BadSheet(Invalid):
    """The file has bad lines; nothing of it was loaded."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was understood. number: on which line of the file it begins, the header is 1."""

    number: int
    values: Mapping[str, Any]


class Faults:
    """What is wrong with a file, by line and column; no more than MOST_FAULTS are told."""

    def __init__(self) -> None:
        self._found: list[dict[str, int | str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, column: str, what: str) -> None:
        self._found.append({"line": line, "column": column, "what": what})

    def check(self) -> None:
        """Raises BadSheet when there are any."""
        if not self._found:
            return
        found = sorted(self._found, key=lambda fault: fault["line"])
        first = found[0]
        raise BadSheet(
            f"line {first['line']}, {first['column']}: {first['what']}",
            faults=found[:MOST_FAULTS],
            more=max(0, len(found) - MOST_FAULTS),
        )


def read_sheet(
    raw: bytes, columns: Mapping[str, Callable[[str], Any]]
) -> tuple[list[Line], Faults]:
    """The good lines of a file whose header is exactly `columns`, each value read by its function,
    and what is wrong with the others: the caller adds what it finds, then checks.

    A reader raises ValueError, saying what was expected. Raises BadSheet when the file is none.
    """
    faults = Faults()
    records = _records(_decoded(raw, faults), faults)
    _, header = next(records, (1, []))
    if tuple(header) != tuple(columns):
        faults.add(1, "header", f"it must be {','.join(columns)}")
        faults.check()
    lines = []
    for number, fields in records:
        if len(fields) != len(columns):
            faults.add(number, "line", f"{len(fields)} fields instead of {len(columns)}")
        elif (values := _values(number, fields, columns, faults)) is not None:
            lines.append(Line(number, values))
    if not lines and not faults:
        faults.add(2, "line", "there is nothing in the file")
    return lines, faults


def _decoded(raw: bytes, faults: Faults) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.add(raw[: error.start].count(b"\n") + 1, "line", "not UTF-8")
        faults.check()
        raise
    return text.removeprefix("\ufeff")


def _records(text: str, faults: Faults) -> Iterator[tuple[int, Sequence[str]]]:
    """Each record with the number of the line on which it begins; empty lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    for _ in range(MOST_LINES + 2):
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            faults.add(number, "line", f"not CSV: {error}")
            return
        if fields is None:
            return
        if fields:
            yield number, fields
    faults.add(reader.line_num, "line", f"more than {MOST_LINES} lines")


def _values(
    number: int,
    fields: Sequence[str],
    columns: Mapping[str, Callable[[str], Any]],
    faults: Faults,
) -> dict[str, Any] | None:
    """None when any of them is bad."""
    values = {}
    for (column, read), field in zip(columns.items(), fields, strict=True):
        try:
            values[column] = read(field.strip())
        except ValueError as error:
            faults.add(number, column, f"{field[:_SHOWN]!r}: {error}")
    return values if len(values) == len(columns) else None
