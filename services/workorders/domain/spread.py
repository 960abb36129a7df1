"""A CSV line that a spreadsheet shows and never runs. Source: RFC 4180; OWASP, CSV injection."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime, tzinfo

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Value = str | int | bool | datetime | list[str] | None


def line(values: Iterable[Value], zone: tzinfo) -> str:
    """One line with its CRLF. Instants are written with the offset of `zone`."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([cell(value, zone) for value in values])
    return written.getvalue()


def cell(value: Value, zone: tzinfo) -> str:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(zone).isoformat()
        case list():
            value = "; ".join(value)
    return f"'{value}" if value.startswith(_RUNS) else value
