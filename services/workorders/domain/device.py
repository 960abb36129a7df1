"""Transformers and their feeders: read from a file as a whole, or refused with the place."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.errors import Invalid

COLUMNS = ("transformer", "feeder", "region", "customers")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,39}")
_REGION = re.compile(r"[0-9]{6}")
_MOST_CUSTOMERS = 1_000_000


class BadDeviceFile(Invalid):
    """The file of devices has a mistake; nothing of it was loaded."""


class _Wrong(ValueError):
    """Why a line is refused."""


@dataclass(frozen=True, slots=True)
class Device:
    """A transformer. feeder: None when it is not known what it hangs on."""

    transformer: str
    feeder: str | None
    region: str
    customers: int


def read_devices(text: str) -> list[Device]:
    """Every device of a CSV file. Raises BadDeviceFile with the place of the first mistake."""
    records = _records(text)
    _, header = next(records, (1, ()))
    if tuple(header) != COLUMNS:
        raise BadDeviceFile(f"line 1: the header must be {','.join(COLUMNS)}", line=1)
    found: dict[str, Device] = {}
    lines: dict[str, int] = {}
    for line, fields in records:
        try:
            device = _device(fields)
            if (before := lines.setdefault(device.transformer, line)) != line:
                raise _Wrong(f"transformer: {device.transformer} is on line {before} already")
        except _Wrong as wrong:
            raise BadDeviceFile(f"line {line}: {wrong}", line=line) from None
        found[device.transformer] = device
    if not found:
        raise BadDeviceFile("line 2: there is no device in the file", line=2)
    return list(found.values())


def _records(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each record with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise BadDeviceFile(f"line {line}: not CSV: {error}", line=line) from None
        if fields is None:
            return
        if fields:
            yield line, fields


def _device(fields: Sequence[str]) -> Device:
    if len(fields) != len(COLUMNS):
        raise _Wrong(f"{len(fields)} fields instead of {len(COLUMNS)}")
    transformer, feeder, region, customers = fields
    return Device(
        transformer=_like("transformer", transformer, _CODE),
        feeder=_like("feeder", feeder, _CODE) if feeder else None,
        region=_like("region", region, _REGION),
        customers=_count("customers", customers),
    )


def _like(column: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise _Wrong(f"{column}: {text[:60]!r} is not like {pattern.pattern}")
    return text


def _count(column: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) > _MOST_CUSTOMERS:
        raise _Wrong(f"{column}: {text[:60]!r} is not a whole number up to {_MOST_CUSTOMERS}")
    return int(text)
