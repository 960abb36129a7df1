"""Whether it is done is for others to say: review, callback, exemption, another kind of case."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.workorders.domain.handling import Handling
from services.workorders.domain.moves import ENDED, Move, Status
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.parts import CalledBack, Exemption, Relabelling, Steps
from services.workorders.domain.reasons import Unreached
from services.workorders.domain.refusals import (
    AlreadyAsked,
    CallbackTooSoon,
    MissingField,
    NothingAsked,
    NothingChanges,
    OwnRequest,
    OwnWork,
    TooLateToReopen,
    WrongMove,
)

POLICY = "policy"  # who passes a review that nobody asks for


def pass_review(order: WorkOrder, by: str) -> WorkOrder:
    """Raises OwnWork when somebody who worked on it reviews it."""
    order.check(Move.PASS)
    _not_own_work(order, by)
    return order.move(Move.PASS)


def send_back(order: WorkOrder, by: str, reason: str) -> WorkOrder:
    """The review found the reply wanting. Raises OwnWork, MissingField."""
    order.check(Move.SEND_BACK)
    _not_own_work(order, by)
    if not reason:
        raise MissingField("say what is wanting", missing=["reason"])
    steps = replace(order.steps, replied_at=None)
    return order.move(Move.SEND_BACK, reply=None, steps=steps)


def close(order: WorkOrder, called_back: CalledBack) -> WorkOrder:
    """The customer is satisfied: the loop is closed. Raises OwnWork."""
    order.check(Move.ARCHIVE)
    _not_own_work(order, called_back.by)
    return order.move(Move.ARCHIVE, archived_at=called_back.at, called_back=called_back)


def miss(
    order: WorkOrder, called_back: CalledBack, unreached: Unreached, handling: Handling
) -> WorkOrder:
    """The customer was not reached; after the last attempt the callback has failed.

    Raises OwnWork, and CallbackTooSoon when the last attempt was just made.
    """
    order.check(Move.MISS)
    _not_own_work(order, called_back.by)
    if order.called_back is not None:
        next_at = order.called_back.at + handling.callback_spacing
        if called_back.at < next_at:
            raise CallbackTooSoon(next_at=next_at.isoformat())
    attempts = order.callback_attempts + 1
    last = unreached.final or attempts >= handling.callback_attempts
    move = Move.GIVE_UP if last else Move.MISS
    return order.move(move, callback_attempts=attempts, called_back=called_back)


def archive_unasked(order: WorkOrder, at: datetime) -> WorkOrder:
    """Nothing is left to ask, or nobody was reached: then with a flag."""
    unreached = order.status is Status.CALLBACK_FAILED
    if order.status is Status.CALLBACK_DUE:
        raise WrongMove("the customer was not asked", status_now=order.status, allowed=[])
    return order.move(Move.ARCHIVE, archived_at=at, unreached=unreached)


def exempt(order: WorkOrder, exemption: Exemption, at: datetime) -> WorkOrder:
    """Closed without a reply or without the customer's word, on record. Raises OwnWork."""
    order.check(Move.EXEMPT)
    _not_own_work(order, exemption.by)
    return order.move(Move.EXEMPT, exemption=exemption, archived_at=at)


def reopen(order: WorkOrder, by: str, handling: Handling, at: datetime) -> WorkOrder:
    """Again, one level higher, with nothing yet done.

    Raises OwnWork, and TooLateToReopen when it was archived too long ago.
    """
    order.check(Move.REOPEN)
    _not_own_work(order, by)
    if order.archived_at is not None:
        until = order.archived_at + timedelta(days=handling.reopen_days)
        if at > until:
            raise TooLateToReopen("accept a new case", until=until.isoformat())
    return order.move(
        Move.REOPEN,
        level=order.level + 1,
        routing=None,
        hops=0,
        handback=None,
        handler=None,
        handlers=(),
        steps=Steps(),
        etr_at=None,
        rested=(),
        reply=None,
        callback_attempts=0,
        called_back=None,
        unreached=False,
        exemption=None,
        urges=0,
        urges_answered=0,
        article=None,
        master_id=None,
        outage_id=None,
        part_id=None,
        leads_until=None,
        archived_at=None,
    )


def relabel(order: WorkOrder, wanted: Relabelling, handling: Handling) -> WorkOrder:
    """Another kind of case, at once or when a second person agrees, as `handling` has it.

    Raises NothingChanges, AlreadyAsked.
    """
    _not_ended(order)
    if (wanted.case_type, wanted.subtype) == (order.case_type, order.asked.subtype):
        raise NothingChanges(field="case_type")
    if order.relabelling is not None:
        raise AlreadyAsked(case_type=order.relabelling.case_type)
    proposed = order.changed(relabelling=wanted)
    return proposed if handling.relabel else _relabelled(proposed)


def confirm(order: WorkOrder, by: str) -> WorkOrder:
    """Another person agrees: it is that kind of case. Raises NothingAsked, OwnRequest."""
    _not_ended(order)
    if proposal(order).by == by:
        raise OwnRequest
    return _relabelled(order.changed())


def refuse(order: WorkOrder) -> WorkOrder:
    """It stays the kind of case that it is. Raises NothingAsked."""
    proposal(order)
    return order.changed(relabelling=None)


def _relabelled(order: WorkOrder) -> WorkOrder:
    wanted = proposal(order)
    asked = replace(order.asked, subtype=wanted.subtype)
    return replace(order, case_type=wanted.case_type, asked=asked, relabelling=None)


def proposal(order: WorkOrder) -> Relabelling:
    """Raises NothingAsked."""
    if order.relabelling is None:
        raise NothingAsked
    return order.relabelling


def _not_ended(order: WorkOrder) -> None:
    if order.status in ENDED:
        raise WrongMove("it has ended", status_now=order.status, allowed=order.allowed())


def _not_own_work(order: WorkOrder, by: str) -> None:
    replied_by = order.reply.by if order.reply else None
    if by in (*order.handlers, order.handler, replied_by):
        raise OwnWork
