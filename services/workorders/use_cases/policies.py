"""Policy packs: stored as immutable versions, used, and their promises told to the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.workorders.domain.policy import BadPolicy
from services.workorders.events import policies as events
from services.workorders.store import references
from shared.audit import record
from shared.db import Tx
from shared.outbox import publish
from shared.stamp import Stamp


async def use_policies(
    tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]], chosen: str
) -> None:
    """Store new policy versions and use those of `chosen`. Raises BadPolicy."""
    await references.load_packs(tx, stamp, files, chosen)
    in_force = await references.packs_in_force(tx, stamp.at)
    if chosen not in {pack.id for pack in in_force}:
        raise BadPolicy(f"no version of {chosen} is in force on {tx.day_of(stamp.at)}")
    record(tx, stamp, "policy.in_use", chosen)
    await promise_what_is_in_force(tx, stamp)


async def promise_what_is_in_force(tx: Tx, stamp: Stamp) -> None:
    """When other versions are in force than last time, tell the others what to promise."""
    packs = await references.packs_in_force(tx, stamp.at)
    chosen = [pack for pack in packs if pack.overlay_of is None]
    if chosen and await references.promise_anew(tx, packs):
        publish(tx, events.promises(packs, stamp.at), stamp)
