"""What is known of a message, and how news adds to it: in whatever order it comes, the same end."""

import re
from enum import StrEnum

from shared.errors import Invalid


class Status(StrEnum):
    """From the least known to the most: news can only raise it, see `fold`.

    `unknown` stands beside: nobody can say whether the gateway took the message. Any news is more.
    """

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    BUFFERED = "buffered"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    SKIPPED = "skipped"


_RANK = {status: rank for rank, status in enumerate(Status)}

WITH_THE_NETWORK = frozenset({Status.ACCEPTED, Status.SENT, Status.BUFFERED})
FAILED = frozenset({Status.EXPIRED, Status.UNDELIVERED, Status.REJECTED})
FINAL = FAILED | {Status.DELIVERED, Status.SKIPPED}

# The only ways down. All else rises.
STEPS_BACK: dict[Status, frozenset[Status]] = {
    Status.SUBMITTING: frozenset({Status.QUEUED}),
    Status.UNKNOWN: frozenset({Status.QUEUED}),
    Status.ACCEPTED: frozenset({Status.UNKNOWN, Status.QUEUED}),
    Status.SENT: frozenset({Status.UNKNOWN}),
    Status.BUFFERED: frozenset({Status.UNKNOWN}),
}


class NoSuchReceipt(Invalid):
    """A receipt has one of the codes 1, 2, 4, 8 and 16."""


def fold(known: Status, heard: Status) -> Status:
    """What is known after `heard`: the higher of the two, so order and repetition do not matter.

    Of two finals delivered beats rejected beats undelivered beats expired.
    Source: handbook/notify.md, section 5.
    """
    return max(known, heard, key=_RANK.__getitem__)


_MEANING = {1: Status.DELIVERED, 4: Status.BUFFERED, 8: Status.SENT, 16: Status.REJECTED}
_NOT_DELIVERED = {b"EXPIRED": Status.EXPIRED, b"REJECTD": Status.REJECTED}
_STAT = re.compile(rb"\bstat:([A-Z]+)")
_LET_GO = (16, b"NACK/no SMSC")


def meaning(code: int, reply: bytes) -> Status:
    """What a receipt of Kannel says. Code 2 is three things: the carrier's words tell them apart.

    `queued`: the gateway let go of the message, for there was no link to send it on (an operator
    had stopped it): no network has seen it. Raises NoSuchReceipt.
    Source: handbook/notify.md, section 3; Kannel 1.4.5 observed with `stop-smsc`.
    """
    if (code, reply) == _LET_GO:
        return Status.QUEUED
    if code == 2:
        stat = _STAT.search(wording(reply))
        return _NOT_DELIVERED.get(stat[1] if stat else b"", Status.UNDELIVERED)
    if code not in _MEANING:
        raise NoSuchReceipt
    return _MEANING[code]


def wording(reply: bytes) -> bytes:
    """The carrier's words without the message text: that part is cut and may be no text at all."""
    return re.split(rb"\s*\btext:", reply, maxsplit=1)[0]
