"""What the crew of one shift hands to that of the next: listed, acknowledged, signed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.roster import Shift, ShiftId
from shared.errors import Conflict, Forbidden, NotFound

MOST_TOLD = 200  # orders in a refusal


class NotTheLead(Forbidden):
    """Only the lead of that shift, or a supervisor in its place, may sign."""


class SameSigner(Conflict):
    """Two different people sign: one gives, one takes."""


class SignedAlready(Conflict):
    """That side has signed already."""


class NotTaking(Forbidden):
    """Only who takes over, or a supervisor who does not hand over, may acknowledge."""


class NoSuchItem(NotFound):
    """That order is not on the list of this hand-over."""


class NotHandedOver(Conflict):
    """The shift can't be closed: something is not acknowledged or not signed."""


class NoHandover(Conflict):
    """The shift was not handed over yet."""


class Side(StrEnum):
    OUTGOING = "outgoing"
    INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Item:
    """An order as it was when it was listed. due_at: of its most pressing clock."""

    order_id: WorkOrderId
    status: str
    at_risk: bool
    due_at: datetime | None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """The record between a shift and the next of its team, signed by both sides.

    Without a next shift the desk takes over: a supervisor.
    """

    shift_id: ShiftId
    next_id: ShiftId | None
    opened_at: datetime
    opened_by: str
    items: tuple[Item, ...] = ()
    given_by: str | None = None
    given_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    version: int = 1

    def extended(self, items: Sequence[Item]) -> "Handover":
        """With orders that came since; who signed had signed another list, so nobody has."""
        if not items:
            return self
        unsigned: dict[str, Any] = dict.fromkeys(("given_by", "given_at", "taken_by", "taken_at"))
        return self._changed(items=(*self.items, *items), **unsigned)

    def sign(
        self, side: Side, lead: str | None, by: str, at: datetime, *, supervisor: bool
    ) -> "Handover":
        """Raises NotTheLead, SignedAlready, SameSigner."""
        if by != lead and not supervisor:
            raise NotTheLead(side=side)
        mine, other = self.given_by, self.taken_by
        if side is Side.INCOMING:
            mine, other = other, mine
        if mine is not None:
            raise SignedAlready(side=side)
        if other == by:
            raise SameSigner(side=side)
        if side is Side.OUTGOING:
            return self._changed(given_by=by, given_at=at)
        return self._changed(taken_by=by, taken_at=at)

    def acknowledge(
        self,
        order_id: WorkOrderId,
        given: Shift,
        taken: Shift | None,
        by: str,
        at: datetime,
        *,
        supervisor: bool,
    ) -> "Handover":
        """The first acknowledgement stands. Raises NoSuchItem, NotTaking."""
        if order_id not in {item.order_id for item in self.items}:
            raise NoSuchItem(work_order_id=str(order_id))
        takes = supervisor or (taken is not None and by in taken.members)
        if by in given.members or not takes:
            raise NotTaking(work_order_id=str(order_id))
        items = tuple(
            replace(item, acknowledged_at=at, acknowledged_by=by)
            if item.order_id == order_id and item.acknowledged_at is None
            else item
            for item in self.items
        )
        return self if items == self.items else self._changed(items=items)

    def check_closable(
        self, still_open: Collection[WorkOrderId], held: Collection[WorkOrderId]
    ) -> None:
        """Raises NotHandedOver with what is missing.

        still_open: orders of the team that are. held: by those who go.
        """
        listed = {item.order_id for item in self.items}
        unacknowledged = [
            str(item.order_id)
            for item in self.items
            if item.acknowledged_at is None and item.order_id in still_open
        ]
        unlisted = sorted(str(id) for id in held if id not in listed)
        sides = ((Side.OUTGOING, self.given_by), (Side.INCOMING, self.taken_by))
        unsigned = [str(side) for side, signer in sides if signer is None]
        if unacknowledged or unlisted or unsigned:
            raise NotHandedOver(unacknowledged=unacknowledged, unlisted=unlisted, unsigned=unsigned)

    def _changed(self, **changes: Any) -> "Handover":
        return replace(self, version=self.version + 1, **changes)
