"""What is said about clocks."""

from datetime import datetime
from typing import Any

from services.workorders.domain.clock import Clock, Entry
from shared.contracts import workorders as said


def breached(clock: Clock, line: Entry, order: dict[str, Any], *, late: bool) -> said.ClockBreached:
    """`line`: where the ledger says so. `order`: what every fact about it says."""
    about = order | _about(clock, line)
    return said.ClockBreached(**about, due_at=_due(line), late=late)


def warned(clock: Clock, line: Entry, order: dict[str, Any], *, late: bool) -> said.ClockWarned:
    assert clock.due_at is not None
    assert line.repetition is not None
    about = order | _about(clock, line)
    return said.ClockWarned(**about, due_at=clock.due_at, warning=line.repetition, late=late)


def corrected(
    before: Clock, after: Clock, order: dict[str, Any], at: datetime, reason: str
) -> said.ClockCorrected:
    """What it was and what it is."""
    return said.ClockCorrected(
        **order,
        clock_id=after.id,
        kind=after.kind,
        generation=after.generation,
        promised=after.promised,
        corrected_at=at,
        reason=reason,
        state=after.state.value,
        due_at=after.due_at,
        stopped_at=after.stopped_at,
        state_before=before.state.value,
        due_at_before=before.due_at,
        generation_before=before.generation,
    )


def _due(line: Entry) -> datetime:
    assert line.due_at is not None
    return line.due_at


def _about(clock: Clock, line: Entry) -> dict[str, Any]:
    limit = clock.terms.limit
    return {
        "clock_id": clock.id,
        "kind": clock.kind,
        "generation": line.generation,
        "fired_at": line.at,
        "late_ms": line.late_ms,
        "policy": clock.policy,
        "policy_version": clock.policy_version,
        "certainty": limit.certainty if limit else None,
        "unverified": limit.unverified if limit else False,
    }
