"""Promises with money behind them: they run, a step is owed, somebody shows why it is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.workorders.domain import sections
from services.workorders.domain.compensation import (
    Appliances,
    Compensation,
    ExemptAlready,
    NotClaimable,
    Rule,
)
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.outage import Exemption
from services.workorders.domain.owing import Guarantee, Owed
from services.workorders.domain.policy import Pack
from services.workorders.events import compensation as events
from services.workorders.store import guarantees, orders, references
from services.workorders.store.guarantees import Due
from services.workorders.store.orders import Aim
from shared.audit import record
from shared.db import Tx
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp

APPLIANCE = "appliance"


def guarantee(tx: Tx, order: WorkOrder, packs: Sequence[Pack]) -> None:
    """Let run what the packs in force guarantee for a new fault. No round trip."""
    if not order.is_fault:
        return
    for pack, section in sections.compensation(packs):
        for rule in section.rules:
            due_at = rule.due_at(order.received_at, 1)
            if rule.fits(order.asked.customer_class) and due_at is not None:
                guarantees.add(
                    tx,
                    Guarantee(
                        order.id, rule.name, pack.id, pack.version, order.received_at, 1, due_at
                    ),
                )


async def run_on(tx: Tx, order: WorkOrder, began_at: datetime) -> None:
    """Power was not back after all: what was guaranteed runs since it first went off."""
    for running in await guarantees.of_order(tx, order.id):
        section = await _section(tx, running.pack, running.version)
        rule = section.rule(running.rule) if section else None
        due_at = rule.due_at(began_at, running.step) if rule else None
        if due_at is not None:
            again = replace(running, began_at=began_at, due_at=due_at)
            await guarantees.restart(tx, again)


async def owe_due(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Steps that are owed by now, each once. Returns when each was due."""
    due = await guarantees.lock_due(tx, stamp.at, limit)
    for one in due:
        await _owe(tx, stamp, one)
    return [one.guarantee.due_at for one in due]


async def _owe(tx: Tx, stamp: Stamp, due: Due) -> None:
    """Where another rule counts, for the weather or so many customers, this one ends."""
    running = due.guarantee
    section = await _section(tx, running.pack, running.version)
    rule = section.rule(running.rule) if section else None
    if section is None or rule is None or not rule.holds(due.weather, due.customers):
        await guarantees.rest(tx, running, stamp.at)
        return
    owed = _step(stamp, due, section, rule)
    guarantees.add_owed(tx, owed)
    _say(tx, stamp, owed)
    next_at = rule.due_at(running.began_at, running.step + 1)
    await guarantees.go_on(tx, running, next_at, stamp.at)


def _step(stamp: Stamp, due: Due, section: Compensation, rule: Rule) -> Owed:
    running = due.guarantee
    working = [
        f"not restored {rule.within} after {running.began_at.isoformat()}",
        f"step {running.step}: {rule.sum(running.step)} {section.currency}",
        f"{rule.source} ({rule.certainty})",
    ]
    return Owed(
        id=new_id(stamp.at),
        order_id=running.order_id,
        rule=rule.name,
        step=running.step,
        case_id=due.case_id,
        case_number=due.case_number,
        outage_id=due.outage_id,
        region=due.region,
        account_no=due.account_no,
        pack=running.pack,
        pack_version=running.version,
        amount_minor=rule.sum(running.step),
        currency=section.currency,
        began_at=running.began_at,
        promised_at=running.due_at,
        due_at=running.due_at,
        working=tuple(working),
    )


async def _section(tx: Tx, pack: str, version: str) -> Compensation | None:
    [its] = await references.packs(tx, [(pack, version)])
    return its.compensation


async def exempt(
    tx: Tx,
    stamp: Stamp,
    id: UUID,
    region: str,
    expected: int | None,
    reason: str,
    evidence: tuple[str, ...],
) -> Owed:
    """Nothing is owed for it, for a reason that counts, with proof.

    Raises NoSuchCompensation, NoSuchReason, ExemptAlready.
    """
    owed = await guarantees.lock_owed(tx, id, region, expected)
    if owed.exemption is not None:
        raise ExemptAlready(reason=owed.exemption.reason)
    section = await _section(tx, owed.pack, owed.pack_version)
    if section is not None:
        section.check_reason(reason)
    exemption = Exemption(reason, evidence, stamp.by)
    owed = replace(owed, exemption=exemption, version=owed.version + 1)
    await guarantees.save_owed(tx, owed)
    publish(tx, events.waived(owed, stamp.at), stamp)
    record(tx, stamp, "compensation.exempt", owed.id, reason=reason, step=owed.step)
    return owed


async def claim_appliance(
    tx: Tx,
    stamp: Stamp,
    aim: Aim,
    kind: str,
    price: int,
    bought_on: date,
    damaged_at: datetime,
    evidence: tuple[str, ...],
) -> Owed:
    """What is owed for a household appliance that we damaged. Raises NotClaimable."""
    order = await orders.lock(tx, aim)
    pack, rules = _appliances(await references.packs_in_force(tx, stamp.at))
    assert pack.compensation is not None
    rules.check_claim(damaged_at, order.received_at)
    amount = rules.owed(kind, price, bought_on, tx.day_of(damaged_at))
    if amount <= 0:
        raise NotClaimable("it had served its time", life_years=rules.lives[kind])
    step = await guarantees.steps_of(tx, order.id, APPLIANCE) + 1
    years = rules.lives[kind]
    working = (
        f"{price} x (1 - whole years from {bought_on} to {tx.day_of(damaged_at)} / {years})",
        f"{rules.source} ({rules.certainty})",
        *(f"evidence: {one}" for one in evidence),
    )
    owed = Owed(
        id=new_id(stamp.at),
        order_id=order.id,
        rule=APPLIANCE,
        step=step,
        case_id=order.case_id,
        case_number=order.case_number,
        outage_id=order.outage_id,
        region=order.site.region,
        account_no=order.asked.account_no,
        pack=pack.id,
        pack_version=pack.version,
        amount_minor=amount,
        currency=pack.compensation.currency,
        began_at=damaged_at,
        promised_at=stamp.at,
        due_at=stamp.at,
        working=working,
    )
    guarantees.add_owed(tx, owed)
    _say(tx, stamp, owed)
    return owed


def _appliances(packs: Sequence[Pack]) -> tuple[Pack, Appliances]:
    """Raises NotClaimable when no pack in force says what is owed."""
    for pack, section in sections.compensation(packs):
        if section.appliances is not None:
            return pack, section.appliances
    raise NotClaimable("no policy in force knows of damaged appliances")


def _say(tx: Tx, stamp: Stamp, owed: Owed) -> None:
    publish(tx, events.due(owed), stamp)
    record(
        tx, stamp, "compensation.due", owed.id,
        rule=owed.rule, step=owed.step, amount_minor=owed.amount_minor, currency=owed.currency,
    )  # fmt: skip
