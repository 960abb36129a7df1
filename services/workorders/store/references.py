"""What orders refer to: teams with their load, and the policy versions in use."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.policy import BadPolicy, Pack, read_pack
from services.workorders.domain.routing import Team
from services.workorders.tables import policies, teams
from shared.db import Tx
from shared.stamp import Stamp

# Teams up the region tree with their open orders (counted to 200: beyond that, more is the same),
# the policy versions in use, and whether the case has an order already: one round trip.
_FOR_OPENING = """
SELECT EXISTS (SELECT 1 FROM work_orders WHERE case_id = $1) AS known,
  (SELECT coalesce(json_agg(json_build_array(id, version)), '[]') FROM policies WHERE in_use)
    AS packs,
  (SELECT coalesce(json_agg(json_build_array(t.code, t.name, t.region, (
     SELECT count(*) FROM (SELECT 1 FROM work_orders w WHERE w.team = t.code AND w.status IN
       ('pending_dispatch', 'dispatched', 'claimed', 'in_progress') LIMIT 200) AS counted))), '[]')
   FROM teams t WHERE starts_with($2, t.region)) AS teams
"""

_read: dict[tuple[str, str], Pack] = {}  # versions never change: what was read once stays read


async def for_opening(tx: Tx, case_id: UUID, region: str) -> tuple[bool, list[Pack], list[Team]]:
    """Whether the case has an order already, the policies in use, the teams that serve there."""
    [row] = await tx.read(_FOR_OPENING, case_id, region)
    packs = await _packs(tx, [(id, version) for id, version in row["packs"]])
    return row["known"], packs, [Team(*team) for team in row["teams"]]


async def packs_in_use(tx: Tx) -> list[Pack]:
    rows = await tx.execute(sa.select(policies.c.id, policies.c.version).where(policies.c.in_use))
    return await _packs(tx, [(row.id, row.version) for row in rows])


async def _packs(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Pack]:
    for id, version in keys:
        if (id, version) not in _read:
            query = sa.select(policies.c.data).where(
                policies.c.id == id, policies.c.version == version
            )
            _read[id, version] = read_pack((await tx.execute(query)).scalar_one())
    return [_read[key] for key in keys]


async def load_packs(tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]], chosen: str) -> bool:
    """Store policy versions not yet stored; use those of `chosen` and its overlays.

    Returns whether what is in use has changed. Raises BadPolicy when a stored version was edited:
    versions are immutable.
    """
    before = {(pack.id, pack.version) for pack in await packs_in_use(tx)}
    for data in files:
        pack = read_pack(data)
        row = {"id": pack.id, "version": pack.version, "data": dict(data), "loaded_at": stamp.at}
        await tx.execute(insert(policies).values(row | {"in_use": False}).on_conflict_do_nothing())
        stored = sa.select(policies.c.data).where(
            policies.c.id == pack.id, policies.c.version == pack.version
        )
        if read_pack((await tx.execute(stored)).scalar_one()) != pack:
            raise BadPolicy(f"{pack.id} {pack.version} was edited: give it a new version")
    ours = {(p.id, p.version) for p in map(read_pack, files) if chosen in (p.id, p.overlay_of)}
    if not ours:
        raise BadPolicy(f"there is no policy pack {chosen}")
    key = sa.tuple_(policies.c.id, policies.c.version)
    await tx.execute(policies.update().values(in_use=key.in_(ours)))
    return ours != before


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
