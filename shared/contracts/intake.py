"""What intake says to the others."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.envelope import Event

CaseType = Literal[
    "fault_report", "complaint", "report", "opinion", "suggestion", "consultation",
    "info_query", "praise", "service_request",
]  # fmt: skip
Channel = Literal["phone", "ivr", "web", "email", "sms", "hall", "mobile_hall", "bridge"]
Area = Literal["urban", "rural", "remote"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Caller(_Part):
    """Who called. Personal: kept out of keys, logs and problem details."""

    name: str | None = None
    phone: str | None = None


class Location(_Part):
    region: str  # administrative division code, six digits: 320505
    area: Area
    address: str | None = None
    transformer: str | None = None


class Promise(_Part):
    """What the customer was told when the case was accepted."""

    kind: str  # the clock's kind: arrival
    minutes: int
    due_at: AwareDatetime
    policy: str
    policy_version: str


class CaseAccepted(Event):
    """A customer's case has a number and will not be lost."""

    type: ClassVar[str] = "intake.case-accepted.v1"
    topic: ClassVar[str] = "intake"
    about: ClassVar[str] = "case_id"

    case_id: UUID
    number: str
    case_type: CaseType
    channel: Channel
    accepted_at: AwareDatetime
    caller: Caller
    location: Location
    account_no: str | None = None
    description: str = ""
    promises: tuple[Promise, ...] = ()
    locale: str = "zh-CN"
    subtype: str | None = None
    danger: bool = False  # to people or things: fire, sparks, a fallen line
    different: bool = False  # the customer says: not the fault that is known there already
    customer_class: str | None = None  # of the account: residential, commercial
    tags: tuple[str, ...] = ()  # what else the account is known for: life_support
    # Who reported is hidden from those whom it is about: of them only the phone comes with it, for
    # whoever tells them how it goes. Nobody else keeps it.
    confidential: bool = False


SPOKEN: tuple[type[Event], ...] = (CaseAccepted,)
