"""What is said about money that is owed for a broken promise."""

from datetime import datetime
from typing import Any

from services.workorders.domain.owing import Owed
from shared.contracts import outages as said


def _about(owed: Owed) -> dict[str, Any]:
    return {
        "compensation_id": owed.id,
        "work_order_id": owed.order_id,
        "case_id": owed.case_id,
        "case_number": owed.case_number,
        "region": owed.region,
        "outage_id": owed.outage_id,
        "account_no": owed.account_no,
        "amount_minor": owed.amount_minor,
        "currency": owed.currency,
        "pack": owed.pack,
        "pack_version": owed.pack_version,
        "rule": owed.rule,
        "step": owed.step,
        "began_at": owed.began_at,
        "promised_at": owed.promised_at,
        "actual_at": owed.actual_at,
    }


def due(owed: Owed) -> said.CompensationDue:
    return said.CompensationDue(**_about(owed))


def waived(owed: Owed, at: datetime) -> said.CompensationWaived:
    assert owed.exemption is not None
    return said.CompensationWaived(**_about(owed), waived_at=at, reason=owed.exemption.reason)
