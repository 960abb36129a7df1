"""Policy packs: stored as immutable versions, used, and their promises told to the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.workorders.domain.agreement import check_dates, check_from
from services.workorders.domain.pack_file import read_pack
from services.workorders.domain.policy import Pack, in_force
from services.workorders.domain.written import BadPolicy
from services.workorders.events import policies as events
from services.workorders.store import policies, references
from services.workorders.store.policies import Stored
from shared.audit import record
from shared.db import Tx
from shared.errors import Conflict
from shared.outbox import publish
from shared.stamp import Stamp


class VersionTaken(Conflict):
    """This version of the policy is stored and says something else: versions never change."""


async def use_policies(
    tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]], chosen: str
) -> None:
    """Store new policy versions; use the pack `chosen` with its overlays. Raises BadPolicy.

    Of versions stored before, from files or over HTTP, the day decides which one is in force.
    """
    await policies.lock(tx)
    for data in files:
        pack = read_pack(data)
        if (await policies.add(tx, stamp, pack, data, in_use=False)).pack != pack:
            raise BadPolicy(f"{pack.name} was edited: give it a new version")
        check_dates(await policies.with_id(tx, pack.id))
    await policies.use(tx, chosen)
    used = await policies.in_use(tx)
    if chosen not in {pack.id for pack in used}:
        raise BadPolicy(f"there is no policy pack {chosen}")
    today = tx.day_of(stamp.at)
    if chosen not in {pack.id for pack in in_force(used, today)}:
        raise BadPolicy(f"no version of {chosen} is in force on {today}")
    record(tx, stamp, "policy.in_use", chosen)
    await _agree(tx, stamp, used)


async def store_version(tx: Tx, stamp: Stamp, data: Mapping[str, Any]) -> tuple[Stored, bool]:
    """A new version of a pack, in use from its first day if its pack is. False: it was there.

    Raises VersionTaken, and BadPolicy with the place of a mistake; then nothing is stored.
    """
    await policies.lock(tx)
    pack = read_pack(data)
    used = await policies.in_use(tx)
    chosen = next((one.id for one in used if one.overlay_of is None), None)
    ours = chosen is not None and pack.belongs_to(chosen)
    before = await policies.with_id(tx, pack.id)
    stored = await policies.add(tx, stamp, pack, data, in_use=ours)
    if stored.pack != pack:
        raise VersionTaken(policy=pack.id, policy_version=pack.version)
    if pack in before:
        return stored, False
    check_dates([*before, pack])
    record(tx, stamp, "policy.stored", pack.id, version=pack.version)
    if ours:
        await _agree(tx, stamp, [*used, pack])
    return stored, True


async def promise_what_is_in_force(tx: Tx, stamp: Stamp) -> None:
    """When other versions are in force than last time, tell the others what to promise."""
    await _promise(tx, stamp, await references.packs_in_force(tx, stamp.at))


async def _agree(tx: Tx, stamp: Stamp, used: Sequence[Pack]) -> None:
    """They can be used beside each other from today on; what they promise is told."""
    today = tx.day_of(stamp.at)
    check_from(used, today, await policies.known_calendars(tx))
    await _promise(tx, stamp, in_force(used, today))


async def _promise(tx: Tx, stamp: Stamp, packs: Sequence[Pack]) -> None:
    chosen = [pack for pack in packs if pack.overlay_of is None]
    if chosen and await policies.promise_anew(tx, packs):
        publish(tx, events.promises(packs, stamp.at), stamp)
