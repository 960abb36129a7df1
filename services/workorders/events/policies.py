"""What is said about policies."""

from collections.abc import Sequence
from datetime import datetime

from services.workorders.domain.policy import Pack
from shared.contracts import workorders as said

_AREAS = ("urban", "rural", "remote")


def promises(packs: Sequence[Pack], at: datetime) -> said.PromisesPublished:
    """What may be promised at acceptance: promised limits that start there, in natural time."""
    told = [
        said.PublicPromise(
            kind=limit.clock,
            case_type=case_type,
            area=area,
            minutes=int(limit.target.time.total_seconds() // 60),
        )
        for pack in packs
        for limit in pack.limits
        if limit.promised and limit.starts == "accepted"
        if limit.target.natural and limit.target.time is not None
        for case_type in sorted(limit.types)
        for area in (sorted(limit.areas) or _AREAS)
    ]
    main = next(pack for pack in packs if pack.overlay_of is None)
    return said.PromisesPublished(
        policy=main.id, policy_version=main.version, in_force_from=at, promises=tuple(told)
    )
