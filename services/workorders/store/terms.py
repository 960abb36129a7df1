"""What clocks run by: the names in their rows, and the versions that these names mean."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.workorders.domain.clock import Terms
from services.workorders.domain.limit import Fact
from services.workorders.store import calendars, references
from shared.db import Tx

# The columns of both tables that name the terms of a clock, in this order.
NAMES = (
    "policy", "policy_version", "limit_no", "promised", "stops", "calendar", "calendar_version",
    "ladder_policy", "ladder_version",
)  # fmt: skip
# They as they are read: JSON as the text that it is.
READ = tuple(f"{name}::text" if name == "stops" else name for name in NAMES)


def arrays(table: sa.Table, names: Sequence[str]) -> str:
    """One array for each of these columns of many rows, as `$1::uuid[], $2::text[] ..`."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = (table.c[name].type.compile(dialect) for name in names)
    return ", ".join(f"${n}::{type_}[]" for n, type_ in enumerate(types, start=1))


class Key(NamedTuple):
    """NAMES as they stand in a row; `stops` as the JSON that it is."""

    policy: str
    policy_version: str
    limit_no: int | None
    promised: bool
    stops: str
    calendar: str
    calendar_version: int
    ladder_policy: str | None
    ladder_version: str | None


@lru_cache
def _stops(facts: frozenset[Fact]) -> str:
    return json.dumps(sorted(facts))


def key_of(terms: Terms) -> Key:
    ladder_policy, ladder_version = terms.ladder_from or (None, None)
    return Key(
        terms.policy,
        terms.policy_version,
        terms.number,
        terms.promised,
        _stops(terms.stops),
        terms.calendar.name,
        terms.calendar.version,
        ladder_policy,
        ladder_version,
    )


async def terms_of(tx: Tx, keys: Iterable[Key]) -> dict[Key, Terms]:
    """What these names mean: read once in a process, for versions never change."""
    known: dict[Key, Terms] = tx.memory.setdefault("terms", {})
    for key in keys:
        if key not in known:
            known[key] = await _read(tx, key)
    return known


async def _read(tx: Tx, key: Key) -> Terms:
    limit, ladder, ladder_from = None, None, None
    if key.limit_no is not None:
        [pack] = await references.packs(tx, [(key.policy, key.policy_version)])
        limit = pack.limits[key.limit_no - 1]
        if key.ladder_policy is not None and key.ladder_version is not None:
            ladder_from = (key.ladder_policy, key.ladder_version)
            [its] = await references.packs(tx, [ladder_from])
            ladder = (its.ladders or {})[limit.ladder or ""]
    stops: Any = json.loads(key.stops)
    return Terms(
        key.policy,
        key.policy_version,
        key.limit_no,
        key.promised,
        frozenset(Fact(fact) for fact in stops),
        await calendars.of_version(tx, key.calendar, key.calendar_version),
        limit,
        ladder_from,
        ladder,
    )
