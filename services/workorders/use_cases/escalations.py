"""Who is told of what ran out: one message for each recipient and window, until acknowledged."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.workorders.domain.escalation import EscalationId, NothingToAcknowledge
from services.workorders.domain.policy import digest
from services.workorders.events import escalations as events
from services.workorders.store import escalations, orders, references
from services.workorders.store.escalations import Seen
from services.workorders.store.orders import Aim
from services.workorders.use_cases import clocks
from shared.audit import record
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp


async def send_digests(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    """One message to everyone who may be told again. Returns since when each of them might.

    The first escalation leaves at once and opens a window; what is raised in it leaves together
    when it ends, and opens the next.
    """
    recipients = await escalations.due(tx, stamp.at, limit)
    if not recipients:
        return ()
    rule = digest(await references.packs_in_force(tx, stamp.at))
    for to in recipients:
        id = new_id(stamp.at)
        gathered = await escalations.gather(tx, id, to, stamp.at, rule.items)
        if not gathered.total:
            continue  # what it warned of was done meanwhile
        ends_at = stamp.at + rule.windows[to.tell]
        await escalations.open_window(tx, to, ends_at)
        publish(tx, events.raised(id, to, gathered, stamp.at, ends_at), stamp)
    return [to.due_at for to in recipients]


async def acknowledge(tx: Tx, stamp: Stamp, id: EscalationId, region: str) -> list[Seen]:
    """Somebody takes this clock up. Raises NoSuchEscalation, NothingToAcknowledge."""
    found = await escalations.find(tx, id, region)
    return await _acknowledge(tx, stamp, [found.clock_id])


async def acknowledge_order(tx: Tx, stamp: Stamp, aim: Aim) -> list[Seen]:
    """Somebody takes up every clock of the order that was raised. Raises NothingToAcknowledge."""
    order = await orders.lock(tx, aim)
    return await _acknowledge(tx, stamp, await escalations.clocks_unacknowledged(tx, order.id))


async def _acknowledge(tx: Tx, stamp: Stamp, clock_ids: Sequence[UUID]) -> list[Seen]:
    await clocks.acknowledge(tx, stamp, clock_ids)
    seen = await escalations.acknowledge(tx, clock_ids, stamp.by, stamp.at)
    if not seen:
        raise NothingToAcknowledge
    for one in seen:
        raised = one.escalation
        record(
            tx,
            stamp,
            "escalation.acknowledged",
            raised.order_id,
            kind=raised.kind,
            step=raised.step,
            repetition=raised.repetition,
        )
    return seen
