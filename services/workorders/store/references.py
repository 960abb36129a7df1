"""What orders refer to: teams with their load, and the policy versions in use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.policy import BadPolicy, Pack, in_force, read_pack
from services.workorders.domain.routing import Team
from services.workorders.tables import policies, teams
from shared.db import Tx
from shared.stamp import Stamp

# Teams up the region tree with their open orders (counted to 25: beyond that, more is the same),
# the policy versions in use, and whether the case has an order already: one round trip.
_FOR_OPENING = """
SELECT EXISTS (SELECT 1 FROM work_orders WHERE case_id = $1) AS known,
  (SELECT coalesce(json_agg(json_build_array(id, version)), '[]') FROM policies WHERE in_use)
    AS packs,
  (SELECT coalesce(json_agg(json_build_array(t.code, t.name, t.region, (
     SELECT count(*) FROM (SELECT 1 FROM work_orders w WHERE w.team = t.code AND w.status IN
       ('pending_dispatch', 'dispatched', 'claimed', 'in_progress') LIMIT 25) AS counted))), '[]')
   FROM teams t WHERE starts_with($2, t.region)) AS teams
"""

_KEY = sa.tuple_(policies.c.id, policies.c.version)
_read: dict[tuple[str, str], Pack] = {}  # versions never change: what was read once stays read


async def for_opening(
    tx: Tx, case_id: UUID, region: str, at: datetime
) -> tuple[bool, list[Pack], list[Team]]:
    """Whether the case has an order already, the policies in force, the teams that serve there."""
    [row] = await tx.read(_FOR_OPENING, case_id, region)
    packs = await _packs(tx, [(id, version) for id, version in row["packs"]])
    return row["known"], in_force(packs, tx.day_of(at)), [Team(*team) for team in row["teams"]]


async def packs_in_force(tx: Tx, at: datetime) -> list[Pack]:
    """Of the packs in use, the versions valid on that day of the utility's own calendar."""
    rows = await tx.execute(sa.select(policies.c.id, policies.c.version).where(policies.c.in_use))
    packs = await _packs(tx, [(row.id, row.version) for row in rows])
    return in_force(packs, tx.day_of(at))


async def _packs(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Pack]:
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


async def add_teams(tx: Tx, rows: Sequence[Mapping[str, str]]) -> int:
    """Teams not yet known. Returns how many were new."""
    statement = insert(teams).values(list(rows)).on_conflict_do_nothing().returning(teams.c.code)
    return len((await tx.execute(statement)).all())


async def all_teams(tx: Tx, region: str) -> list[Team]:
    """Teams of the caller's region."""
    query = sa.select(teams).where(teams.c.region.startswith(region, autoescape=True))
    return [
        Team(row.code, row.name, row.region)
        for row in await tx.execute(query.order_by(teams.c.code))
    ]
