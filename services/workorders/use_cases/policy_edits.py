"""A new version of a policy for clocks that already run: looked at first, then done in batches.

Looking and doing ask the same function, so that what is foreseen is what happens.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.workorders.domain.policy import Pack
from services.workorders.domain.policy_edit import (
    Base,
    Counts,
    EditId,
    EditRunning,
    NotInForce,
    PolicyEdit,
    What,
)
from services.workorders.store import policies, policy_edits, references
from services.workorders.use_cases.clock_changes import Change, retarget, would_become
from shared.audit import record
from shared.calendar import NoCalendar
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp

_BATCH, _SAMPLES = 200, 20
_Making = Callable[[Sequence[UUID]], Awaitable[list[Change]]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an edit would do, with some of the clocks that it would change."""

    counts: Counts
    samples: tuple[Change, ...]


async def foresee(
    tx: Tx, stamp: Stamp, policy: str, version: str, what: What, base: Base, region: str
) -> Foreseen:
    """Of every live clock in the region. Nothing is written. Raises NoSuchPolicy.

    Samples are of newly breached and recovered clocks first.
    """
    pack = (await policies.get(tx, policy, version)).pack
    packs = await _beside(tx, stamp, pack)

    async def would(ids: Sequence[UUID]) -> list[Change]:
        return await would_become(tx, stamp, ids, packs, base.mode)

    counts, cursor = Counts(), None
    grave: list[Change] = []
    light: list[Change] = []
    while ids := await policy_edits.live_clocks(tx, policy, version, region, cursor, _BATCH):
        cursor = ids[-1]
        if what is What.PIN:
            counts += Counts(live=len(ids))
            continue
        changes, more = await _counted(ids, would)
        counts += more
        for change in changes:
            kept = grave if change.breaches or change.recovers else light
            if len(kept) < _SAMPLES:
                kept.append(change)
    return Foreseen(counts, tuple((grave + light)[:_SAMPLES]))


async def begin_edit(
    tx: Tx,
    stamp: Stamp,
    policy: str,
    version: str,
    what: What,
    base: Base,
    reason: str,
    region: str,
) -> PolicyEdit:
    """Taken down; the worker does it. Raises NoSuchPolicy, NotInForce, EditRunning."""
    await policies.lock(tx)
    pack = (await policies.get(tx, policy, version)).pack
    if pack not in await references.packs_in_force(tx, stamp.at):
        raise NotInForce(policy=policy, policy_version=version)
    if await policy_edits.is_running(tx, policy):
        raise EditRunning(policy=policy)
    id = EditId(new_id(stamp.at))
    edit = PolicyEdit(
        id, policy, version, what, base, reason, region, stamp.by, stamp.role, stamp.at
    )
    await policy_edits.add(tx, edit)
    record(tx, stamp, "policy.edited", policy, version=version, mode=what, base=base, edit=str(id))
    return edit


async def go_on(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    """One batch of the oldest edit, its place and counts with it: a restart goes on from there."""
    edit = await policy_edits.lock_oldest_running(tx)
    if edit is None:
        return ()
    ids = await policy_edits.live_clocks(
        tx, edit.policy, edit.version, edit.region, edit.cursor, _BATCH
    )
    counts = Counts(live=len(ids))
    if ids and edit.what is What.RETARGET:
        pack = (await policies.get(tx, edit.policy, edit.version)).pack
        packs = await _beside(tx, stamp, pack)
        theirs = replace(stamp, by=edit.by, role=edit.role)
        reason, mode = f"policy edit {edit.id}: {edit.reason}", edit.base.mode

        async def make(ids: Sequence[UUID]) -> list[Change]:
            return await retarget(tx, theirs, ids, packs, mode, reason)

        _, counts = await _counted(ids, make)
    cursor = ids[-1] if ids else None
    edit = edit.went_on(cursor, counts, stamp.at, over=len(ids) < _BATCH)
    await policy_edits.save(tx, edit)
    return ()


async def _beside(tx: Tx, stamp: Stamp, pack: Pack) -> list[Pack]:
    """The packs in force, with this version in the place of the one that is."""
    now = await references.packs_in_force(tx, stamp.at)
    return [pack, *(one for one in now if one.id != pack.id)]


async def _counted(ids: Sequence[UUID], make: _Making) -> tuple[list[Change], Counts]:
    """What was changed of these clocks. One whose calendar has a hole stops no other."""
    done: list[Change] = []
    impossible = 0
    try:
        done = await make(ids)
    except NoCalendar:
        for id in ids:
            try:
                done += await make([id])
            except NoCalendar:
                impossible += 1
    changed = [change for change in done if change.after.entries != change.before.entries]
    counts = Counts(
        live=len(ids),
        changed=len(changed),
        breached=sum(change.breaches for change in changed),
        recovered=sum(change.recovers for change in changed),
        impossible=impossible,
    )
    return changed, counts
