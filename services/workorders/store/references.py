"""What orders refer to: who could take them, and the policy versions in use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import BadPolicy, Pack, in_force, read_pack
from services.workorders.store import situation
from services.workorders.store.situation import Situation
from services.workorders.tables import policies
from shared.db import Tx
from shared.stamp import Stamp

# Who could take the order, the policy versions in use, and whether the case has an order already:
# one round trip.
_FOR_OPENING = f"""
SELECT EXISTS (SELECT 1 FROM work_orders WHERE case_id = $1) AS known,
  (SELECT coalesce(json_agg(json_build_array(id, version)), '[]') FROM policies WHERE in_use)
    AS packs,
  {situation.query_of("$2::text[]", "$3::timestamptz", "$4::date", "$5::text")} AS situation
"""

_KEY = sa.tuple_(policies.c.id, policies.c.version)
_read: dict[tuple[str, str], Pack] = {}  # versions never change: what was read once stays read


@dataclass(frozen=True, slots=True)
class Opening:
    """known: the case has an order already. packs: in force on that day."""

    known: bool
    packs: list[Pack]
    situation: Situation


async def for_opening(tx: Tx, order: WorkOrder, at: datetime) -> Opening:
    """What is needed to open an order, or to reopen it."""
    asked = (situation.prefixes(order.site.region), at, tx.day_of(at), order.asked.account_no)
    [row] = await tx.read(_FOR_OPENING, order.case_id, *asked)
    used = await packs(tx, [(id, version) for id, version in row["packs"]])
    who = await situation.told(tx, row["situation"], at)
    return Opening(row["known"], in_force(used, tx.day_of(at)), who)


async def packs_in_force(tx: Tx, at: datetime) -> list[Pack]:
    """Of the packs in use, the versions valid on that day of the utility's own calendar."""
    rows = await tx.execute(sa.select(policies.c.id, policies.c.version).where(policies.c.in_use))
    used = await packs(tx, [(row.id, row.version) for row in rows])
    return in_force(used, tx.day_of(at))


async def packs(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Pack]:
    """These versions, read once in a process."""
    for id, version in keys:
        if (id, version) not in _read:
            query = sa.select(policies.c.data).where(
                policies.c.id == id, policies.c.version == version
            )
            _read[id, version] = read_pack((await tx.execute(query)).scalar_one())
    return [_read[key] for key in keys]


async def load_packs(tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]], chosen: str) -> None:
    """Store policy versions not yet stored; use those of `chosen` and its overlays.

    Raises BadPolicy when a stored version was edited: versions are immutable.
    """
    for data in files:
        pack = read_pack(data)
        row = {"id": pack.id, "version": pack.version, "data": dict(data), "loaded_at": stamp.at}
        row |= {"in_use": False, "promised": False}
        await tx.execute(insert(policies).values(row).on_conflict_do_nothing())
        stored = sa.select(policies.c.data).where(
            policies.c.id == pack.id, policies.c.version == pack.version
        )
        if read_pack((await tx.execute(stored)).scalar_one()) != pack:
            raise BadPolicy(f"{pack.id} {pack.version} was edited: give it a new version")
    packs = list(map(read_pack, files))
    if chosen not in {pack.id for pack in packs}:
        raise BadPolicy(f"there is no policy pack {chosen}")
    ours = {(p.id, p.version) for p in packs if p.id == chosen or p.overlay_of in (chosen, "any")}
    await tx.execute(policies.update().values(in_use=_KEY.in_(ours)))


async def promise_anew(tx: Tx, packs: Sequence[Pack]) -> bool:
    """Note that the promises of these versions are the published ones. False when they were."""
    promised = sa.select(policies.c.id, policies.c.version).where(policies.c.promised)
    before = {(row.id, row.version) for row in await tx.execute(promised.with_for_update())}
    now = {(pack.id, pack.version) for pack in packs}
    if now != before:
        await tx.execute(policies.update().values(promised=_KEY.in_(now)))
    return now != before
