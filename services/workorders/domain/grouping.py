"""Which calls belong to one fault: pure decisions, each with its reasons.

Source: handbook domain, section 10. Within the window the order in which calls are taken up does
not matter: the groups are the same in the end (which order leads one may differ).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.workorders.domain.written import duration, only, whole


@dataclass(frozen=True, slots=True)
class Rules:
    """calls: so many on one transformer within `window` predict an outage there. transformers: so
    many with an outage on one feeder, begun at most `near` after one another, predict one of the
    feeder. gap: so long after its last call an order no longer speaks for its transformer.
    spot_checks: customers to ask before an outage is closed. settle: closed by itself so long after
    it was restored, when nobody said otherwise.
    """

    calls: int
    window: timedelta
    transformers: int
    near: timedelta
    gap: timedelta
    spot_checks: int
    settle: timedelta


_KEYS = ("calls", "window", "transformers", "near", "gap", "spot_checks", "settle")


def read_rules(data: Mapping[str, Any]) -> Rules:
    """Raises BadPolicy with the place."""
    given = only(data, _KEYS)
    return Rules(
        calls=whole(given["calls"], 2),
        window=duration(given["window"]),
        transformers=whole(given["transformers"], 2),
        near=duration(given["near"]),
        gap=duration(given["gap"]),
        spot_checks=whole(given["spot_checks"], 0),
        settle=duration(given["settle"]),
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A fault that a customer reports. danger, different: it is never taken for another one."""

    transformer: str | None
    received_at: datetime
    danger: bool = False
    different: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An outage where the call comes from. part_id: the part of it that lies there."""

    outage_id: UUID
    part_id: UUID
    master_id: UUID | None
    planned: bool


@dataclass(frozen=True, slots=True)
class Around:
    """What is known where a call comes from. leader: the open order of the transformer."""

    leader: UUID | None = None
    outages: tuple[Known, ...] = ()


class Place(StrEnum):
    LEADS = "leads"  # the first from its transformer
    FOLLOWS = "follows"  # another order, or the outage it belongs to
    APART = "apart"  # never grouped


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a call belongs, and why."""

    place: Place
    because: str
    master_id: UUID | None = None
    outage: Known | None = None


def place_call(call: Call, around: Around) -> Placed:
    """Fault outages first, then planned ones, then the open order of the transformer.

    The first call about a fault that somebody reported to us leads: nobody was sent for it yet.
    """
    if call.danger:
        return Placed(Place.APART, "somebody may be in danger")
    if call.different:
        return Placed(Place.APART, "the customer says that it is another fault")
    if call.transformer is None:
        return Placed(Place.APART, "its transformer is not known")
    known = min(around.outages, key=lambda one: one.planned, default=None)
    if known is not None and not known.planned and known.master_id is None:
        return Placed(Place.LEADS, "the first call about a known outage", outage=known)
    if known is not None:
        what = "a planned outage" if known.planned else "an outage"
        why = f"{what} is known for {call.transformer}"
        return Placed(Place.FOLLOWS, why, known.master_id, known)
    if around.leader is not None:
        why = f"an open fault order is known for {call.transformer}"
        return Placed(Place.FOLLOWS, why, around.leader)
    return Placed(Place.LEADS, f"the first open fault on {call.transformer}")


def predicts(reported: Sequence[datetime], rules: Rules) -> bool:
    """Enough calls within the window, whenever that was."""
    ordered = sorted(reported)
    runs = zip(ordered, ordered[rules.calls - 1 :], strict=False)
    return any(last - first <= rules.window for first, last in runs)


@dataclass(frozen=True, slots=True)
class Spot:
    """What is going on at one place. out: an outage; else one open order that is none yet. wide:
    an outage of the whole feeder, which takes in what begins near it.
    """

    place: str
    began_at: datetime
    out: bool
    id: UUID  # of the outage, or of the order
    wide: bool = False


def spreads(spots: Sequence[Spot], rules: Rules) -> list[list[Spot]]:
    """The spots of one feeder that are one event each: enough outages among them, begun near one
    another; or all of them, once the whole feeder is known to be out. What takes the others in
    comes first: the outage of the feeder, else the oldest one; then by their beginning.
    """
    ordered = sorted(spots, key=lambda one: (one.began_at, one.id))
    if any(spot.wide for spot in spots):
        return [_taken_in(ordered)]
    events: list[list[Spot]] = []
    for spot in ordered:
        if events and spot.began_at - events[-1][-1].began_at <= rules.near:
            events[-1].append(spot)
        else:
            events.append([spot])
    places = ({spot.place for spot in event if spot.out} for event in events)
    enough = (len(out) >= rules.transformers for out in places)
    return [_taken_in(event) for event, is_one in zip(events, enough, strict=True) if is_one]


def _taken_in(event: Sequence[Spot]) -> list[Spot]:
    return sorted(event, key=lambda spot: (not spot.wide, not spot.out))
