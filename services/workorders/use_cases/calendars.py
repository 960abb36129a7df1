"""Calendars: publish a version, reckon a deadline, tell that one will end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.workorders.domain.calendar import Ending, Published
from services.workorders.events import calendars as events
from services.workorders.store import calendars
from shared.audit import record
from shared.calendar import (
    ALWAYS,
    BadCalendar,
    Calendar,
    Definition,
    Interval,
    NoCalendar,
    compiled,
    read_definition,
)
from shared.db import Tx
from shared.errors import Conflict
from shared.holidays import published
from shared.outbox import publish
from shared.stamp import Stamp

log = structlog.get_logger(__name__)

_MOST_INTERVALS = 200
CALENDAR_BELL = "calendars"


class BuiltIn(Conflict):
    """This calendar is built in and can't be changed."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When it is due, by which version, and the working time counted; `cut`: there is more."""

    calendar: Calendar
    start: datetime
    due_at: datetime
    intervals: Sequence[Interval]
    cut: bool


async def publish_calendar(
    tx: Tx, stamp: Stamp, name: str, data: Mapping[str, Any], expected: int | None = None
) -> Published:
    """A new version of a calendar; the newest as it is when that says the same already.

    `warn_days` stays as it was when it is left out. Raises BuiltIn, PreconditionFailed, BadCalendar
    with the place of a mistake, and NoCalendar when holidays of a year are not published.
    """
    if name == ALWAYS.name:
        raise BuiltIn(calendar=name)
    newest = await calendars.lock(tx, name, expected)
    if data.get("warn_days") is None:
        if newest is None:
            raise BadCalendar("say how many days before the end to warn", at="warn_days")
        data = {**data, "warn_days": newest.definition.warn_days}
    definition = read_definition(data, published)
    return await _next_version(tx, stamp, name, definition, newest, packaged=False)


async def use_packaged_calendars(
    tx: Tx, stamp: Stamp, files: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """Publish what came with the program, where it changed and no operator has taken over.

    Raises BadCalendar, naming the calendar and the place.
    """
    for name, data in files:
        newest = await calendars.lock(tx, name)
        if newest is not None and not newest.packaged:
            log.info("calendar.kept_as_edited", calendar=name, version=newest.version)
            continue
        try:
            definition = read_definition(data, published)
            await _next_version(tx, stamp, name, definition, newest, packaged=True)
        except (BadCalendar, NoCalendar) as error:
            place = error.facts.get("at")
            raise BadCalendar(f"calendar {name}, {place}: {error}", **error.facts) from error


async def _next_version(
    tx: Tx,
    stamp: Stamp,
    name: str,
    definition: Definition,
    newest: Published | None,
    *,
    packaged: bool,
) -> Published:
    if newest is not None and newest.definition == definition:
        return newest
    version = newest.version + 1 if newest else 1
    ends_at = compiled(name, version, definition).ends_at
    new = Published(name, version, definition, ends_at, packaged, stamp.at, stamp.by)
    await calendars.add(tx, new)
    record(tx, stamp, "calendar.published", name, version=version)
    tx.ring(CALENDAR_BELL)
    return new


def deadline_after(calendar: Calendar, start: datetime, working: timedelta) -> Deadline:
    """When that much working time is used up. Raises NoCalendar."""
    return _counted(calendar, start, start, calendar.add(start, working))


def deadline_in_days(calendar: Calendar, start: datetime, working_days: int) -> Deadline:
    """When the n-th working day after the day of `start` closes. Raises NoCalendar."""
    due_at = calendar.add_days(start, working_days)
    return _counted(calendar, start, calendar.day_after(start), due_at)


def _counted(calendar: Calendar, start: datetime, since: datetime, due_at: datetime) -> Deadline:
    intervals = calendar.intervals(since, due_at, _MOST_INTERVALS + 1)
    cut = len(intervals) > _MOST_INTERVALS
    return Deadline(calendar, start, due_at, intervals[:_MOST_INTERVALS], cut)


async def tell_of_endings(tx: Tx, stamp: Stamp) -> tuple[list[Ending], list[datetime]]:
    """Tell, once for each, which calendars have no next year yet although it is near.

    Returns how all of them stand, and when each that was told now was due to be.
    """
    all_of_them, told = await calendars.endings(tx), []
    for ending in all_of_them:
        due = not ending.told and ending.due_at <= stamp.at
        if due and await calendars.note_told(tx, ending, stamp.at):
            publish(tx, events.ending(ending, stamp.at), stamp)
            told.append(ending.due_at)
    return all_of_them, told
