"""From an operator's definition to UTC intervals, zone changes included."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.calendar.definition import BadCalendar, Definition
from shared.calendar.working import Calendar, Interval, build

_SECOND = timedelta(seconds=1)


def compiled(name: str, version: int, definition: Definition) -> Calendar:
    """The calendar, ready to reckon with. Raises BadCalendar when it is never open."""
    zone = ZoneInfo(definition.zone)
    years = range(definition.years[0], definition.years[-1] + 1)
    first, after = date(years.start, 1, 1), date(years.stop, 1, 1)
    by_date = []
    for ordinal in range(first.toordinal(), after.toordinal()):
        day = date.fromordinal(ordinal)
        shifts = [
            Interval(_instant(day, shift.opens, zone), _instant(day, shift.closes, zone))
            for shift in definition.hours_on(day)
        ]
        by_date.append((ordinal, [shift for shift in shifts if shift.opens_at < shift.closes_at]))
    if not any(shifts for _, shifts in by_date):
        raise BadCalendar("the calendar is never open", at="week")
    span = Interval(_instant(first, 0, zone), _instant(after, 0, zone))
    return build(name, version, zone, years, span, by_date)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When clocks there show it: the first time if they do twice, the jump if they never do.

    So the local order of shifts is kept: what doesn't overlap on the wall doesn't overlap in UTC.
    """
    wall = datetime.combine(day, time.min, UTC) + timedelta(minutes=minute)
    first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before >= after:
        return wall - before
    return _jump(wall - after, wall - before, zone)


def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant after `low`, up to `high`, at which the zone's clocks are put forward."""
    old = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
