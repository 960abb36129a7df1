"""What one can do here. Each is one transaction, opened and committed by its door."""

from services.notify.use_cases.asking import write
from services.notify.use_cases.handing_over import claim, lapse, record
from services.notify.use_cases.receipts import hear, hear_early
from services.notify.use_cases.telling import (
    QUEUED_BELL,
    ask,
    know_case,
    link,
    tell,
    tell_area,
    tell_member,
)

__all__ = [
    "QUEUED_BELL",
    "ask",
    "claim",
    "hear",
    "hear_early",
    "know_case",
    "lapse",
    "link",
    "record",
    "tell",
    "tell_area",
    "tell_member",
    "write",
]
