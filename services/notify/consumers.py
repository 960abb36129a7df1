"""What notify listens to: cases, what becomes of their orders, who must see to a clock."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, get_args

from services.notify import use_cases
from services.notify.domain.people import Recipient
from services.notify.domain.telling import Desk, Fact, Notice
from services.notify.domain.words import BadWords, Term, Values
from shared.contracts import outages
from shared.contracts import workorders as said
from shared.contracts.envelope import Event
from shared.contracts.intake import CaseAccepted
from shared.db import Tx
from shared.inbox import Heard, listeners
from shared.stamp import Stamp

Hearing = Callable[[Desk, Tx, Any, Stamp], Awaitable[None]]
OrderFact = (
    said.OrderDeparted
    | said.OrderArrived
    | said.EtrSet
    | said.OrderReplied
    | said.OrderArchived
    | said.OrderReopened
    | said.OrderSuspended
    | said.CallbackMissed
)

# Once per round of work, for what happens once in a round.
_ONCE_A_LEVEL: tuple[type[OrderFact], ...] = (
    said.OrderDeparted,
    said.OrderArrived,
    said.OrderArchived,
    said.OrderReopened,
)

OutageFact = outages.OutageOpened | outages.OutageUpdated | outages.OutageRestored
_STAGES: frozenset[str] = frozenset(get_args(outages.OutageStage))
_MOST_OF_A_REASON = 60


def name(event: Event) -> str:
    """`workorders.order-arrived.v1` is `order-arrived`."""
    return event.type.split(".")[1]


async def on_case_accepted(desk: Desk, tx: Tx, event: CaseAccepted, stamp: Stamp) -> None:
    region, said = event.location.region, event.caller.phone
    phone = desk.addresses.phone(said) if said else None
    about = (event.case_id, event.number, phone, region, event.locale)
    where = event.location.transformer
    recipient = Recipient(*about, transformer=where, confidential=event.confidential)
    key = f"{name(event)}:{event.case_id}"
    fact = Fact(event.type, key, event.case_id, region, {"number": event.number})
    await use_cases.know_case(tx, stamp, desk, recipient, fact)


async def on_order_fact(desk: Desk, tx: Tx, event: OrderFact, stamp: Stamp) -> None:
    key = f"{name(event)}:{event.work_order_id}:{event.level}"
    values: Values = {"number": event.case_number}
    await use_cases.tell(tx, stamp, desk, _about_order(event, key, values))


async def on_order_repaired(desk: Desk, tx: Tx, event: said.OrderRepaired, stamp: Stamp) -> None:
    """Told in an outage only: of an order by itself the reply says so."""
    if event.outage_id is not None:
        restored = Notice(event.outage_id, "restored", event.region, event.repaired_at, {})
        await use_cases.tell_member(tx, stamp, desk, event.case_id, event.version, restored)


async def on_order_replied(desk: Desk, tx: Tx, event: said.OrderReplied, stamp: Stamp) -> None:
    """In an outage: that power is back, where the reply is the first to say so; else the rest."""
    if event.outage_id is None:
        return await on_order_fact(desk, tx, event, stamp)
    restored = Notice(event.outage_id, "restored", event.region, event.replied_at, {})
    check_ok = replace(restored, stage="check_ok")
    await use_cases.tell_member(tx, stamp, desk, event.case_id, event.version, restored, check_ok)


async def on_order_linked(desk: Desk, tx: Tx, event: said.OrderLinked, stamp: Stamp) -> None:
    await use_cases.link(tx, event.case_id, event.version, event.outage_id)


async def on_order_unmerged(desk: Desk, tx: Tx, event: said.OrderUnmerged, stamp: Stamp) -> None:
    await use_cases.link(tx, event.case_id, event.version, None)


async def on_outage_fact(desk: Desk, tx: Tx, event: OutageFact, stamp: Stamp) -> None:
    """Of a fault everybody in it hears by a fact about their own order: here is nothing to tell.

    An announced outage concerns also those who have no order in it.
    """
    if event.kind != "fault" and (notice := _of_planned(event)) is not None:
        await use_cases.tell_area(tx, stamp, desk, notice, event.transformers)


def _of_planned(event: OutageFact) -> Notice | None:
    """What is told of a planned or temporary outage; None when it is nothing, or follows."""
    if isinstance(event, outages.OutageOpened):
        as_of = event.opened_at
    elif isinstance(event, outages.OutageUpdated):
        as_of = event.updated_at
    else:
        as_of = event.restored_at
    stage, begins_at, ends_at = event.stage, event.begins_at, event.ends_at
    if stage is None or stage == "check_ok" or begins_at is None or ends_at is None:
        return None
    about = (event.outage_id, stage, event.region, as_of)
    if stage in ("started", "etr_set", "etr_changed"):
        etr_at = event.etr_at or ends_at
        values: Values = {"etr": etr_at, "reason": _short(event.reason)}
        return Notice(*about, values, etr_at=etr_at, not_after=etr_at)
    if stage == "restored":
        return Notice(*about, {})
    if stage == "changed" and event.status == "active":
        return None  # another end is another ETR, which is said too
    values = {"begins": begins_at, "ends": ends_at, "reason": _short(event.reason)}
    occasions = {"reminder": begins_at.isoformat(), "changed": str(event.version)}
    until = ends_at if stage == "cancelled" else begins_at
    return Notice(*about, values, occasion=occasions.get(stage, ""), not_after=until)


def _short(reason: str) -> str:
    """A reason may be longer than an SMS has room for."""
    return reason if len(reason) <= _MOST_OF_A_REASON else reason[: _MOST_OF_A_REASON - 1] + "…"


async def on_etr_set(desk: Desk, tx: Tx, event: said.EtrSet, stamp: Stamp) -> None:
    if event.outage_id is not None:
        about = (event.outage_id, "etr_set", event.region, event.set_at, {"etr": event.etr_at})
        notice = Notice(*about, etr_at=event.etr_at, not_after=event.etr_at)
        return await use_cases.tell_member(tx, stamp, desk, event.case_id, event.version, notice)
    key = f"{name(event)}:{event.work_order_id}:{event.version}"
    values: Values = {"number": event.case_number, "etr": event.etr_at}
    fact = replace(_about_order(event, key, values), not_after=event.etr_at)
    await use_cases.tell(tx, stamp, desk, fact)


async def on_order_suspended(desk: Desk, tx: Tx, event: said.OrderSuspended, stamp: Stamp) -> None:
    """Told unless somebody did so in person."""
    if event.tell_customer:
        key = f"{name(event)}:{event.work_order_id}:{event.version}"
        values: Values = {"number": event.case_number, "until": event.until}
        await use_cases.tell(tx, stamp, desk, _about_order(event, key, values))


async def on_callback_missed(desk: Desk, tx: Tx, event: said.CallbackMissed, stamp: Stamp) -> None:
    """After the last attempt the customer is told in writing."""
    if event.failed:
        key = f"{name(event)}:{event.work_order_id}:{event.level}"
        values: Values = {"number": event.case_number}
        await use_cases.tell(tx, stamp, desk, _about_order(event, key, values))


async def on_protected_affected(
    desk: Desk, tx: Tx, event: said.ProtectedCustomerAffected, stamp: Stamp
) -> None:
    key = f"{name(event)}:{event.work_order_id}:{event.version}"
    action = Term("call_by_phone" if event.call_by_phone else "watch")
    values: Values = {"number": event.case_number, "region": event.region, "action": action}
    fact = Fact(event.type, key, event.case_id, event.region, values)
    await use_cases.tell(tx, stamp, desk, fact)


def _about_order(event: OrderFact, key: str, values: Values) -> Fact:
    return Fact(event.type, key, event.case_id, event.region, values, event.version)


async def on_escalation(desk: Desk, tx: Tx, event: said.EscalationRaised, stamp: Stamp) -> None:
    """Only supervisors are on our list, and only by SMS. One case: the message belongs to it."""
    if (event.role, event.by) != ("supervisor", "sms"):
        return
    values: Values = {
        "region": event.region,
        "total": str(event.total),
        "items": tuple(
            {
                "number": one.case_number,
                "kind": Term(one.kind),
                "due": one.due_at,
                "times": str(one.repetition),
            }
            for one in event.items
        ),
    }
    cases = {one.case_id for one in event.items}
    case_id = cases.pop() if len(cases) == 1 and event.total == len(event.items) else None
    key = f"{name(event)}:{event.digest_id}"
    await use_cases.tell(tx, stamp, desk, Fact(event.type, key, case_id, event.region, values))


def heard(desk: Desk) -> Heard:
    """What we listen to; who is told, and in which words, stands in its book."""
    pairs: list[tuple[type[Event], Hearing]] = [
        (CaseAccepted, on_case_accepted),
        *((fact, on_order_fact) for fact in _ONCE_A_LEVEL),
        (said.OrderReplied, on_order_replied),
        (said.OrderRepaired, on_order_repaired),
        (said.OrderLinked, on_order_linked),
        (said.OrderUnmerged, on_order_unmerged),
        (outages.OutageOpened, on_outage_fact),
        (outages.OutageUpdated, on_outage_fact),
        (outages.OutageRestored, on_outage_fact),
        (said.EtrSet, on_etr_set),
        (said.OrderSuspended, on_order_suspended),
        (said.CallbackMissed, on_callback_missed),
        (said.ProtectedCustomerAffected, on_protected_affected),
        (said.EscalationRaised, on_escalation),
    ]
    known = {event.type for event, _ in pairs} | {f"outage.{stage}" for stage in _STAGES}
    if deaf := desk.book.facts() - known:
        raise BadWords(f"rules for what we do not listen to: {sorted(deaf)}")
    return listeners(*((event, partial(handle, desk)) for event, handle in pairs))
