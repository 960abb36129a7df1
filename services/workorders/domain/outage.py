"""What an outage is and how it moves: one table, read, tested and drawn.

Source: handbook domain, sections 4 and 10. Decided here: an outage is `restored` when power is
back, and `closed` when its customers were asked whether it is; one that was merged into another
goes on where it stood when that is undone.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.order import Reply, WorkOrderId
from services.workorders.domain.window import Window, check_window
from shared.errors import Conflict, Invalid

OutageId = NewType("OutageId", UUID)


class Kind(StrEnum):
    PLANNED = "planned"
    TEMPORARY = "temporary"
    FAULT = "fault"


class Status(StrEnum):
    PREDICTED = "predicted"  # by the calls alone
    CONFIRMED = "confirmed"
    ANNOUNCED = "announced"
    ACTIVE = "active"  # announced, and begun
    RESTORED = "restored"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Move(StrEnum):
    CONFIRM = "confirm"
    SET_ETR = "set_etr"
    CHANGE = "change"
    START = "start"
    RESTORE = "restore"
    CLOSE = "close"
    CANCEL = "cancel"
    MERGE = "merge"
    REVIVE = "revive"


class Stage(StrEnum):
    """What the customers of an outage are told, each once. Source: handbook domain, section 10."""

    ANNOUNCED = "announced"
    REMINDER = "reminder"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    STARTED = "started"
    ETR_SET = "etr_set"
    ETR_CHANGED = "etr_changed"
    RESTORED = "restored"
    CHECK_OK = "check_ok"


_UNPLANNED = frozenset({Status.PREDICTED, Status.CONFIRMED})
OUT = _UNPLANNED | {Status.ACTIVE}  # there is no power
BEGINS_AS = frozenset({Status.PREDICTED, Status.CONFIRMED, Status.ANNOUNCED})

# From where a move may be made, and where it may lead (nowhere: it stays where it is).
MOVES: dict[Move, tuple[frozenset[Status], frozenset[Status]]] = {
    Move.CONFIRM: (frozenset({Status.PREDICTED}), frozenset({Status.CONFIRMED})),
    Move.SET_ETR: (OUT, frozenset()),
    Move.CHANGE: (frozenset({Status.ANNOUNCED, Status.ACTIVE}) | _UNPLANNED, frozenset()),
    Move.START: (frozenset({Status.ANNOUNCED}), frozenset({Status.ACTIVE})),
    Move.RESTORE: (OUT, frozenset({Status.RESTORED})),
    Move.CLOSE: (frozenset({Status.RESTORED}), frozenset({Status.CLOSED})),
    Move.CANCEL: (
        frozenset({Status.ANNOUNCED}) | _UNPLANNED,
        frozenset({Status.CANCELLED}),
    ),
    Move.MERGE: (_UNPLANNED, frozenset({Status.MERGED})),
    Move.REVIVE: (frozenset({Status.MERGED}), _UNPLANNED),
}


def allowed(status: Status) -> list[Move]:
    """The moves open from here."""
    return [move for move, (origins, _) in MOVES.items() if status in origins]


def diagram() -> str:
    """MOVES as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {status}" for status in sorted(BEGINS_AS))]
    for move, (origins, targets) in MOVES.items():
        lines += [
            f"    {origin} --> {target}: {move}"
            for origin in sorted(origins)
            for target in sorted(targets or {origin})
        ]
    ends = (Status.CLOSED, Status.CANCELLED)
    return "\n".join([*lines, *(f"    {end} --> [*]" for end in ends)]) + "\n"


class OutageCantDoThat(Conflict):
    """The outage is not at a step that allows this."""


class NotYetSo(Invalid):
    """Power did not go off, or come back, at an instant that is still ahead."""


class BackBeforeItWentOff(Invalid):
    """Power was not back before it went off."""


class EtrNotAhead(Invalid):
    """Power can't be expected back in the past."""


class Scope(StrEnum):
    """What went out."""

    TRANSFORMER = "transformer"
    FEEDER = "feeder"


class Weather(StrEnum):
    """Declared by a supervisor; promises may say another time for severe weather."""

    NORMAL = "normal"
    SEVERE_1 = "severe_1"
    SEVERE_2 = "severe_2"


@dataclass(frozen=True, slots=True)
class Device:
    """`code` of a transformer or a feeder."""

    scope: Scope
    code: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a rule was not kept, by whose word, and the proof."""

    reason: str
    evidence: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Outage:
    """Power is or will be off somewhere.

    began_at: when power went off; of a nested one when it did first. master_id: the order that is
    worked on, None where nobody was sent. root_id: the outage that customers hear of, itself unless
    merged. before: its status before it was merged. etrs: how many times an ETR was set.
    """

    id: OutageId
    kind: Kind
    status: Status
    scope: Scope
    region: str
    devices: tuple[Device, ...]
    opened_at: datetime
    root_id: OutageId
    began_at: datetime | None = None
    feeder: str | None = None
    area: str = ""
    customers: int = 0
    window: Window | None = None
    reason: str = ""
    exemption: Exemption | None = None
    etr_at: datetime | None = None
    etrs: int = 0
    master_id: WorkOrderId | None = None
    merged_into: OutageId | None = None
    before: Status | None = None
    nested_in: OutageId | None = None
    weather: Weather = Weather.NORMAL
    cause: str | None = None
    restored_at: datetime | None = None
    reply: Reply | None = None
    closed_at: datetime | None = None
    ended_because: str | None = None
    wake_at: datetime | None = None
    version: int = field(default=1)

    @property
    def is_out(self) -> bool:
        return self.status in OUT

    def allowed(self) -> list[Move]:
        return allowed(self.status)

    def confirm(self, cause: str | None) -> "Outage":
        """Somebody who knows says that it is one."""
        return self._move(Move.CONFIRM, cause=cause or self.cause)

    def set_etr(self, etr_at: datetime, at: datetime) -> "Outage":
        """Raises EtrNotAhead. The same ETR again is no news."""
        self._check(Move.SET_ETR)
        if etr_at <= at:
            raise EtrNotAhead(now=at.isoformat())
        if etr_at == self.etr_at:
            return self
        return self._move(Move.SET_ETR, etr_at=etr_at, etrs=self.etrs + 1)

    def plan(self, window: Window, at: datetime, wake_at: datetime | None) -> "Outage":
        """Another window than was announced. Only one that has not begun can begin otherwise."""
        if self.window is None:
            raise OutageCantDoThat("it has no window", status_now=self.status)
        if self.status is Status.ACTIVE and window.begins_at != self.window.begins_at:
            raise OutageCantDoThat("it has begun already", status_now=self.status)
        check_window(window, at, begun=self.status is Status.ACTIVE)
        return self._move(Move.CHANGE, window=window, wake_at=wake_at)

    def describe(self, **changes: Any) -> "Outage":
        """Other words, another cause or weather; no other place or time."""
        return self._move(Move.CHANGE, **changes)

    def start(self, at: datetime) -> "Outage":
        """Power goes off as announced; it is expected back as announced."""
        assert self.window is not None
        ends_at = self.window.ends_at
        return self._move(Move.START, began_at=at, etr_at=ends_at, etrs=self.etrs + 1, wake_at=None)

    def restore(self, at: datetime, wake_at: datetime | None, **known: Any) -> "Outage":
        """Power is back; whether everywhere is still to be asked. Raises BackBeforeItWentOff."""
        self._check(Move.RESTORE)
        if self.began_at is not None and at < self.began_at:
            raise BackBeforeItWentOff(began_at=self.began_at.isoformat())
        return self._move(Move.RESTORE, restored_at=at, wake_at=wake_at, **known)

    def close(self, reply: Reply, at: datetime) -> "Outage":
        """Power is back with everybody who was asked: its followers can be replied to."""
        return self._move(Move.CLOSE, reply=reply, closed_at=at, wake_at=None)

    def check_open_for_closing(self) -> None:
        """Raises OutageCantDoThat."""
        self._check(Move.CLOSE)

    def cancel(self, reason: str, at: datetime) -> "Outage":
        return self._move(Move.CANCEL, ended_because=reason, closed_at=at, wake_at=None)

    def merge_into(self, other: "Outage") -> "Outage":
        """From now on it is a part of `other`."""
        before, into = self.status, {"merged_into": other.id, "root_id": other.id}
        return self._move(Move.MERGE, before=before, wake_at=None, **into)

    def under(self, root_id: OutageId) -> "Outage":
        """What it is a part of is now a part of something itself, or no longer."""
        return replace(self, root_id=root_id, version=self.version + 1)

    def revive(self) -> "Outage":
        """It stands for itself again, as it stood."""
        was = self.before
        stands = {"merged_into": None, "root_id": self.id, "before": None}
        return replace(self._move(Move.REVIVE, **stands), status=was or Status.PREDICTED)

    def covers(self, scope: Scope, devices: tuple[Device, ...], customers: int) -> "Outage":
        """It reaches further, or less far, than was thought."""
        changed = {"scope": scope, "devices": devices, "customers": customers}
        return replace(self, version=self.version + 1, **changed)  # type: ignore[arg-type]

    def led_by(self, master_id: WorkOrderId | None) -> "Outage":
        return replace(self, master_id=master_id, version=self.version + 1)

    def remind_later(self, wake_at: datetime | None) -> "Outage":
        """What is due next by itself; no move."""
        return replace(self, wake_at=wake_at)

    def _move(self, move: Move, **changes: Any) -> "Outage":
        self._check(move)
        targets = MOVES[move][1]
        status = next(iter(targets)) if len(targets) == 1 else self.status
        return replace(self, status=status, version=self.version + 1, **changes)

    def _check(self, move: Move) -> None:
        if self.status not in MOVES[move][0]:
            raise OutageCantDoThat(
                f"{move} is not possible while {self.status}",
                status_now=self.status,
                allowed=self.allowed(),
            )
