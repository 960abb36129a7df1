"""When a timer counts as late: dated data, a section `punctuality` of our house rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.workorders.domain.written import duration, only


@dataclass(frozen=True, slots=True)
class Punctuality:
    """late_after: what fires longer after its due instant is flagged as late."""

    late_after: timedelta

    def is_late(self, late_ms: int) -> bool:
        return timedelta(milliseconds=late_ms) > self.late_after


def read_punctuality(data: Mapping[str, Any]) -> Punctuality:
    """Raises BadPolicy or KeyError."""
    return Punctuality(duration(only(data, ("late_after",))["late_after"]))
