"""What is said about clocks. Built without being validated again: it comes from our own rows."""

from typing import Any

from services.workorders.domain.clock import Clock, Entry
from shared.contracts import workorders as said


def breached(clock: Clock, line: Entry, order: dict[str, Any], *, late: bool) -> said.ClockBreached:
    """`line`: where the ledger says so. `order`: what every fact about it says."""
    return said.ClockBreached.model_construct(
        **order | _about(clock, line) | {"due_at": line.due_at, "late": late}
    )


def warned(clock: Clock, line: Entry, order: dict[str, Any], *, late: bool) -> said.ClockWarned:
    about = _about(clock, line) | {"due_at": clock.due_at, "warning": line.repetition}
    return said.ClockWarned.model_construct(**order | about | {"late": late})


def _about(clock: Clock, line: Entry) -> dict[str, Any]:
    return {
        "clock_id": clock.id,
        "kind": clock.kind,
        "generation": line.generation,
        "fired_at": line.at,
        "late_ms": line.late_ms,
        "policy": clock.policy,
        "policy_version": clock.policy_version,
    }
