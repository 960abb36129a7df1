"""What a work order is made of, besides where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Responsibility(StrEnum):
    """Whose side the cause was on."""

    UTILITY = "utility"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    NATURE = "nature"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the work is. `address` is personal."""

    region: str
    area: str
    address: str | None = None
    transformer: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the customer said and who it is, as far as the work needs it. Personal, in part.

    tags: words about the customer, as the case came with them or as somebody here set them.
    different: than any fault that we know already. confidential: who said it is not known here.
    """

    description: str = ""
    account_no: str | None = None
    danger: bool = False
    subtype: str | None = None
    customer_class: str | None = None
    tags: tuple[str, ...] = ()
    different: bool = False
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Protection:
    """A class that protects the customer, until when at the latest (None: no end is known)."""

    code: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """When what was done, in this round."""

    claimed_at: datetime | None = None
    contacted_at: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    diagnosed_at: datetime | None = None
    repaired_at: datetime | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What was found and done: an order is not answered without it.

    `substantiated`: whether a complaint was right (属实); None where nothing was claimed.
    """

    cause: str
    action: str
    responsibility: Responsibility
    evidence: tuple[str, ...] = ()
    substantiated: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Handback:
    """Why a team gave the order back, and who it thinks is right.

    teams: all that gave it back in this round, this one last.
    """

    reason: str
    target: str
    by: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuspensionRequest:
    """A pause that somebody asked for and nobody has approved yet."""

    reason: str
    until: datetime
    customer_told: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """A pause that somebody answers for. It ends by itself at `until`."""

    reason: str
    until: datetime
    asked_by: str
    approved_by: str | None
    customer_told: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Supervision:
    """Somebody senior watches it (督办). `level` 1 is the county, then the city, the province.

    owner: who answers for it, a role or a person's id.
    """

    level: int
    owner: str
    because: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Relabelling:
    """Somebody says that it is another kind of case; a second person decides."""

    case_type: str
    subtype: str | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why it was closed without a reply or without asking the customer, and by whose word."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CalledBack:
    """The last attempt to ask the customer. `still_off`: there is still no power."""

    at: datetime
    result: str
    by: str
    still_off: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A line of the priority score: so many points, for this, and why."""

    code: str
    points: int
    why: str
