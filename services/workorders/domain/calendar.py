"""A calendar that was published, and how long it lasts."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.calendar import Definition


@dataclass(frozen=True, slots=True)
class Published:
    """A version as it was published. `packaged`: it came with the program."""

    name: str
    version: int
    definition: Definition
    ends_at: datetime
    packaged: bool
    published_at: datetime
    published_by: str

    @property
    def first_missing_year(self) -> int:
        return self.definition.years[-1] + 1


@dataclass(frozen=True, slots=True)
class Ending:
    """When the newest version of a calendar ends, when that is to be told, and whether it was."""

    name: str
    version: int
    missing_year: int
    ends_at: datetime
    due_at: datetime
    told: bool

    @property
    def last_covered_on(self) -> date:
        return date(self.missing_year - 1, 12, 31)
