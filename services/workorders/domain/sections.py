"""What the packs in force say about outages. A section stands in one pack of a day only."""

from collections.abc import Sequence
from datetime import timedelta

from services.workorders.domain.compensation import Compensation
from services.workorders.domain.grouping import Rules
from services.workorders.domain.notices import Notices
from services.workorders.domain.policy import BadPolicy, Pack


def grouping(packs: Sequence[Pack]) -> Rules:
    """How calls are grouped. Raises BadPolicy when no pack says so."""
    for pack in packs:
        if pack.grouping is not None:
            return pack.grouping
    raise BadPolicy("no pack in force says how calls are grouped")


def notices(packs: Sequence[Pack]) -> Notices:
    """How long before an outage is announced. Raises BadPolicy when no pack says how we plan."""
    kinds = next((pack.notices for pack in packs if pack.notices is not None), {})
    for pack in packs:
        if pack.planning is not None:
            return Notices(kinds, pack.planning)
    raise BadPolicy("no pack in force says how outages are planned")


def accuracy(packs: Sequence[Pack]) -> timedelta:
    """How near an ETR must be to count as right. Raises BadPolicy when no pack says so."""
    for pack in packs:
        if pack.accuracy is not None:
            return pack.accuracy
    raise BadPolicy("no pack in force says how near an ETR must be")


def compensation(packs: Sequence[Pack]) -> list[tuple[Pack, Compensation]]:
    """Every section `compensation` in force, each with the pack that says so."""
    return [(pack, pack.compensation) for pack in packs if pack.compensation is not None]
