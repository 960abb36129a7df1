"""Escalations in and out of PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict

from services.workorders.domain.escalation import Escalation
from services.workorders.tables import escalations
from shared.db import Tx

ESCALATION_BELL = "escalations"


def add(tx: Tx, rows: Sequence[Escalation]) -> None:
    """Leave them with this transaction; the timer of digests is woken after it."""
    for row in rows:
        tx.leave(escalations, asdict(row))
    if rows:
        tx.ring(ESCALATION_BELL)
