"""From a fact to a message: who is told, in which words, or why nobody is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.domain.lattice import Status
from services.notify.domain.message import Audience, Message, MessageId
from services.notify.domain.people import DutyContact, Recipient, why_no_sms
from services.notify.domain.words import Values, Wording


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that people may be told.

    type: the event's. key: once per person, whatever number of events repeat it. case_id: None for
    what is about several. order_version: what the fact is overtaken by; None for facts that stay
    true.
    """

    type: str
    key: str
    case_id: UUID | None
    region: str
    values: Values
    order_version: int | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is written to, and why not, if so."""

    audience: Audience
    phone: str | None
    locale: str
    silence: str | None

    @classmethod
    def customer(cls, recipient: Recipient, fact: Fact) -> "Addressee":
        silence = why_no_sms(recipient.phone)
        if fact.order_version is not None and fact.order_version < recipient.order_version:
            silence = "overtaken by a newer fact"
        return cls(Audience.CUSTOMER, recipient.phone, recipient.locale, silence)

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
        cause=cause,
        trace=trace,
    )
