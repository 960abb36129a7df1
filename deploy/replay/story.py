"""What is known of one call: from the moment it is due until its caller has been told."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from deploy.replay.calls import Call
from deploy.replay.client import FiledCase, Order, Sms

_ACCEPTED = "case-accepted."
_DELIVERED, _NEVER_SENT = "delivered", "skipped"
_ENDED_BADLY = frozenset({"rejected", "undelivered", "expired", _NEVER_SENT})

# What is lawfully said more than once about a case, each time in other words: of every clock
# and reminder, of every new estimate.
_SAID_AGAIN = ("escalation-raised.", "etr-set.")


@dataclass(slots=True, eq=False)
class Story:
    """`over` when nothing more is awaited: it ended well, or `trouble` says why not."""

    call: Call
    case: FiledCase | None = None
    accepted_after: float | None = None
    repeats: int = 0
    cases: int = 1
    orders: list[Order] = field(default_factory=list)
    messages: list[Sms] = field(default_factory=list)
    seen_at: datetime | None = None
    trouble: str | None = None
    over: bool = False

    @property
    def told(self) -> Sms | None:
        """The SMS that says we took the case, once it is on the caller's phone."""
        accepted = (sms for sms in self.messages if sms.template.startswith(_ACCEPTED))
        return next((sms for sms in accepted if sms.status == _DELIVERED), None)

    @property
    def told_after(self) -> float | None:
        """Seconds from the case to the SMS on the phone: as notify has it, else when we saw it."""
        if self.case is None or self.told is None:
            return None
        at = self.told.delivered_at or self.seen_at
        return (at - self.case.accepted_at).total_seconds() if at else None

    @property
    def complete(self) -> bool:
        return self.told is not None and bool(self.orders)

    @property
    def hopeless(self) -> bool:
        """The SMS about the case ended, and not on the phone."""
        accepted = [sms for sms in self.messages if sms.template.startswith(_ACCEPTED)]
        return bool(accepted) and all(sms.status in _ENDED_BADLY for sms in accepted)

    @property
    def sent(self) -> list[Sms]:
        return [sms for sms in self.messages if sms.status != _NEVER_SENT]

    @property
    def duplicates(self) -> int:
        """What there is too much of: cases of the call, orders, SMS with one template."""
        said = Counter(
            (sms.template, sms.text if sms.template.startswith(_SAID_AGAIN) else "")
            for sms in self.sent
        )
        too_often = sum(times - 1 for times in said.values())
        return too_often + max(len(self.orders) - 1, 0) + max(self.cases - 1, 0)

    @property
    def missing(self) -> str | None:
        """Why this call counts as lost; None when it does not."""
        if self.case is None:
            return f"no case: {self.trouble}"
        if self.complete:
            return None
        reached = sorted({s.status for s in self.messages if s.template.startswith(_ACCEPTED)})
        parts = [] if self.orders else ["no work order"]
        if self.told is None:
            parts.append(f"no delivered SMS ({', '.join(reached) or 'none written'})")
        if self.trouble:
            parts.append(self.trouble)
        return "; ".join(parts)
