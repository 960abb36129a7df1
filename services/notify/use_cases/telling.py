"""From a fact, or from what somebody asks, to messages in the queue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.notify import store
from services.notify.domain.lattice import Status
from services.notify.domain.message import Message, MessageId
from services.notify.domain.people import Audience, Recipient
from services.notify.domain.request import AddresseeId, Request, RequestId
from services.notify.domain.telling import Addressee, Desk, Fact, Notice, compose, requested
from services.notify.domain.words import BadWords
from shared.db import Tx
from shared.errors import NotYet
from shared.ids import new_id
from shared.stamp import Stamp

QUEUED_BELL = "messages"
Asked = dict[tuple[str, str], Request]  # by fact and template: what one transaction asked for


async def know_case(tx: Tx, stamp: Stamp, desk: Desk, recipient: Recipient, fact: Fact) -> None:
    """Keep whose case it is, and tell of it."""
    told = await store.put_customer(tx, recipient, fact.key)
    await tell(tx, stamp, desk, fact, (recipient, told))


async def tell(
    tx: Tx,
    stamp: Stamp,
    desk: Desk,
    fact: Fact,
    customer: tuple[Recipient, bool] | None = None,
    asked: Asked | None = None,
) -> None:
    """Queue a message to everyone who is to hear of `fact`, unless it was queued before.

    `customer`: who it is and whether they were told, if that was looked up already. `asked`: what
    others were told in this transaction: of the same they are addressees of the same request.
    """
    asked = {} if asked is None else asked
    for rule in desk.book.rules(fact.type):
        if rule.audience is Audience.SUPERVISOR:
            to = await _supervisor(tx, fact, desk.book.locale)
        else:
            to = _customer(fact, *(customer or await _known(tx, fact)), stamp.at)
        if to is None:
            continue
        about = (fact.about or fact.key, rule.template)
        if (request := asked.get(about)) is None:
            id, category = RequestId(new_id(stamp.at)), desk.book.category(rule.template)
            request = asked[about] = requested(id, fact, rule, category, stamp)
            store.add_request(tx, request)
        _address(tx, stamp, desk, request, to, fact.key)


async def ask(
    tx: Tx, stamp: Stamp, desk: Desk, request: Request, to: Sequence[Addressee]
) -> dict[str, Message]:
    """Queue what somebody asks for (the API, a campaign), to each addressee. Returns it by person.

    A person who is named twice is written to once, as the first time. Raises UnknownTemplate,
    WrongValues, TextTooLong.
    """
    once: dict[str, Addressee] = {}
    for one in to:
        once.setdefault(one.person, one)
    for names in {frozenset(one.own) for one in once.values()}:
        desk.book.check(request.template, request.values.keys() | names)
    store.add_request(tx, request)
    return {
        person: _address(tx, stamp, desk, request, one, f"request:{request.id}:{person}")
        for person, one in once.items()
    }


def _address(
    tx: Tx, stamp: Stamp, desk: Desk, request: Request, to: Addressee, key: str
) -> Message:
    """One more addressee of a request, and the message to them."""
    wording = desk.book.word(request.template, to.locale, {**request.values, **to.own})
    meaning = desk.categories.meaning(request.category, tx.day_of(stamp.at))
    addressee, id = AddresseeId(new_id(stamp.at)), MessageId(new_id(stamp.at))
    way = to.way(request.channels, desk.served)
    message = compose(id, addressee, request, to, way, wording, meaning, key, stamp.at)
    store.add_addressee(tx, request.id, addressee, to)
    store.add(tx, message)
    if message.status is Status.QUEUED:
        tx.ring(QUEUED_BELL)
    return message


async def _supervisor(tx: Tx, fact: Fact, locale: str) -> Addressee | None:
    contact, told = await store.on_duty(tx, fact.region, fact.key)
    return None if told else Addressee.supervisor(contact, fact, locale)


def _customer(fact: Fact, recipient: Recipient, told: bool, at: datetime) -> Addressee | None:
    return None if told else Addressee.customer(recipient, fact, at)


async def tell_member(
    tx: Tx, stamp: Stamp, desk: Desk, case_id: UUID, order_version: int, *notices: Notice
) -> None:
    """The customer of an order in an outage hears the first of these that they do not know yet.

    Raises NotYet before the case is known.
    """
    found = await store.customer(tx, case_id, "", order_version)
    if found is None:
        raise NotYet(f"case {case_id} is not known here")
    for notice in notices:
        if await _tell_once(tx, stamp, desk, notice, found[0], order_version):
            return


async def tell_area(
    tx: Tx, stamp: Stamp, desk: Desk, notice: Notice, transformers: Sequence[str]
) -> None:
    """Every customer that we know of there hears it, each once."""
    asked: Asked = {}
    for recipient in await store.known_there(tx, notice.outage_id, transformers):
        await _tell_once(tx, stamp, desk, notice, recipient, None, asked)


async def _tell_once(
    tx: Tx,
    stamp: Stamp,
    desk: Desk,
    notice: Notice,
    recipient: Recipient,
    version: int | None,
    asked: Asked | None = None,
) -> bool:
    """False when they know it already. Who is not told for a reason is not told of it only here:
    another case of the same customer may be.
    """
    fact = notice.about(recipient, version)
    if (silence := _silence(desk, recipient, fact, stamp.at)) is not None:
        fact = replace(fact, key=f"{fact.key}:{recipient.case_id}:{version or notice.as_of}")
    elif notice.etr_at is not None:
        who = recipient.customer
        nth = await store.expect(tx, notice.outage_id, who, notice.etr_at, notice.as_of)
        if nth is None:
            return False
        fact = notice.about(recipient, version, nth)
    if await store.was_told(tx, fact.key):
        return False
    await tell(tx, stamp, desk, fact, (recipient, False), asked)
    return silence is None


def _silence(desk: Desk, recipient: Recipient, fact: Fact, at: datetime) -> str | None:
    """Why the customer is not told of it, by any rule."""
    to = Addressee.customer(recipient, fact, at)
    rules = [r for r in desk.book.rules(fact.type) if r.audience is Audience.CUSTOMER]
    why = [to.way(rule.channels, desk.served).silence for rule in rules] or [to.silence]
    return None if None in why else why[0]


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
