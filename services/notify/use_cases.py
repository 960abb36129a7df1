"""What one can do here. Each is one transaction, opened and committed by its door."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notify import events, store
from services.notify.domain.lattice import Status, meaning
from services.notify.domain.message import (
    Attempt,
    Audience,
    Message,
    MessageId,
    Outcome,
    Patience,
    Verdict,
)
from services.notify.domain.people import Recipient
from services.notify.domain.telling import Addressee, Fact, Notice, compose
from services.notify.domain.words import BadWords, Book
from services.notify.store import Claimed, Kept, Receipt
from shared import telemetry
from shared.db import Tx
from shared.errors import NotYet
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp

QUEUED_BELL = "messages"
_FIRST_LOOK = timedelta(seconds=1)


async def know_case(tx: Tx, stamp: Stamp, book: Book, recipient: Recipient, fact: Fact) -> None:
    """Keep whose case it is, and tell of it."""
    told = await store.put_customer(tx, recipient, fact.key)
    await tell(tx, stamp, book, fact, (recipient, told))


async def tell(
    tx: Tx, stamp: Stamp, book: Book, fact: Fact, customer: tuple[Recipient, bool] | None = None
) -> None:
    """Queue a message to everyone who is to hear of `fact`, unless it was queued before.

    `customer`: who it is and whether they were told, if that was looked up already.
    """
    for rule in book.rules(fact.type):
        if rule.audience is Audience.SUPERVISOR:
            to = await _supervisor(tx, fact, book.locale)
        else:
            to = _customer(fact, *(customer or await _known(tx, fact)), stamp.at)
        if to is None:
            continue
        wording = book.word(rule.template, to.locale, fact.values)
        id = MessageId(new_id(stamp.at))
        message = compose(id, fact, to, wording, stamp.at, stamp.cause, stamp.trace)
        store.add(tx, message)
        if message.status is Status.QUEUED:
            tx.ring(QUEUED_BELL)


async def _supervisor(tx: Tx, fact: Fact, locale: str) -> Addressee | None:
    contact, told = await store.on_duty(tx, fact.region, fact.key)
    return None if told else Addressee.supervisor(contact, locale)


def _customer(fact: Fact, recipient: Recipient, told: bool, at: datetime) -> Addressee | None:
    return None if told else Addressee.customer(recipient, fact, at)


async def tell_member(
    tx: Tx, stamp: Stamp, book: Book, case_id: UUID, order_version: int, *notices: Notice
) -> None:
    """The customer of an order in an outage hears the first of these that they do not know yet.

    Raises NotYet before the case is known.
    """
    found = await store.customer(tx, case_id, "", order_version)
    if found is None:
        raise NotYet(f"case {case_id} is not known here")
    for notice in notices:
        if await _tell_once(tx, stamp, book, notice, found[0], order_version):
            return


async def tell_area(
    tx: Tx, stamp: Stamp, book: Book, notice: Notice, transformers: Sequence[str]
) -> None:
    """Every customer that we know of there hears it, each once."""
    for recipient in await store.known_there(tx, notice.outage_id, transformers):
        await _tell_once(tx, stamp, book, notice, recipient, None)


async def _tell_once(
    tx: Tx, stamp: Stamp, book: Book, notice: Notice, recipient: Recipient, version: int | None
) -> bool:
    """False when they know it already. Who is not told for a reason is not told of it only here:
    another case of the same customer may be.
    """
    fact = notice.about(recipient, version)
    if (silence := Addressee.customer(recipient, fact, stamp.at).silence) is not None:
        fact = replace(fact, key=f"{fact.key}:{recipient.case_id}:{version or notice.as_of}")
    elif notice.etr_at is not None:
        who = recipient.customer
        nth = await store.expect(tx, notice.outage_id, who, notice.etr_at, notice.as_of)
        if nth is None:
            return False
        fact = notice.about(recipient, version, nth)
    if await store.was_told(tx, fact.key):
        return False
    await tell(tx, stamp, book, fact, (recipient, False))
    return silence is None


async def link(tx: Tx, case_id: UUID, order_version: int, outage_id: UUID | None) -> None:
    """The case waits for an announced outage, or no more. Raises NotYet before it is known."""
    if await store.customer(tx, case_id, "", order_version) is None:
        raise NotYet(f"case {case_id} is not known here")
    await store.link(tx, case_id, outage_id)


async def _known(tx: Tx, fact: Fact) -> tuple[Recipient, bool]:
    """The customer, and whether they were told. Raises NotYet before the case is known."""
    if fact.case_id is None:
        raise BadWords(f"{fact.type} is about several cases: it has no customer")
    found = await store.customer(tx, fact.case_id, fact.key, fact.order_version)
    if found is None:
        raise NotYet(f"case {fact.case_id} is not known here")
    return found


async def claim(tx: Tx, at: datetime, patience: Patience, limit: int) -> list[Claimed]:
    """Take messages that are due, to hand them over before the lease ends."""
    return await store.claim(tx, at, patience.lease, limit)


async def record(tx: Tx, stamp: Stamp, tried: Sequence[Attempt], patience: Patience) -> None:
    """Write down how attempts to hand messages over ended."""
    before = await store.lock(tx, [attempt.message_id for attempt in tried])
    now = dict(before)
    for attempt in tried:
        store.add_attempt(tx, attempt)
        now[attempt.message_id] = now[attempt.message_id].after(attempt, patience)
    await _save(tx, stamp, before.values(), now.values())


async def hear(tx: Tx, stamp: Stamp, heard: Sequence[Receipt], patience: Patience) -> None:
    """Keep receipts, also of unknown messages, and let the new ones tell us what they can."""
    fresh = await store.keep_receipts(tx, heard)
    early = await _fold(tx, stamp, fresh, patience)
    await store.try_later(tx, [(kept.id, stamp.at + _FIRST_LOOK) for kept in early])


async def hear_early(tx: Tx, stamp: Stamp, patience: Patience, limit: int) -> list[datetime]:
    """Look again for the messages of receipts that came before them. Returns when each was due.

    Less and less often; never more once no receipt is waited for.
    """
    due = await store.lock_early(tx, stamp.at, limit)
    early = {kept.id for kept in await _fold(tx, stamp, due, patience)}

    def again(kept: Kept) -> datetime | None:
        age = stamp.at - kept.receipt.received_at
        return stamp.at + max(age, _FIRST_LOOK) if age < patience.receipt else None

    await store.try_later(tx, [(k.id, again(k) if k.id in early else None) for k in due])
    return [kept.retry_at for kept in due if kept.retry_at is not None]


async def _fold(tx: Tx, stamp: Stamp, kept: Sequence[Kept], patience: Patience) -> list[Kept]:
    """What receipts say of their messages, under each message's lock. Returns those without one."""
    before = await store.lock(tx, [one.receipt.message_id for one in kept])
    now, early = dict(before), []
    for one in kept:
        receipt = one.receipt
        if (message := now.get(receipt.message_id)) is None:
            early.append(one)
            continue
        status = meaning(receipt.code, receipt.reply)
        heard = message.hear(status, receipt.received_at, patience, receipt.number)
        now[message.id] = heard
    await _save(tx, stamp, before.values(), now.values())
    return early


async def lapse(tx: Tx, stamp: Stamp, patience: Patience, limit: int) -> list[datetime]:
    """End the leases, waits and doubts that are over. Returns when each was."""
    overdue = await store.lock_overdue(tx, stamp.at, limit)
    for message in overdue:
        if message.status is Status.SUBMITTING:
            store.add_attempt(tx, _lost(message, stamp.at))
    await _save(tx, stamp, overdue, [m.overdue(stamp.at, patience) for m in overdue])
    return [message.due_at for message in overdue if message.due_at is not None]


def _lost(message: Message, at: datetime) -> Attempt:
    began_at = message.claimed_at or message.created_at
    return Attempt(message.id, message.tries, began_at, at, Outcome(Verdict.LOST, ""))


async def _save(tx: Tx, stamp: Stamp, before: Iterable[Message], now: Iterable[Message]) -> None:
    """Write what changed and say what follows, in the trace of what each message is about."""
    saved = []
    for was, message in zip(before, now, strict=True):
        if message is was:
            continue
        facts = list(events.between(was, message))
        about = replace(stamp, cause=message.cause, trace=telemetry.child_of(message.trace))
        for number, fact in enumerate(facts, start=message.said + 1):
            publish(tx, fact, about, sequence=number)
        saved.append(replace(message, said=message.said + len(facts)))
        if message.status is Status.QUEUED:
            tx.ring(QUEUED_BELL)
    await store.save(tx, saved)
