"""The ledgers of clocks: lines are added and read, never changed."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from services.workorders.domain.clock import Entry, Terms, What
from services.workorders.store.terms import NAMES, READ, Key, key_of, terms_of
from services.workorders.tables import clock_entries
from shared.db import Tx

# The columns of a line that it keeps as they are, then those that name terms.
_PLAIN = (
    "clock_id", "n", "what", "generation", "at", "recorded_at", "by", "reason", "budget", "team",
    "due_at", "late_ms", "step", "repetition", "master_id", "detail",
)  # fmt: skip
_READ = (
    f"SELECT {', '.join(_PLAIN + READ)} FROM clock_entries"
    " WHERE clock_id = ANY($1::uuid[]) ORDER BY clock_id, n"
)
# What is said of something that a clock did by itself.
_FIRED = (
    "clock_id", "n", "what", "once", "generation", "at", "recorded_at", "by", "due_at", "late_ms",
    "step", "repetition",
)  # fmt: skip
_SAID = attrgetter(*_FIRED)
_NO_TERMS = (None,) * len(NAMES)


def add(tx: Tx, lines: Iterable[Entry]) -> None:
    for line in lines:
        tx.leave(clock_entries, _row(line))


async def add_fired(tx: Tx, lines: Sequence[Entry]) -> None:
    """`add`, for what clocks did by themselves: half of the columns, and at once."""
    if lines:
        records = ((*_SAID(line), "{}") for line in lines)
        await tx.copy(clock_entries, (*_FIRED, "detail"), records)


async def of_clocks(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
    """Every line of these clocks, in order."""
    if tx.left(clock_entries):
        await tx.write_what_was_left()
    rows = await tx.run(_READ, list(ids))
    keys = {key for row in rows if (key := _key(row)) is not None}
    known = await terms_of(tx, keys)
    found: dict[UUID, list[Entry]] = {id: [] for id in ids}
    for row in rows:
        key = _key(row)
        found[row[0]].append(_entry(row, known[key] if key is not None else None))
    return found


def _key(row: Any) -> Key | None:
    names = row[len(_PLAIN) :]
    return Key(*names) if names[0] is not None else None


def _row(line: Entry) -> dict[str, Any]:
    """A whole row, whatever the line says: rows that are left together have the same columns."""
    row = {name: getattr(line, name) for name in _PLAIN}
    names = key_of(line.terms) if line.terms is not None else _NO_TERMS
    row |= {"once": line.once, "detail": dict(line.detail)}
    return row | dict(zip(NAMES, names, strict=True))


def _entry(row: Any, terms: Terms | None) -> Entry:
    values = dict(zip(_PLAIN, row, strict=False))
    values["what"] = What(values["what"])
    return Entry(terms=terms, **values)
