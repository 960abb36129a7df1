"""What is said about clocks."""

from services.workorders.domain.clock import Clock
from services.workorders.domain.order import WorkOrder
from services.workorders.events.orders import about
from shared.contracts import workorders as said


def breached(clock: Clock, order: WorkOrder) -> said.ClockBreached:
    assert clock.fired_at is not None
    return said.ClockBreached(
        **about(order),
        clock_id=clock.id,
        kind=clock.kind,
        generation=clock.generation,
        due_at=clock.due_at,
        fired_at=clock.fired_at,
        late_ms=round((clock.fired_at - clock.due_at).total_seconds() * 1000),
        policy=clock.policy,
        policy_version=clock.policy_version,
    )
