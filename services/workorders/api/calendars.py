"""Calendars over HTTP: published as data, asked for deadlines."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, model_validator

from services.workorders.api.shown import READERS
from services.workorders.domain.calendar import Published
from services.workorders.store import calendars
from services.workorders.use_cases.calendars import (
    deadline_after,
    deadline_in_days,
    publish_calendar,
)
from shared.auth import may
from shared.calendar import ALWAYS, WEEKDAYS, as_data
from shared.http import Body, Expected, Instant, Shown, Stamped, Transaction, etag_of
from shared.page import Cursor, Limit, Page

router = APIRouter(prefix="/v1", tags=["calendars"])

_TEN_YEARS_IN_DAYS = 3660

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$", examples=["cn-office"])]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-02-14"])]
Hours = Annotated[list[str], Field(max_length=12, examples=[["08:00-12:00", "14:00-18:00"]])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Week = Annotated[dict[Weekday, Hours], Field(examples=[{"mon": ["08:00-12:00", "14:00-18:00"]}])]
Text = Annotated[str, Field(max_length=200)]
Year = Annotated[int, Field(ge=2000, le=2199)]
Version = Annotated[int | None, Query(ge=1, le=1_000_000_000)]
Years = Annotated[list[Year], Field(max_length=30, examples=[[2025, 2026]])]


class Closed(Body):
    """A date, or all dates up to `to`, without working time."""

    date: Day
    to: Day | None = None
    why: Text = ""


class Open(Closed):
    """Dates with hours of their own: make-up working days."""

    hours: Hours


class LayerIn(Body):
    """Exceptions of one origin; later layers win. `each_year`: a year without one is refused."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    source: Text = ""
    each_year: bool = False
    closed: Annotated[list[Closed], Field(default_factory=list, max_length=2000)]
    open: Annotated[list[Open], Field(default_factory=list, max_length=2000)]


class HolidaysIn(Body):
    """Published holidays, written out as the first layer. `hours`: of the make-up days."""

    source: Annotated[str, Field(min_length=1, max_length=40, examples=["cn", "GB-ENG"])]
    years: Years | None = None
    hours: Hours | None = None
    closed: Annotated[list[Closed], Field(default_factory=list, max_length=2000)]
    open: Annotated[list[Open], Field(default_factory=list, max_length=2000)]


class SeasonIn(Body):
    """Another week between two dates, both included."""

    first: Annotated[Day, Field(alias="from")]
    to: Day
    week: Week


class CalendarIn(Body):
    """A calendar as a whole; it becomes a new version unless the newest says the same."""

    zone: Annotated[str, Field(min_length=1, max_length=60, examples=["Asia/Shanghai"])]
    years: Years
    week: Week
    seasons: Annotated[list[SeasonIn], Field(default_factory=list, max_length=60)]
    holidays: HolidaysIn | None = None
    layers: Annotated[list[LayerIn], Field(default_factory=list, max_length=40)]
    warn_days: Annotated[int, Field(ge=0, le=366)] | None = None


class CalendarLine(Shown):
    """A calendar in a list. The first year without it is `first_missing_year`."""

    name: str
    version: int
    built_in: bool
    zone: str
    years: list[int]
    first_missing_year: int | None
    covered_until: datetime | None
    published_at: datetime | None
    published_by: str | None


class CalendarOut(CalendarLine):
    """A version of a calendar, whole: what it says can be put again."""

    week: dict[str, list[str]]
    seasons: list[dict[str, Any]]
    layers: list[dict[str, Any]]
    warn_days: int | None


class DeadlineIn(Body):
    """From when, and how much: exactly one of `working_minutes` and `working_days`."""

    start: Instant
    working_minutes: Annotated[int, Field(ge=1, le=_TEN_YEARS_IN_DAYS * 1440)] | None = None
    working_days: Annotated[int, Field(ge=1, le=_TEN_YEARS_IN_DAYS)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "DeadlineIn":
        if (self.working_minutes is None) == (self.working_days is None):
            raise ValueError("give exactly one of working_minutes and working_days")
        return self


class IntervalOut(Shown):
    """Working time that was counted."""

    opens_at: datetime
    closes_at: datetime


class DeadlineOut(Shown):
    """`cut`: more intervals were counted than are shown."""

    calendar: str
    version: int
    start: datetime
    due_at: datetime
    intervals: list[IntervalOut]
    cut: bool


def _line(found: Published) -> CalendarLine:
    return CalendarLine(
        name=found.name,
        version=found.version,
        built_in=False,
        zone=found.definition.zone,
        years=list(found.definition.years),
        first_missing_year=found.first_missing_year,
        covered_until=found.ends_at,
        published_at=found.published_at,
        published_by=found.published_by,
    )


def _whole(found: Published) -> CalendarOut:
    return CalendarOut(**_line(found).model_dump() | as_data(found.definition))


_ALWAYS: dict[str, Any] = {
    "name": ALWAYS.name,
    "version": ALWAYS.version,
    "built_in": True,
    "zone": ALWAYS.zone.key,
    "years": [],
    "first_missing_year": None,
    "covered_until": None,
    "published_at": None,
    "published_by": None,
    "week": {day: ["00:00-24:00"] for day in WEEKDAYS},
    "seasons": [],
    "layers": [],
    "warn_days": None,
}


@router.get("/calendars", dependencies=[may(*READERS)])
async def page(tx: Transaction, cursor: Cursor = None, limit: Limit = 50) -> Page[CalendarLine]:
    """The newest version of each calendar, by name; `always` is built in."""
    after = cursor or ""
    found = [_line(one) for one in await calendars.page(tx, after, limit + 1)]
    if after < ALWAYS.name:
        found = sorted([CalendarLine(**_ALWAYS), *found], key=lambda one: one.name)
    more = found[limit - 1].name if len(found) > limit else None
    return Page(items=found[:limit], next=more)


@router.get("/calendars/{name}", dependencies=[may(*READERS)])
async def read(
    tx: Transaction, response: Response, name: Name, version: Version = None
) -> CalendarOut:
    """The newest version of a calendar, or the one asked for."""
    if name == ALWAYS.name and version in (None, ALWAYS.version):
        response.headers["etag"] = etag_of(ALWAYS.version)
        return CalendarOut(**_ALWAYS)
    found = await calendars.get(tx, name, version)
    response.headers["etag"] = etag_of(found.version)
    return _whole(found)


@router.put("/calendars/{name}", dependencies=[may("ops", "supervisor")])
async def put(
    tx: Transaction,
    stamp: Stamped,
    response: Response,
    name: Name,
    expected: Expected,
    body: CalendarIn,
) -> CalendarOut:
    """Publish the next version of a calendar. What is in use stays on the version it has.

    The same once more makes no version. A mistake is refused with its place.
    """
    data = body.model_dump(by_alias=True, exclude_none=True)
    found = await publish_calendar(tx, stamp, name, data, expected)
    response.headers["etag"] = etag_of(found.version)
    return _whole(found)


@router.post("/calendars/{name}/deadline", dependencies=[may(*READERS)])
async def deadline(
    tx: Transaction, name: Name, body: DeadlineIn, version: Version = None
) -> DeadlineOut:
    """When it would be due. Nothing is stored.

    The earliest instant at which the working time is used up: what ends exactly at closing time is
    due at closing time. Working days: the day of `start` is not counted, and it is due when the
    last of them closes.
    """
    if version is None:
        calendar = (await calendars.latest(tx, [name]))[name]
    else:
        calendar = await calendars.of_version(tx, name, version)
    if body.working_minutes is not None:
        due = deadline_after(calendar, body.start, timedelta(minutes=body.working_minutes))
    else:
        assert body.working_days is not None
        due = deadline_in_days(calendar, body.start, body.working_days)
    return DeadlineOut(
        calendar=calendar.name,
        version=calendar.version,
        start=due.start,
        due_at=due.due_at,
        intervals=[
            IntervalOut(opens_at=interval.opens_at, closes_at=interval.closes_at)
            for interval in due.intervals
        ],
        cut=due.cut,
    )
