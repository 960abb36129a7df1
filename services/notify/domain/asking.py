"""What somebody asks us to write, and to whom: checked as a whole, or refused as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.domain.addresses import Address, Channel
from services.notify.domain.people import Audience, Recipient
from services.notify.domain.request import Request, RequestId, Source
from services.notify.domain.telling import Addressee, Desk
from services.notify.domain.words import Values
from shared.errors import Invalid, Refusal
from shared.stamp import Stamp


class NoGateway(Invalid):
    """There is no gateway for this channel here."""


class AlreadyOver(Invalid):
    """`not_after` has passed: nobody would want to read it."""


class UnknownCase(Invalid):
    """A case is not known here, or you may not see it."""


class NotReached(Invalid):
    """None of the channels reaches an addressee."""


@dataclass(frozen=True, slots=True)
class To:
    """One addressee as somebody names them: by an address in clear, as the customer of a case."""

    phone: str | None = None
    email: str | None = None
    case_id: UUID | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked for. `region`: the asker's; who has no case is written to as of there."""

    template: str
    values: Values
    channels: tuple[Channel, ...]
    to: Sequence[To]
    region: str
    not_after: datetime | None = None


def asked(id: RequestId, draft: Draft, desk: Desk, stamp: Stamp) -> Request:
    """Raises NoGateway, AlreadyOver, UnknownTemplate."""
    for channel in draft.channels:
        if channel not in desk.served:
            raise NoGateway(channel=channel, served=sorted(desk.served))
    if draft.not_after is not None and draft.not_after <= stamp.at:
        raise AlreadyOver
    cases = {one.case_id for one in draft.to}
    return Request(
        id=id,
        source=Source.API,
        key=f"api:{id}",
        template=draft.template,
        category=desk.book.category(draft.template),
        channels=draft.channels,
        values=draft.values,
        region=draft.region,
        by=stamp.by,
        created_at=stamp.at,
        case_id=cases.pop() if len(cases) == 1 else None,
        not_after=draft.not_after,
        cause=stamp.cause,
        trace=stamp.trace,
    )


def addressees(draft: Draft, desk: Desk, customers: Mapping[UUID, Recipient]) -> list[Addressee]:
    """Each that is named, in their order; `customers`: of the cases, those that are known here.

    Raises NotOneLine, NotAPhoneNumber, NotAMobile, NotAnEmail, UnknownCase, NotReached; each says
    which addressee it is about, counted from 0.
    """
    found = []
    for number, one in enumerate(draft.to):
        try:
            found.append(_addressee(one, draft, desk, customers))
        except Refusal as refused:
            refused.facts["addressee"] = number
            raise
    return found


def _addressee(to: To, draft: Draft, desk: Desk, customers: Mapping[UUID, Recipient]) -> Addressee:
    """Who is named by a case only may have no address: then their message is skipped, with why."""
    customer = None
    if to.case_id is not None:
        customer = customers.get(to.case_id)
        if customer is None or not customer.region.startswith(draft.region):
            raise UnknownCase
    known = {Channel.SMS: customer.phone} if customer and customer.phone else {}
    given = _given(to, desk)
    addresses = known | given
    addressee = Addressee(
        person=_person(addresses, to.case_id),
        audience=Audience.CUSTOMER,
        region=customer.region if customer else draft.region,
        locale=to.locale or (customer.locale if customer else desk.book.locale),
        addresses=addresses,
        case_id=to.case_id,
        confidential=customer is not None and customer.confidential,
    )
    if given and (why := addressee.way(draft.channels, desk.served).silence):
        raise NotReached(why)
    return addressee


def _given(to: To, desk: Desk) -> dict[Channel, Address]:
    given = {}
    if to.phone is not None:
        given[Channel.SMS] = desk.addresses.mobile(to.phone)
    if to.email is not None:
        given[Channel.EMAIL] = desk.addresses.email(to.email)
    return given


def _person(addresses: Mapping[Channel, Address], case_id: UUID | None) -> str:
    """The same as in a fact of theirs: by the phone, else the e-mail, else the case."""
    first = addresses.get(Channel.SMS) or addresses.get(Channel.EMAIL)
    return first.index if first else str(case_id)
