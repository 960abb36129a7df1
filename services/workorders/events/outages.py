"""What is said about outages, and about what is owed."""

from datetime import datetime
from typing import Any

from services.workorders.domain.outage import Outage, Scope, Stage
from shared.contracts import outages as said


def _about(outage: Outage, stage: Stage | None) -> dict[str, Any]:
    window = outage.window
    codes = {scope: [d.code for d in outage.devices if d.scope is scope] for scope in Scope}
    return {
        "outage_id": outage.id,
        "root_outage_id": outage.root_id,
        "kind": outage.kind,
        "status": outage.status,
        "region": outage.region,
        "transformers": tuple(codes[Scope.TRANSFORMER]),
        "feeders": tuple(codes[Scope.FEEDER]),
        "customers": outage.customers,
        "began_at": outage.began_at,
        "begins_at": window.begins_at if window else None,
        "ends_at": window.ends_at if window else None,
        "etr_at": outage.etr_at,
        "reason": outage.reason,
        "cause": outage.cause,
        "master_id": outage.master_id,
        "nested_in": outage.nested_in,
        "version": outage.version,
        "stage": stage,
    }


def opened(outage: Outage, stage: Stage | None = None) -> said.OutageOpened:
    return said.OutageOpened(**_about(outage, stage), opened_at=outage.opened_at)


def updated(
    outage: Outage, at: datetime, change: str, stage: Stage | None = None
) -> said.OutageUpdated:
    facts = _about(outage, stage) | {"updated_at": at, "change": change}
    return said.OutageUpdated.model_validate(facts)


def restored(outage: Outage) -> said.OutageRestored:
    assert outage.restored_at is not None
    return said.OutageRestored(**_about(outage, Stage.RESTORED), restored_at=outage.restored_at)
