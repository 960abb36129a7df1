"""How every move ends: order saved, fact said and audited, clocks stopped and started."""

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact
from services.workorders.store import orders
from services.workorders.use_cases import clocks, consequences
from shared.audit import record
from shared.contracts.envelope import Event
from shared.db import Tx
from shared.outbox import publish
from shared.stamp import Stamp


def say(
    tx: Tx, stamp: Stamp, order: WorkOrder, action: str, event: Event, **why: str | int | None
) -> WorkOrder:
    """Publish the next fact about `order`, and write who did it into the audit.

    Returns the order that has said so: its facts are numbered 1, 2, 3, whatever its versions.
    """
    publish(tx, event, stamp, sequence=order.said + 1)
    note(tx, stamp, order, action, **why)
    return order.also(said=order.said + 1)


def note(tx: Tx, stamp: Stamp, order: WorkOrder, action: str, **why: str | int | None) -> None:
    """What is only our own business: audited, not published."""
    record(
        tx, stamp, f"order.{action}", order.id, status=order.status, version=order.version, **why
    )


async def settle(tx: Tx, stamp: Stamp, order: WorkOrder, *facts: Fact) -> WorkOrder:
    """Save the order; what happened stops and starts its clocks, and has its consequences."""
    await orders.save(tx, order)
    await clocks.all_happened(tx, stamp, [order], facts, stamp.at)
    await consequences.follow(tx, stamp, order, facts)
    return order
