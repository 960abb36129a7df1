"""From one crew to the next: what is open is listed, acknowledged, signed; the shift closes."""

from services.workorders.domain.handover import Handover, Item, Side
from services.workorders.domain.moves import Status
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.policy import Fact, rules
from services.workorders.domain.roster import RosterRules, Shift, ShiftId
from services.workorders.store import handovers, references, shifts
from services.workorders.use_cases import routing
from services.workorders.use_cases.moved import settle
from shared.audit import record
from shared.db import Tx
from shared.stamp import Stamp

_OFF_SHIFT = "claimed, but not begun when the shift ended"


async def open_handover(tx: Tx, stamp: Stamp, id: ShiftId, region: str) -> Handover:
    """The list of what is open; asked for again, what came since is added.

    Raises NoSuchShift, ShiftClosed, NotBegun.
    """
    shift = await shifts.lock(tx, id, region)
    shift.check_running(stamp.at)
    now_open = await _left_behind(tx, stamp, shift)
    handover = await handovers.find(tx, id)
    if handover is None:
        following = await shifts.next_of(tx, shift)
        next_id = following.id if following else None
        handover = Handover(id, next_id, stamp.at, stamp.by, tuple(now_open))
    else:
        listed = {item.order_id for item in handover.items}
        handover = handover.extended([x for x in now_open if x.order_id not in listed])
    await handovers.save(tx, handover)
    record(tx, stamp, "handover.opened", id, orders=len(handover.items))
    return handover


async def acknowledge(
    tx: Tx, stamp: Stamp, id: ShiftId, region: str, order_id: WorkOrderId
) -> Handover:
    """Raises NoSuchShift, NoHandover, ShiftClosed, NoSuchItem, NotTaking."""
    shift, following = await _both(tx, stamp, id, region)
    supervisor = stamp.role == "supervisor"
    handover = (await handovers.lock(tx, id)).acknowledge(
        order_id, shift, following, stamp.by, stamp.at, supervisor=supervisor
    )
    await handovers.save(tx, handover)
    record(tx, stamp, "handover.acknowledged", id, order=str(order_id))
    return handover


async def sign(tx: Tx, stamp: Stamp, id: ShiftId, region: str, side: Side) -> Handover:
    """Raises NoSuchShift, NoHandover, ShiftClosed, NotTheLead, SignedAlready, SameSigner."""
    shift, following = await _both(tx, stamp, id, region)
    lead: str | None = shift.lead
    if side is Side.INCOMING:
        lead = following.lead if following else None
    supervisor = stamp.role == "supervisor"
    handover = (await handovers.lock(tx, id)).sign(
        side, lead, stamp.by, stamp.at, supervisor=supervisor
    )
    await handovers.save(tx, handover)
    record(tx, stamp, "handover.signed", id, side=side)
    return handover


async def close(tx: Tx, stamp: Stamp, id: ShiftId, region: str, expected: int | None) -> Shift:
    """Raises NotHandedOver with what is missing, NoHandover, ShiftClosed, NotBegun.

    What the crew claimed and did not begin goes back to the team.
    """
    shift = await shifts.lock(tx, id, region, expected)
    shift.check_running(stamp.at)
    handover = await handovers.lock(tx, id)
    following = await _following(tx, handover, region)
    staying = following.members if following else ()
    going = [person for person in shift.members if person not in staying]
    held = await handovers.lock_held_by(tx, shift.team, going)
    handover.check_closable(
        await handovers.still_open(tx, shift.team), [order.id for order in held]
    )
    for order in held:
        if order.status is Status.CLAIMED:
            order = routing.back_to_the_team(tx, stamp, order, _OFF_SHIFT)
            await settle(tx, stamp, order, Fact.DISPATCHED)
    shift = shift.close(stamp.by, stamp.at)
    await shifts.save(tx, shift)
    record(tx, stamp, "shift.closed", id, team=shift.team)
    return shift


async def _left_behind(tx: Tx, stamp: Stamp, shift: Shift) -> list[Item]:
    packs = await references.packs_in_force(tx, stamp.at)
    risky_until = stamp.at + rules(packs, RosterRules).at_risk
    return await handovers.left_behind(tx, shift.team, risky_until)


async def _both(tx: Tx, stamp: Stamp, id: ShiftId, region: str) -> tuple[Shift, Shift | None]:
    """The shift that hands over, and the one that takes over."""
    shift = await shifts.get(tx, id, region)
    shift.check_running(stamp.at)
    return shift, await _following(tx, await handovers.get(tx, id), region)


async def _following(tx: Tx, handover: Handover, region: str) -> Shift | None:
    if handover.next_id is None:
        return None
    return await shifts.get(tx, handover.next_id, region)
