"""Who did it, when, and what it followed from: passed by hand, never read from the air."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Stamp:
    """One request, one moment.

    by: the subject of the token, or `event:<type>`, or `timer:<name>`; never a person's name.
    at: the moment everything in this transaction happened, timezone-aware UTC.
    cause: the id of the event that this follows from.
    trace: the W3C `traceparent` to hand on.
    """

    by: str
    at: datetime
    role: str = "service"
    cause: UUID | None = None
    trace: str | None = None
