"""From a fact to a message: who is told, in which words, or why nobody is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.notify.domain.addresses import Address, Addresses, Channel, why_not
from services.notify.domain.categories import Categories, Category, Meaning
from services.notify.domain.lattice import Status
from services.notify.domain.message import Message, MessageId
from services.notify.domain.people import Audience, DutyContact, Recipient
from services.notify.domain.request import AddresseeId, Request, RequestId, Source
from services.notify.domain.words import Book, Rule, Values, Wording
from shared.stamp import Stamp

TOO_LATE = "the time that it tells of is over"


@dataclass(frozen=True, slots=True)
class Desk:
    """What one needs to write to people: words and rules, what categories mean, the addresses.

    served: the channels that there is a gateway for.
    """

    book: Book
    categories: Categories
    addresses: Addresses
    served: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that people may be told.

    type: the event's, or `outage.` and a stage. key: once per person, whatever number of events
    repeat it. case_id: None for what is about several. order_version: what the fact is overtaken
    by; None for facts that stay true. not_after: from then on nobody wants to read it. about: the
    key without the person, of what several are told. own: values that only this person is told.
    """

    type: str
    key: str
    case_id: UUID | None
    region: str
    values: Values
    order_version: int | None = None
    not_after: datetime | None = None
    about: str = ""
    own: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the customers of an outage are told at a stage: each customer once, by whatever fact.

    occasion: tells apart what is said several times at a stage. etr_at, as_of: when power is
    expected back, said when; each customer has a count of these. Source: handbook domain, 10.
    """

    outage_id: UUID
    stage: str
    region: str
    as_of: datetime
    values: Values
    occasion: str = ""
    etr_at: datetime | None = None
    not_after: datetime | None = None

    def about(self, recipient: Recipient, order_version: int | None, nth: int = 1) -> Fact:
        """The fact for one customer; nth: of the ETRs that they heard of this outage."""
        stage = self.stage
        if self.etr_at is not None and stage != "started":
            stage = "etr_set" if nth == 1 else "etr_changed"
        once = f"etr-{nth}" if self.etr_at is not None else f"{stage}-{self.occasion}".rstrip("-")
        return Fact(
            type=f"outage.{stage}",
            key=f"outage:{self.outage_id}:{once}:{recipient.customer}",
            case_id=recipient.case_id,
            region=self.region,
            values=self.values,
            order_version=order_version,
            not_after=self.not_after,
            about=f"outage:{self.outage_id}:{once}",
            own={"number": recipient.number},
        )


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person who is written to.

    person: the same for one person whatever it is about. silence: why they are not written to,
    whatever they are reached by. confidential: no screen shows their addresses. own: values that
    are theirs only.
    """

    person: str
    audience: Audience
    region: str
    locale: str
    addresses: Mapping[Channel, Address]
    case_id: UUID | None = None
    silence: str | None = None
    confidential: bool = False
    own: Values = field(default_factory=dict)

    @classmethod
    def customer(cls, recipient: Recipient, fact: Fact, at: datetime) -> "Addressee":
        silence = None
        if fact.order_version is not None and fact.order_version < recipient.order_version:
            silence = "overtaken by a newer fact"
        elif fact.not_after is not None and fact.not_after <= at:
            silence = TOO_LATE
        who = (recipient.customer, Audience.CUSTOMER, fact.region, recipient.locale)
        addresses = {Channel.SMS: recipient.phone} if recipient.phone else {}
        return cls(*who, addresses, fact.case_id, silence, recipient.confidential, fact.own)

    @classmethod
    def supervisor(cls, contact: DutyContact | None, fact: Fact, locale: str) -> "Addressee":
        region = fact.region
        if contact is None:
            who = (f"duty:{region}", Audience.SUPERVISOR, region, locale)
            return cls(*who, {}, fact.case_id, "nobody is on duty for this region")
        who = (contact.phone.index, Audience.SUPERVISOR, region, locale)
        return cls(*who, {Channel.SMS: contact.phone}, fact.case_id)

    def way(self, channels: Sequence[Channel], served: Collection[Channel]) -> "Way":
        """The first of these channels that reaches them; the first of all when none does."""
        ways = [self._way(channel, served) for channel in channels]
        best = next((way for way in ways if way.silence is None), ways[0])
        return replace(best, silence=self.silence or best.silence)

    def _way(self, channel: Channel, served: Collection[Channel]) -> "Way":
        address = self.addresses.get(channel)
        silence = why_not(channel, address) if channel in served else f"no gateway for {channel}"
        return Way(channel, address, silence)


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is written to; `silence`: why they are not."""

    channel: Channel
    address: Address | None
    silence: str | None


def requested(id: RequestId, fact: Fact, rule: Rule, category: Category, stamp: Stamp) -> Request:
    """What a fact asks for by a rule."""
    return Request(
        id=id,
        source=Source.FACT,
        key=fact.about or fact.key,
        template=rule.template,
        category=category,
        channels=rule.channels,
        values=fact.values,
        region=fact.region,
        by=stamp.by,
        created_at=stamp.at,
        fact=fact.type,
        case_id=None if fact.about else fact.case_id,
        not_after=fact.not_after,
        cause=stamp.cause,
        trace=stamp.trace,
    )


def compose(
    id: MessageId,
    addressee: AddresseeId,
    request: Request,
    to: Addressee,
    way: Way,
    wording: Wording,
    meaning: Meaning,
    key: str,
    at: datetime,
) -> Message:
    """The message to one addressee, queued; or skipped, with the reason."""
    return Message(
        id=id,
        dedupe_key=key,
        case_id=to.case_id,
        region=to.region,
        audience=to.audience,
        template=wording.template,
        category=wording.category,
        ambiguity=meaning.ambiguity,
        lane=meaning.lane,
        request_id=request.id,
        addressee=addressee,
        channel=way.channel,
        address=way.address.sealed if way.address else None,
        text=wording.text,
        status=Status.SKIPPED if way.silence else Status.QUEUED,
        reason=way.silence,
        created_at=at,
        due_at=None if way.silence else at,
        not_after=request.not_after,
        confidential=to.confidential,
        cause=request.cause,
        trace=request.trace,
    )
