"""What a case is and what may become of it. Values in, values out; no clock, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.errors import Forbidden, Invalid
from shared.phone import phone_of

CaseId = NewType("CaseId", UUID)


class Status(StrEnum):
    """What the customer would say of it."""

    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"


class WhereIsIt(Invalid):
    """Name the region and the area class, or an account number that we know."""


class UnknownAccount(Invalid):
    """There is no account with this number."""


class NotConfidential(Invalid):
    """Only a report or a complaint can be confidential."""


class TooCloseToTheReporter(Forbidden):
    """Who made a confidential report is not told to those who lead the unit it is about."""


ACCUSING = frozenset({"complaint", "report"})  # somebody of ours is said to have done wrong


@dataclass(frozen=True, slots=True)
class Caller:
    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Location:
    """`region` is the six-digit division code; `area` is urban, rural or remote."""

    region: str
    area: str
    address: str | None = None
    transformer: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What could tell who reported. Of a confidential case it lies in the vault alone."""

    caller: Caller
    account_no: str | None
    address: str | None
    transformer: str | None
    description: str


_NOBODY = Identity(Caller(None, None), None, None, None, "")


@dataclass(frozen=True, slots=True)
class Account:
    """What intake knows of an account, from billing's facts."""

    account_no: str
    name: str
    phone: str | None
    location: Location
    customer_class: str = "residential"
    life_support: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """What those who do the work must know of the customer."""
        return ("life_support",) if self.life_support else ()


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise that may be made: so many minutes for this type of case in this area class."""

    kind: str
    minutes: int
    policy: str
    policy_version: str

    def made_at(self, at: datetime) -> "Promise":
        due_at = at + timedelta(minutes=self.minutes)
        return Promise(self.kind, self.minutes, due_at, self.policy, self.policy_version)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise made to a customer, with the policy version that it came from."""

    kind: str
    minutes: int
    due_at: datetime
    policy: str
    policy_version: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What workorders last said of the case's order; older facts than `version` are dropped."""

    version: int = 0
    team: str | None = None
    etr_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    id: CaseId
    number: str
    type: str
    channel: str
    description: str
    caller: Caller
    location: Location
    account_no: str | None
    promises: tuple[Promise, ...]
    accepted_at: datetime
    subtype: str | None = None
    danger: bool = False
    confidential: bool = False
    status: Status = Status.ACCEPTED
    progress: Progress = field(default_factory=Progress)
    version: int = 1

    @classmethod
    def accept(
        cls,
        id: CaseId,
        number: str,
        asked: "Asked",
        location: Location,
        commitments: Sequence[Commitment],
        at: datetime,
    ) -> "Case":
        """Raises NotConfidential."""
        if asked.confidential and asked.type not in ACCUSING:
            raise NotConfidential(field="confidential", case_type=asked.type)
        return cls(
            id=id,
            number=number,
            type=asked.type,
            channel=asked.channel,
            description=asked.description,
            caller=Caller(asked.caller_name, asked.caller_phone and phone_of(asked.caller_phone)),
            location=location,
            account_no=asked.account_no,
            promises=tuple(c.made_at(at) for c in commitments),
            accepted_at=at,
            subtype=asked.subtype,
            danger=asked.danger,
            confidential=asked.confidential,
        )

    @property
    def identity(self) -> Identity:
        where = self.location
        about = (self.account_no, where.address, where.transformer, self.description)
        return Identity(self.caller, *about)

    def with_identity(self, of: Identity) -> "Case":
        where = replace(self.location, address=of.address, transformer=of.transformer)
        said = replace(self, account_no=of.account_no, description=of.description)
        return replace(said, caller=of.caller, location=where)

    def as_seen(self) -> "Case":
        """Without who reported, where that is confidential."""
        return self.with_identity(_NOBODY) if self.confidential else self

    def let_know(self, role: str, scope: str) -> None:
        """May this role, of the region `scope`, know who reported?

        A supervisor of no more than the case's own region leads the unit that it is about.
        Raises TooCloseToTheReporter.
        """
        if self.confidential and role == "supervisor" and scope == self.location.region:
            raise TooCloseToTheReporter(case_id=str(self.id))

    def follow(self, status: Status | None, heard: Progress) -> "Case":
        """The case after a fact about its order; unchanged when the fact is old."""
        if heard.version <= self.progress.version:
            return self
        etr_at = heard.etr_at or self.progress.etr_at
        if status is Status.REOPENED:
            etr_at = None  # it was for work that did not help
        merged = Progress(heard.version, heard.team or self.progress.team, etr_at)
        return replace(self, status=status or self.status, progress=merged)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for, as it was said. danger: to people or things.

    confidential: nobody whom it is about may learn who said it.
    """

    type: str
    channel: str
    description: str
    caller_name: str | None = None
    caller_phone: str | None = None
    account_no: str | None = None
    region: str | None = None
    area: str | None = None
    address: str | None = None
    transformer: str | None = None
    subtype: str | None = None
    danger: bool = False
    confidential: bool = False

    @property
    def anonymous(self) -> bool:
        """It accuses somebody, and nobody can be asked back. Source: handbook domain, section 4."""
        known = (self.caller_name, self.caller_phone, self.account_no)
        return self.type in ACCUSING and not any(known)

    def location(self, account: Account | None) -> Location:
        """Where it is: what was said, and for the rest what the account says."""
        if self.account_no is not None and account is None:
            raise UnknownAccount
        known = account.location if account else Location("", "")
        where = Location(
            self.region or known.region,
            self.area or known.area,
            self.address or known.address,
            self.transformer or known.transformer,
        )
        if not where.region or not where.area:
            raise WhereIsIt
        return where


def spoken_number(on: date, serial: int) -> str:
    """A case number that survives being read out: `2611-2100-0004-27`.

    Date, serial (7 digits, from a sequence) and a check digit that finds every single wrong digit
    and nearly every swap of two (Luhn, ISO/IEC 7812-1).
    """
    digits = f"{on:%y%m%d}{serial % 10_000_000:07d}"
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    digits += str(-total % 10)
    return "-".join((digits[:4], digits[4:8], digits[8:12], digits[12:]))
