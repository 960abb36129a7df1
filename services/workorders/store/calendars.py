"""Published calendars in PostgreSQL: immutable versions, compiled once in a process."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.workorders.domain.calendar import Ending, Published
from services.workorders.tables import calendar_alarms, calendars
from shared.calendar import ALWAYS, Calendar, as_data, compiled, read_definition
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected

Key = tuple[str, int]  # name and version

# The newest version of each, as [[name, version], ..]: a value to select beside others, so that
# who asks for more in the same breath pays no round trip for it (then `of_keys`).
IN_USE = """(SELECT coalesce(json_agg(json_build_array(name, version)), '[]')
  FROM (SELECT name, max(version) AS version FROM calendars GROUP BY name) AS newest)"""
_IN_USE = f"SELECT {IN_USE} AS keys"


class NoSuchCalendar(NotFound):
    """There is no such calendar, or not that version of it."""


async def in_use(tx: Tx) -> Mapping[str, Calendar]:
    """The newest version of each calendar, by name, ALWAYS among them."""
    [row] = await tx.read(_IN_USE)
    return await of_keys(tx, [(name, version) for name, version in row["keys"]])


async def latest(tx: Tx, names: Iterable[str]) -> dict[str, Calendar]:
    """The newest versions of these, by name. Raises NoSuchCalendar."""
    wanted = set(names)
    found = await in_use(tx) if wanted - {ALWAYS.name} else {ALWAYS.name: ALWAYS}
    for name in sorted(wanted - found.keys()):
        raise NoSuchCalendar(calendar=name)
    return {name: found[name] for name in wanted}


async def of_version(tx: Tx, name: str, version: int) -> Calendar:
    """Known in this process after the first time. Raises NoSuchCalendar."""
    known = await of_keys(tx, [(name, version)])
    return known[name]


async def of_keys(tx: Tx, keys: Sequence[Key]) -> dict[str, Calendar]:
    """These versions, and ALWAYS, by name: one query for those not known in this process yet.

    Raises NoSuchCalendar.
    """
    known: dict[Key, Calendar] = tx.memory.setdefault("calendars", {_KEY_OF_ALWAYS: ALWAYS})
    unknown = [key for key in keys if key not in known]
    if unknown:
        its_key = sa.tuple_(calendars.c.name, calendars.c.version)
        for row in await tx.execute(sa.select(calendars).where(its_key.in_(unknown))):
            definition = read_definition(row.definition)
            known[row.name, row.version] = compiled(row.name, row.version, definition)
    for name, version in unknown:
        if (name, version) not in known:
            raise NoSuchCalendar(calendar=name, calendar_version=version)
    return {ALWAYS.name: ALWAYS} | {key[0]: known[key] for key in keys}


async def get(tx: Tx, name: str, version: int | None = None) -> Published:
    """That version, or the newest. Raises NoSuchCalendar."""
    found = await find(tx, name, version)
    if found is None:
        raise NoSuchCalendar(calendar=name)
    return found


async def find(tx: Tx, name: str, version: int | None = None) -> Published | None:
    """That version, or the newest; None when there is none."""
    query = sa.select(calendars).where(calendars.c.name == name)
    if version is not None:
        query = query.where(calendars.c.version == version)
    newest = query.order_by(calendars.c.version.desc()).limit(1)
    row = (await tx.execute(newest)).one_or_none()
    return _published(row) if row is not None else None


async def lock(tx: Tx, name: str, expected: int | None = None) -> Published | None:
    """The newest version, when nobody else may publish the next until we are done.

    `expected`: the version acted upon, if said; 0 when there is none. Raises PreconditionFailed.
    """
    await tx.execute(_LOCK, {"name": name})
    newest = await find(tx, name)
    check_expected(expected, newest.version if newest else 0)
    return newest


async def add(tx: Tx, new: Published) -> None:
    row = {
        "name": new.name,
        "version": new.version,
        "definition": as_data(new.definition),
        "packaged": new.packaged,
        "missing_year": new.first_missing_year,
        "ends_at": new.ends_at,
        "warn_at": new.ends_at - timedelta(days=new.definition.warn_days),
        "published_at": new.published_at,
        "published_by": new.published_by,
    }
    await tx.execute(calendars.insert().values(row))


async def page(tx: Tx, after: str, limit: int) -> list[Published]:
    """The newest versions of calendars whose names come after `after`, by name."""
    query = (
        sa.select(calendars)
        .ext(distinct_on(calendars.c.name))
        .where(calendars.c.name > after)
        .order_by(calendars.c.name, calendars.c.version.desc())
        .limit(limit)
    )
    return [_published(row) for row in await tx.execute(query)]


async def endings(tx: Tx) -> list[Ending]:
    """Of the newest version of each calendar. Told once for each missing year."""
    return [
        Ending(row.name, row.version, row.missing_year, row.ends_at, row.due_at, row.told)
        for row in await tx.execute(_ENDINGS)
    ]


async def note_told(tx: Tx, ending: Ending, at: datetime) -> bool:
    """False when another worker has told it."""
    row = {
        "name": ending.name,
        "missing_year": ending.missing_year,
        "version": ending.version,
        "raised_at": at,
    }
    noted = insert(calendar_alarms).values(row).on_conflict_do_nothing()
    return (await tx.execute(noted.returning(calendar_alarms.c.name))).first() is not None


async def next_ending(tx: Tx) -> datetime | None:
    """When the next is to be told."""
    return min((ending.due_at for ending in await endings(tx) if not ending.told), default=None)


_KEY_OF_ALWAYS: Key = (ALWAYS.name, ALWAYS.version)
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('calendar ' || :name, 0))")
_ENDINGS = sa.text(
    "SELECT DISTINCT ON (c.name) c.name, c.version, c.missing_year, c.ends_at,"
    " greatest(c.warn_at, c.published_at) AS due_at,"
    " EXISTS (SELECT 1 FROM calendar_alarms a"
    "   WHERE a.name = c.name AND a.missing_year = c.missing_year) AS told"
    " FROM calendars c ORDER BY c.name, c.version DESC"
)


def _published(row: Any) -> Published:
    return Published(
        row.name,
        row.version,
        read_definition(row.definition),
        row.ends_at,
        row.packaged,
        row.published_at,
        row.published_by,
    )
