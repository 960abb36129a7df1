"""CloudEvents 1.0, structured JSON: the outside of every event."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json

from shared.ids import new_id
from shared.stamp import Stamp


class Event(BaseModel):
    """The inside: a fact in the past tense, owned by one service, grown only by optional fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    topic: ClassVar[str]
    about: ClassVar[str]  # the field that the fact is about: facts about one thing stay in order

    @property
    def key(self) -> str:
        """The Kafka key. Never a phone number, a name or an address."""
        return str(getattr(self, self.about))


class Envelope(BaseModel):
    """How an event travels. Field names are CloudEvents' own: lower case, no underscores."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: Annotated[int, Field(ge=0)] = 0  # of the aggregate: 1, 2, 3 ..
    causationid: UUID | None = None
    actor: str | None = None
    traceparent: str | None = None
    data: dict[str, JsonValue]


def wrap(event: Event, stamp: Stamp, sequence: int = 0) -> Envelope:
    """`event` as it leaves: stamped with who, when and what it followed from.

    Not validated again: the event was, and the rest is ours.
    """
    return Envelope.model_construct(
        id=new_id(stamp.at),
        source=event.topic,
        type=event.type,
        subject=event.key,
        time=stamp.at,
        sequence=sequence,
        causationid=stamp.cause,
        actor=stamp.by,
        traceparent=stamp.trace,
        data=event.model_dump(mode="json"),
    )


def as_json(event: Event, stamp: Stamp, sequence: int = 0) -> str:
    """`wrap(...)` as it is written down, in a quarter of the time: thousands leave in a second."""
    head = {
        "specversion": "1.0",
        "id": str(new_id(stamp.at)),
        "source": event.topic,
        "type": event.type,
        "subject": event.key,
        "time": stamp.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": sequence,
        "causationid": str(stamp.cause) if stamp.cause else None,
        "actor": stamp.by,
        "traceparent": stamp.trace,
    }
    outside = to_json(head).decode()
    return f'{outside[:-1]},"data":{event.model_dump_json()}}}'
