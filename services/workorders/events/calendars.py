"""What is told about calendars."""

from datetime import datetime

from services.workorders.domain.calendar import Ending
from shared.contracts import workorders as said


def ending(near: Ending, at: datetime) -> said.CalendarEnding:
    return said.CalendarEnding(
        calendar=near.name,
        calendar_version=near.version,
        first_missing_year=near.missing_year,
        last_covered_on=near.last_covered_on,
        days_left=max(0, (near.ends_at - at).days),
    )
