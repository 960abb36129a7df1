"""What notify says to the others."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.envelope import Event


class _AboutMessage(Event):
    topic: ClassVar[str] = "notify"
    about: ClassVar[str] = "message_id"

    message_id: UUID
    case_id: UUID | None = None
    template: str
    channel: Literal["sms", "email"]


class MessageSent(_AboutMessage):
    """The gateway took it."""

    type: ClassVar[str] = "notify.message-sent.v1"
    sent_at: AwareDatetime


class MessageDelivered(_AboutMessage):
    """It reached the customer's device, as far as the network knows."""

    type: ClassVar[str] = "notify.message-delivered.v1"
    delivered_at: AwareDatetime


class MessageFailed(_AboutMessage):
    """It did not get there, or nobody can say."""

    type: ClassVar[str] = "notify.message-failed.v1"
    failed_at: AwareDatetime
    outcome: Literal["undelivered", "expired", "rejected", "unknown"]


SPOKEN: tuple[type[Event], ...] = (MessageSent, MessageDelivered, MessageFailed)
