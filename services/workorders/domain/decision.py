"""How calls were grouped, by whom and why: each decision can be undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.errors import Conflict


class Kind(StrEnum):
    FOLLOWED = "followed"  # an order was put under another one, or under an outage
    APART = "apart"  # an order was kept out of a group that was there
    PREDICTED = "predicted"  # an order and its followers became an outage
    SPREAD = "spread"  # outages of one feeder became one
    MERGED = "merged"  # somebody made two outages one
    SPLIT = "split"  # somebody made some followers an outage of their own
    TAKEN_OUT = "taken_out"  # an order stands for itself again
    LED = "led"  # another order leads the group
    NESTED = "nested"  # still off after restoration
    REPORTED = "reported"  # somebody opened the outage


_CANCEL = "cancel the outage, with a reason"
_MERGE = "merge the order under the one that it is about"

# What to do about a decision that can't be undone. All others can.
INSTEAD = {
    Kind.LED: "take the order out of its group, or merge it under the right one",
    Kind.NESTED: _CANCEL,
    Kind.REPORTED: _CANCEL,
    Kind.APART: _MERGE,
    Kind.TAKEN_OUT: _MERGE,
}
CAN_BE_UNDONE = frozenset(Kind) - INSTEAD.keys()


class CantBeUndone(Conflict):
    """A decision of this kind can't be undone, or what followed from it stands in the way."""


class UndoneAlready(Conflict):
    """This decision was undone already."""


@dataclass(frozen=True, slots=True)
class Decision:
    """data: what undoing it needs."""

    id: UUID
    at: datetime
    by: str
    kind: Kind
    region: str
    because: str
    outage_id: UUID | None = None
    order_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone_because: str | None = None

    def check_undo(self) -> None:
        """Raises UndoneAlready, CantBeUndone."""
        if self.undone_at is not None:
            raise UndoneAlready(undone_at=self.undone_at.isoformat())
        if instead := INSTEAD.get(self.kind):
            can_be = sorted(CAN_BE_UNDONE)
            raise CantBeUndone(instead, kind=self.kind, can_be=can_be)
