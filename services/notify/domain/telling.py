"""From a fact to a message: who is told, in which words, or why nobody is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.domain.lattice import Status
from services.notify.domain.message import Audience, Message, MessageId
from services.notify.domain.people import DutyContact, Recipient, why_no_sms
from services.notify.domain.words import Values, Wording

TOO_LATE = "the time that it tells of is over"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that people may be told.

    type: the event's, or `outage.` and a stage. key: once per person, whatever number of events
    repeat it. case_id: None for what is about several. order_version: what the fact is overtaken
    by; None for facts that stay true. not_after: from then on nobody wants to read it.
    """

    type: str
    key: str
    case_id: UUID | None
    region: str
    values: Values
    order_version: int | None = None
    not_after: datetime | None = None


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
            values={"number": recipient.number, **self.values},
            order_version=order_version,
            not_after=self.not_after,
        )


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is written to, and why not, if so. `confidential`: no screen shows their phone."""

    audience: Audience
    phone: str | None
    locale: str
    silence: str | None
    confidential: bool = False

    @classmethod
    def customer(cls, recipient: Recipient, fact: Fact, at: datetime) -> "Addressee":
        silence = why_no_sms(recipient.phone)
        if fact.order_version is not None and fact.order_version < recipient.order_version:
            silence = "overtaken by a newer fact"
        elif fact.not_after is not None and fact.not_after <= at:
            silence = TOO_LATE
        about = (recipient.phone, recipient.locale, silence, recipient.confidential)
        return cls(Audience.CUSTOMER, *about)

    @classmethod
    def supervisor(cls, contact: DutyContact | None, locale: str) -> "Addressee":
        if contact is None:
            return cls(Audience.SUPERVISOR, None, locale, "nobody is on duty for this region")
        return cls(Audience.SUPERVISOR, contact.phone, locale, why_no_sms(contact.phone))


def compose(
    id: MessageId,
    fact: Fact,
    to: Addressee,
    wording: Wording,
    at: datetime,
    cause: UUID | None,
    trace: str | None,
) -> Message:
    """The message, queued; or skipped, with the reason."""
    return Message(
        id=id,
        dedupe_key=fact.key,
        case_id=fact.case_id,
        region=fact.region,
        audience=to.audience,
        template=wording.template,
        category=wording.category,
        phone=to.phone,
        text=wording.text,
        status=Status.SKIPPED if to.silence else Status.QUEUED,
        reason=to.silence,
        created_at=at,
        due_at=None if to.silence else at,
        not_after=fact.not_after,
        confidential=to.confidential,
        cause=cause,
        trace=trace,
    )
