"""When power is to be off: the window of a planned outage."""

from dataclasses import dataclass
from datetime import datetime

from shared.errors import Invalid


class EndsBeforeItBegins(Invalid):
    """A planned outage ends after it begins, and begins in the future."""


@dataclass(frozen=True, slots=True)
class Window:
    """When power is to be off."""

    begins_at: datetime
    ends_at: datetime


def check_window(window: Window, at: datetime, *, begun: bool = False) -> None:
    """Raises EndsBeforeItBegins."""
    starts_too_early = not begun and window.begins_at <= at
    if window.ends_at <= window.begins_at or starts_too_early or window.ends_at <= at:
        raise EndsBeforeItBegins(now=at.isoformat())
