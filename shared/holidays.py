"""Public holidays from libraries, asked only when a calendar is saved.

A stored calendar holds the dates themselves, so that no library's update changes a version.
`cn` is mainland China with its make-up working days (chinesecalendar: the State Council's yearly
arrangement); any other source is a country, or a country and a part of it (`GB`, `GB-ENG`), of
`holidays`.
"""

from datetime import date, timedelta

import chinese_calendar
import holidays

from shared.calendar import BadCalendar, PublishedYear


def published(source: str, year: int) -> PublishedYear | None:
    """The holidays and make-up working days of a year; None when they are not published.

    What a library only estimates is not published either. Raises BadCalendar: no such source.
    """
    if source.lower() == "cn":
        return _china(year)
    return _country(source, year)


def _china(year: int) -> PublishedYear | None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    closed: dict[date, str] = {}
    makeup: dict[date, str] = {}
    try:
        for day in (day for day in days if day.year == year):
            at_rest, name = chinese_calendar.get_holiday_detail(day)
            if name is not None:
                (closed if at_rest else makeup)[day] = name
    except NotImplementedError:
        return None
    return PublishedYear(closed, makeup) if closed else None


def _country(source: str, year: int) -> PublishedYear | None:
    country, _, part = source.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language="en_US"
        )
    except NotImplementedError as error:
        raise BadCalendar("there is no such source of holidays", at="holidays.source") from error
    names = {day: name for day, name in found.items() if day.year == year}
    guesses = {
        "estimated",
        getattr(found, "estimated_label", "%s estimated").replace("%s", "").strip(),
    }
    if not names or any(guess in name for name in names.values() for guess in guesses):
        return None
    makeup = {day: "make-up working day" for day in found.weekend_workdays if day.year == year}
    return PublishedYear({day: n for day, n in names.items() if day not in makeup}, makeup)
