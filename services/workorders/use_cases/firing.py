"""What clocks do by themselves, once: warn, breach, climb their ladders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock, Entry, What
from services.workorders.domain.escalation import Escalation, EscalationId
from services.workorders.domain.ledger import Page
from services.workorders.domain.policy import punctuality
from services.workorders.domain.punctuality import Punctuality
from services.workorders.events import clocks as events
from services.workorders.store import clocks, escalations, references, watching
from services.workorders.store.clocks import About
from shared.audit import record
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp

CLOCK_BELL = "clocks"


async def fire(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    """Everything that clocks should have done by now, in the order in which it was due.

    Returns when each was due.
    """
    found = await clocks.claim_due(tx, stamp.at, limit)
    if not found:
        return ()
    pages, due = [], []
    late = await punctuality_now(tx, stamp)
    for clock, order in found:
        page = Page(clock, stamp.by, stamp.at)
        clockwork.fire(page)
        say(tx, stamp, page, order, late)
        pages.append(page)
        due.append(clock.wake_at or stamp.at)
    await clocks.save_fired(tx, pages)
    return due


def say(tx: Tx, stamp: Stamp, page: Page, about: About, punctual: Punctuality) -> None:
    """Tell the others what was written about a clock of this order.

    No fact of the order itself, so it takes no number of its own: it follows the last one.
    """
    clock, order = page.clock, about.facts()
    for line in page.lines:
        late = punctual.is_late(line.late_ms or 0)
        if line.what is What.BREACHED:
            publish(tx, events.breached(clock, line, order, late=late), stamp, sequence=about.said)
            facts = {"kind": clock.kind, "generation": line.generation}
            record(tx, stamp, "clock.breached", clock.order_id, **facts)
        elif line.what is What.WARNED:
            publish(tx, events.warned(clock, line, order, late=late), stamp, sequence=about.said)
        elif line.what is What.ESCALATED:
            raised = _escalation(tx, stamp, clock, line, order)
            escalations.add(tx, [raised])
            if (raised.because, raised.repetition) == ("breached", 1):
                watching.add(tx, clock.order_id, stamp.at)


def _escalation(
    tx: Tx, stamp: Stamp, clock: Clock, line: Entry, order: dict[str, Any]
) -> Escalation:
    assert clock.terms.ladder is not None
    assert line.step is not None
    assert line.repetition is not None
    step = clock.terms.ladder.steps[line.step - 1]
    return Escalation(
        id=EscalationId(new_id(stamp.at)),
        clock_id=clock.id,
        order_id=clock.order_id,
        kind=clock.kind,
        because=step.on,
        step=line.step,
        repetition=line.repetition,
        tell=step.tell,
        by=step.by,
        region=order["region"],
        team=order["team"],
        raised_at=line.at,
        due_at=clock.due_at or line.at,
        held_until=step.held_until(line.at, tx.zone),
    )


async def punctuality_now(tx: Tx, stamp: Stamp) -> Punctuality:
    return punctuality(await references.packs_in_force(tx, stamp.at))
