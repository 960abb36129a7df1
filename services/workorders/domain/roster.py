"""Teams, the people in them, their shifts, and what one crew hands to the next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from services.workorders.domain.order import WorkOrderId
from shared.errors import Conflict, Forbidden, Invalid

ShiftId = NewType("ShiftId", UUID)
AREAS = ("urban", "rural", "remote")


class BadShift(Invalid):
    """A shift runs forwards, at most a few days, and is led by one of its members."""


class MemberElsewhere(Conflict):
    """Somebody would be on two shifts at once."""


class ShiftClosed(Conflict):
    """The shift was closed."""


class NoHandover(Conflict):
    """The shift was not handed over yet."""


class NoNextShift(Conflict):
    """There is no next shift of this team to hand over to."""


class NotTheLead(Forbidden):
    """Only the lead of that shift, or a supervisor in its place, may sign."""


class SameSigner(Conflict):
    """Two different people sign: one gives, one takes."""


class SignedAlready(Conflict):
    """That side has signed already."""


class OwnItem(Forbidden):
    """Who hands an order over can't acknowledge it."""


class NotHandedOver(Conflict):
    """The shift can't be closed: something is not acknowledged or not signed."""


class Side(StrEnum):
    OUTGOING = "outgoing"
    INCOMING = "incoming"


def level_of(region: str) -> int:
    """1 in a district, 2 in a city, 3 in a province, 4 above: how high up the tree that is."""
    return 4 - len(region) // 2


@dataclass(frozen=True, slots=True)
class Team:
    """Who takes orders. region: its home. serves: prefixes of all regions that it works in.

    areas: none means all. skills: each with the last day of its licence, or None.
    capacity: orders at a time; None: as many as come. standing: it works without shifts, too.
    """

    code: str
    name: str
    region: str
    serves: tuple[str, ...]
    level: int
    role: str = "repair"
    areas: tuple[str, ...] = ()
    skills: Mapping[str, date | None] = field(default_factory=dict)
    capacity: int | None = None
    weight: int = 1
    standing: bool = True
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Member:
    """`person` is the subject of a token, never a name."""

    person: str
    team: str
    skills: Mapping[str, date | None] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    active: bool = True
    version: int = 1


@dataclass(frozen=True, slots=True)
class Shift:
    id: ShiftId
    team: str
    starts_at: datetime
    ends_at: datetime
    lead: str
    members: tuple[str, ...]
    capacity: int | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    version: int = 1

    def state(self, at: datetime) -> str:
        """planned, running, overdue (over, but not closed) or closed."""
        if self.closed_at is not None:
            return "closed"
        if at < self.starts_at:
            return "planned"
        return "running" if at < self.ends_at else "overdue"

    def checked(self, longest: timedelta) -> "Shift":
        """Raises BadShift."""
        if self.ends_at <= self.starts_at:
            raise BadShift("it ends before it starts")
        if self.ends_at - self.starts_at > longest:
            raise BadShift(f"longer than {longest}")
        if self.lead not in self.members:
            raise BadShift("the lead is none of its members")
        if len(set(self.members)) != len(self.members):
            raise BadShift("a member is named twice")
        return self

    def overlaps(self, other: "Shift") -> bool:
        """At the same time with the same people in it. A shift closed early is over."""
        mine = self.starts_at < other.until and other.starts_at < self.until
        return mine and not set(self.members).isdisjoint(other.members)

    @property
    def until(self) -> datetime:
        return min(self.ends_at, self.closed_at or self.ends_at)

    def close(self, by: str, at: datetime) -> "Shift":
        return replace(self, closed_at=at, closed_by=by, version=self.version + 1)


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
    """The record between a shift and the next of its team, signed by both sides."""

    shift_id: ShiftId
    next_id: ShiftId
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

    def sign(self, side: Side, lead: str, by: str, at: datetime, *, supervisor: bool) -> "Handover":
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
        self, order_id: WorkOrderId, outgoing: Collection[str], by: str, at: datetime
    ) -> "Handover":
        """Raises OwnItem. The first acknowledgement stands."""
        if by in outgoing:
            raise OwnItem(work_order_id=str(order_id))
        items = tuple(
            replace(item, acknowledged_at=at, acknowledged_by=by)
            if item.order_id == order_id and item.acknowledged_at is None
            else item
            for item in self.items
        )
        return self if items == self.items else self._changed(items=items)

    def check_closable(self, still_open: Collection[WorkOrderId]) -> None:
        """Raises NotHandedOver with what is missing.

        still_open: the orders that the outgoing crew leaves behind.
        """
        unacknowledged = [
            str(item.order_id)
            for item in self.items
            if item.acknowledged_at is None and item.order_id in still_open
        ]
        unlisted = [str(id) for id in still_open if id not in {x.order_id for x in self.items}]
        sides = ((Side.OUTGOING, self.given_by), (Side.INCOMING, self.taken_by))
        unsigned = [str(side) for side, signer in sides if signer is None]
        if unacknowledged or unlisted or unsigned:
            raise NotHandedOver(unacknowledged=unacknowledged, unlisted=unlisted, unsigned=unsigned)

    def _changed(self, **changes: Any) -> "Handover":
        return replace(self, version=self.version + 1, **changes)
