"""What notify tells the others: from our words to the published ones."""

from collections.abc import Iterator
from typing import Any

from services.notify.domain.message import Message
from shared.contracts import notify as said
from shared.contracts.envelope import Event


def between(before: Message, after: Message) -> Iterator[Event]:
    """The facts that lie between two states of a message; each is said once in its life.

    A message that was said to have failed may still turn out to be delivered: the late truth is
    said too.
    """
    if after.handed_at and not before.handed_at:
        yield said.MessageSent(**_about(after), sent_at=after.handed_at)
    if after.failed_at and not before.failed_at:
        yield said.MessageFailed(
            **_about(after), failed_at=after.failed_at, outcome=after.status.value
        )
    if after.delivered_at and not before.delivered_at:
        yield said.MessageDelivered(**_about(after), delivered_at=after.delivered_at)


def _about(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "case_id": message.case_id,
        "template": message.template,
        "channel": message.channel,
    }
