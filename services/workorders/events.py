"""What workorders tells the others: from our words to the published ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.workorders.domain.clock import Clock
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Pack
from shared.contracts import workorders as said


def _about(order: WorkOrder) -> dict[str, Any]:
    return {
        "work_order_id": order.id,
        "case_id": order.case_id,
        "case_number": order.case_number,
        "region": order.site.region,
        "team": order.team,
        "level": order.level,
        "version": order.version,
    }


def opened(order: WorkOrder) -> said.OrderOpened:
    return said.OrderOpened(**_about(order), opened_at=order.opened_at)


def dispatched(order: WorkOrder, at: datetime) -> said.OrderDispatched:
    assert order.routing is not None
    return said.OrderDispatched(
        **_about(order), dispatched_at=at, team_name=order.routing.team_name
    )


def claimed(order: WorkOrder, at: datetime) -> said.OrderClaimed:
    return said.OrderClaimed(**_about(order), claimed_at=at)


def departed(order: WorkOrder, at: datetime) -> said.OrderDeparted:
    return said.OrderDeparted(**_about(order), departed_at=at)


def arrived(order: WorkOrder, at: datetime) -> said.OrderArrived:
    return said.OrderArrived(**_about(order), arrived_at=at)


def etr_set(order: WorkOrder, at: datetime) -> said.EtrSet:
    assert order.etr_at is not None
    return said.EtrSet(**_about(order), etr_at=order.etr_at, set_at=at)


def replied(order: WorkOrder, at: datetime) -> said.OrderReplied:
    assert order.reply is not None
    return said.OrderReplied(**_about(order), replied_at=at, cause=order.reply.cause)


def archived(order: WorkOrder, at: datetime) -> said.OrderArchived:
    return said.OrderArchived(**_about(order), archived_at=at, satisfaction="satisfied")


def reopened(order: WorkOrder, at: datetime, reason: str) -> said.OrderReopened:
    return said.OrderReopened(**_about(order), reopened_at=at, reason=reason)


def breached(clock: Clock, order: WorkOrder) -> said.ClockBreached:
    assert clock.fired_at is not None
    return said.ClockBreached(
        **_about(order),
        clock_id=clock.id,
        kind=clock.kind,
        generation=clock.generation,
        due_at=clock.due_at,
        fired_at=clock.fired_at,
        late_ms=round((clock.fired_at - clock.due_at).total_seconds() * 1000),
        policy=clock.policy,
        policy_version=clock.policy_version,
    )


_AREAS = ("urban", "rural", "remote")


def promises(packs: Sequence[Pack], at: datetime) -> said.PromisesPublished:
    """What may be promised at acceptance: promised limits that start there."""
    told = [
        said.PublicPromise(
            kind=limit.clock,
            case_type=case_type,
            area=area,
            minutes=int(limit.target.total_seconds() // 60),
        )
        for pack in packs
        for limit in pack.limits
        if limit.promised and limit.starts == "accepted"
        for case_type in sorted(limit.types)
        for area in (sorted(limit.areas) or _AREAS)
    ]
    main = next(pack for pack in packs if pack.overlay_of is None)
    return said.PromisesPublished(
        policy=main.id, policy_version=main.version, in_force_from=at, promises=tuple(told)
    )
