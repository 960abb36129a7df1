"""Working time: dated calendars compiled to sorted intervals. Pure; no clock, no I/O.

    calendar = compiled("cn-office", 3, read_definition(data))
    calendar.add(start, timedelta(minutes=2400))     # when that much working time is used up
    calendar.between(a, b)                           # how much of it lies between
    calendar.add_days(start, 5)                      # the end of the fifth working day after
    ALWAYS.add(start, timedelta(hours=24))           # natural time

`definition.py` says what an operator may write, `reading.py` reads it, `compiled.py` turns it into
intervals, `working.py` reckons with them.
Source: handbook/sla-and-routing.md, "calendars".
"""

from shared.calendar.compiled import compiled
from shared.calendar.definition import WEEKDAYS, BadCalendar, Definition, as_data
from shared.calendar.reading import Published, PublishedYear, read_definition
from shared.calendar.working import ALWAYS, Calendar, Interval, NoCalendar

__all__ = [
    "ALWAYS",
    "WEEKDAYS",
    "BadCalendar",
    "Calendar",
    "Definition",
    "Interval",
    "NoCalendar",
    "Published",
    "PublishedYear",
    "as_data",
    "compiled",
    "read_definition",
]
