"""A message to one person: from composed to known, with every doubt on the way written down."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notify.domain.addresses import Channel
from services.notify.domain.categories import Ambiguity, Category
from services.notify.domain.lattice import FAILED, STEPS_BACK, WITH_THE_NETWORK, Status, fold
from services.notify.domain.people import Audience
from services.notify.domain.request import AddresseeId, RequestId

MessageId = NewType("MessageId", UUID)
NO_LINK = "the gateway has no link to send it on"


class Verdict(StrEnum):
    """How one attempt to hand a message over ended."""

    TAKEN = "taken"
    REFUSED = "refused"  # it will never be taken
    NOT_TAKEN = "not_taken"  # surely not; try again
    UNCLEAR = "unclear"  # perhaps taken, and nobody can say
    LOST = "lost"  # the process that tried did not live to tell: as unclear
    PUT_BACK = "put_back"  # never tried: told to stop, or too late


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    answer: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message over: `number` is the message's how-manieth."""

    message_id: MessageId
    number: int
    began_at: datetime
    ended_at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try.

    tries: handings-over, when the gateway surely did not take it. resends: further ones, when it
    may have, of a message that is to arrive at least once. lease: how long one may hold a message
    that it is handing over.
    receipt: without a final receipt for so long, the message is unknown. doubt: an unclear message
    counts as failed after so long without news.
    """

    tries: int = 100
    resends: int = 2
    lease: timedelta = timedelta(seconds=30)
    receipt: timedelta = timedelta(hours=72)
    doubt: timedelta = timedelta(minutes=15)
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=1)

    def pause(self, id: MessageId, tried: int) -> timedelta:
        """Doubling, and spread by the message's own random bits: half to all of it."""
        doubled: int = 2 ** min(max(tried - 1, 0), 16)
        spread = 0.5 + (id.int + tried * 0x9E3779B1) % 1024 / 2048
        return min(self.first_pause * doubled, self.longest_pause) * spread


@dataclass(frozen=True, slots=True)
class Message:
    """`due_at` is when something must happen by itself, None when nothing must.

    queued: hand it over. submitting: the lease ends. accepted, sent, buffered: the wait for a
    final receipt ends. unknown: the doubt ends. handed_at, delivered_at and failed_at are set once,
    together with the fact that tells the others; `said` counts those facts. let_go: the last try
    that the gateway is known to have let go of, before any network had the message. not_after: it
    is not handed over from then on. confidential: no screen shows whose phone it is.

    One delivery: to one addressee of a request, over one channel. address: sealed, None when there
    is none. ambiguity, lane: what its category meant when it was composed. provider: who has it,
    from the first time it is handed over. fallback_of: the delivery that did not arrive before it;
    then the key is that one's with the channel behind it.
    """

    id: MessageId
    dedupe_key: str
    case_id: UUID | None
    region: str
    audience: Audience
    template: str
    category: Category
    ambiguity: Ambiguity
    lane: int
    request_id: RequestId
    addressee: AddresseeId
    channel: Channel
    address: bytes | None
    text: str
    status: Status
    created_at: datetime
    due_at: datetime | None
    reason: str | None = None
    tries: int = 0
    resends: int = 0
    claimed_at: datetime | None = None
    handed_at: datetime | None = None
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    said: int = 0
    cause: UUID | None = None
    trace: str | None = None
    let_go: int = 0
    not_after: datetime | None = None
    confidential: bool = False
    provider: str | None = None
    fallback_of: MessageId | None = None

    def hear(self, heard: Status, at: datetime, patience: Patience, number: int = 0) -> "Message":
        """With news of how far try `number` got; unchanged when we know as much already."""
        if heard is Status.QUEUED and number > self.let_go:
            return replace(self, let_go=number)._again_if_let_go(at, patience)
        status = fold(self.status, heard)
        if status is self.status:
            return self
        return replace(
            self,
            status=status,
            reason=None,
            due_at=at + patience.receipt if status in WITH_THE_NETWORK else None,
            handed_at=self.handed_at or (None if status is Status.REJECTED else at),
            delivered_at=at if status is Status.DELIVERED else None,
            failed_at=self.failed_at or (at if status in FAILED else None),
        )

    def after(self, attempt: Attempt, patience: Patience) -> "Message":
        """With how an attempt ended. News that came meanwhile outweighs it."""
        return self._after(attempt, patience)._again_if_let_go(attempt.ended_at, patience)

    def _after(self, attempt: Attempt, patience: Patience) -> "Message":
        at, outcome = attempt.ended_at, attempt.outcome
        if outcome.verdict is Verdict.TAKEN:
            return self.hear(Status.ACCEPTED, at, patience)
        if attempt.number != self.tries or self.status not in (Status.SUBMITTING, Status.UNKNOWN):
            return self
        match outcome.verdict:
            case Verdict.PUT_BACK:
                return replace(self._back(Status.QUEUED, at), tries=self.tries - 1)
            case Verdict.NOT_TAKEN if self.tries < patience.tries:
                return self._back(Status.QUEUED, at + patience.pause(self.id, self.tries))
            case Verdict.NOT_TAKEN | Verdict.REFUSED:
                rejected = self.hear(Status.REJECTED, at, patience)
                return replace(rejected, reason=outcome.answer)
        return self._in_doubt(at, outcome.answer, patience)

    def overdue(self, at: datetime, patience: Patience) -> "Message":
        """When `due_at` has passed and nothing came: the lease, the receipt or the doubt ended."""
        if self.status is Status.SUBMITTING:
            lost = self._in_doubt(at, "handed over by a process that did not tell", patience)
            return lost._again_if_let_go(at, patience)
        if self.status in WITH_THE_NETWORK:
            lapsed = replace(self._back(Status.UNKNOWN, None), reason="no final receipt")
            return replace(lapsed, failed_at=self.failed_at or at)
        return replace(self, due_at=None, failed_at=self.failed_at or at)

    def _again_if_let_go(self, at: datetime, patience: Patience) -> "Message":
        """Back to the queue, whatever its category, when the last try surely went nowhere."""
        waiting = self.status in (Status.ACCEPTED, Status.UNKNOWN) and self.failed_at is None
        if not waiting or not 0 < self.let_go == self.tries:
            return self
        if self.tries >= patience.tries:
            return replace(self.hear(Status.REJECTED, at, patience), reason=NO_LINK)
        queued = self._back(Status.QUEUED, at + patience.pause(self.id, self.tries))
        return replace(queued, reason=None)

    def _in_doubt(self, at: datetime, why: str, patience: Patience) -> "Message":
        if self.ambiguity is Ambiguity.AT_LEAST_ONCE and self.resends < patience.resends:
            again_at = at + patience.pause(self.id, self.resends + 1)
            return replace(self._back(Status.QUEUED, again_at), resends=self.resends + 1)
        unclear = replace(self, status=Status.UNKNOWN, due_at=at + patience.doubt)
        return replace(unclear, reason=why)

    def _back(self, status: Status, due_at: datetime | None) -> "Message":
        assert status in STEPS_BACK[self.status]
        return replace(self, status=status, due_at=due_at)
