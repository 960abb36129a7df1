"""What notify listens to: cases, what becomes of their orders, who must see to a clock."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from services.notify import use_cases
from services.notify.domain.people import Recipient
from services.notify.domain.telling import Fact
from services.notify.domain.words import BadWords, Book, Term, Values
from shared.contracts import workorders as said
from shared.contracts.envelope import Event
from shared.contracts.intake import CaseAccepted
from shared.db import Tx
from shared.inbox import Heard, listeners
from shared.stamp import Stamp

Hearing = Callable[[Book, Tx, Any, Stamp], Awaitable[None]]
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
    said.OrderReplied,
    said.OrderArchived,
    said.OrderReopened,
)


def name(event: Event) -> str:
    """`workorders.order-arrived.v1` is `order-arrived`."""
    return event.type.split(".")[1]


async def on_case_accepted(book: Book, tx: Tx, event: CaseAccepted, stamp: Stamp) -> None:
    region, phone = event.location.region, event.caller.phone
    recipient = Recipient(event.case_id, event.number, phone, region, event.locale)
    key = f"{name(event)}:{event.case_id}"
    fact = Fact(event.type, key, event.case_id, region, {"number": event.number})
    await use_cases.know_case(tx, stamp, book, recipient, fact)


async def on_order_fact(book: Book, tx: Tx, event: OrderFact, stamp: Stamp) -> None:
    key = f"{name(event)}:{event.work_order_id}:{event.level}"
    values: Values = {"number": event.case_number}
    await use_cases.tell(tx, stamp, book, _about_order(event, key, values))


async def on_etr_set(book: Book, tx: Tx, event: said.EtrSet, stamp: Stamp) -> None:
    key = f"{name(event)}:{event.work_order_id}:{event.version}"
    values: Values = {"number": event.case_number, "etr": event.etr_at}
    await use_cases.tell(tx, stamp, book, _about_order(event, key, values))


async def on_order_suspended(book: Book, tx: Tx, event: said.OrderSuspended, stamp: Stamp) -> None:
    """Told unless somebody did so in person."""
    if event.tell_customer:
        key = f"{name(event)}:{event.work_order_id}:{event.version}"
        values: Values = {"number": event.case_number, "until": event.until}
        await use_cases.tell(tx, stamp, book, _about_order(event, key, values))


async def on_callback_missed(book: Book, tx: Tx, event: said.CallbackMissed, stamp: Stamp) -> None:
    """After the last attempt the customer is told in writing."""
    if event.failed:
        key = f"{name(event)}:{event.work_order_id}:{event.level}"
        values: Values = {"number": event.case_number}
        await use_cases.tell(tx, stamp, book, _about_order(event, key, values))


async def on_protected_affected(
    book: Book, tx: Tx, event: said.ProtectedCustomerAffected, stamp: Stamp
) -> None:
    key = f"{name(event)}:{event.work_order_id}:{event.version}"
    action = Term("call_by_phone" if event.call_by_phone else "watch")
    values: Values = {"number": event.case_number, "region": event.region, "action": action}
    fact = Fact(event.type, key, event.case_id, event.region, values)
    await use_cases.tell(tx, stamp, book, fact)


def _about_order(event: OrderFact, key: str, values: Values) -> Fact:
    return Fact(event.type, key, event.case_id, event.region, values, event.version)


async def on_escalation(book: Book, tx: Tx, event: said.EscalationRaised, stamp: Stamp) -> None:
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
    await use_cases.tell(tx, stamp, book, Fact(event.type, key, case_id, event.region, values))


def heard(book: Book) -> Heard:
    """What we listen to; who is told, and in which words, stands in `book`."""
    pairs: list[tuple[type[Event], Hearing]] = [
        (CaseAccepted, on_case_accepted),
        *((fact, on_order_fact) for fact in _ONCE_A_LEVEL),
        (said.EtrSet, on_etr_set),
        (said.OrderSuspended, on_order_suspended),
        (said.CallbackMissed, on_callback_missed),
        (said.ProtectedCustomerAffected, on_protected_affected),
        (said.EscalationRaised, on_escalation),
    ]
    if deaf := book.facts() - {event.type for event, _ in pairs}:
        raise BadWords(f"rules for what we do not listen to: {sorted(deaf)}")
    return listeners(*((event, partial(handle, book)) for event, handle in pairs))
