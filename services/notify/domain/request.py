"""What was asked for: by a fact, through the API, by a broadcast; and for whom."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Category
from services.notify.domain.words import Values

RequestId = NewType("RequestId", UUID)
AddresseeId = NewType("AddresseeId", UUID)


class Source(StrEnum):
    """What asks that people be written to."""

    FACT = "fact"
    API = "api"
    BROADCAST = "broadcast"
    CAMPAIGN = "campaign"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that is to be said, to one person or many; never changed.

    key: of what happened, without the person. fact: the type of it, None when nothing happened but
    somebody asked. template names its version. channels: the first that reaches somebody is used.
    """

    id: RequestId
    source: Source
    key: str
    template: str
    category: Category
    channels: tuple[Channel, ...]
    values: Values
    region: str
    by: str
    created_at: datetime
    fact: str | None = None
    case_id: UUID | None = None
    not_after: datetime | None = None
    cause: UUID | None = None
    trace: str | None = None
