"""Policy versions in PostgreSQL: stored once, never changed, in use by the pack that was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.pack_file import read_pack
from services.workorders.domain.policy import Pack
from services.workorders.tables import calendars, policies
from shared.db import Tx
from shared.errors import NotFound
from shared.stamp import Stamp

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('policies', 0))")
_KEY = sa.tuple_(policies.c.id, policies.c.version)


class NoSuchPolicy(NotFound):
    """There is no such policy, or not that version of it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A version with when it came, and whether it is one of those that orders run by."""

    pack: Pack
    loaded_at: datetime
    in_use: bool


async def lock(tx: Tx) -> None:
    """Nobody else may store or choose versions until we are done."""
    await tx.execute(_LOCK)


async def add(tx: Tx, stamp: Stamp, pack: Pack, data: Mapping[str, Any], *, in_use: bool) -> Stored:
    """The version as it is stored: this one, or the one that was there before."""
    row = {"id": pack.id, "version": pack.version, "data": dict(data), "loaded_at": stamp.at}
    row |= {"in_use": in_use, "promised": False}
    await tx.execute(insert(policies).values(row).on_conflict_do_nothing())
    return await get(tx, pack.id, pack.version)


async def get(tx: Tx, id: str, version: str) -> Stored:
    """Raises NoSuchPolicy."""
    found = await _stored(tx, sa.and_(policies.c.id == id, policies.c.version == version))
    if not found:
        raise NoSuchPolicy(policy=id, policy_version=version)
    return found[0]


async def in_use(tx: Tx) -> list[Pack]:
    """Every version of the pack in use and of its overlays, also those of other days."""
    return [one.pack for one in await _stored(tx, policies.c.in_use)]


async def with_id(tx: Tx, id: str) -> list[Pack]:
    """Every version of one pack."""
    return [one.pack for one in await _stored(tx, policies.c.id == id)]


async def use(tx: Tx, chosen: str) -> None:
    """Of the pack `chosen` and its overlays all versions; the day decides which is in force."""
    every = [one.pack for one in await _stored(tx, sa.true())]
    ours = [(pack.id, pack.version) for pack in every if pack.belongs_to(chosen)]
    await tx.execute(policies.update().values(in_use=_KEY.in_(ours)))


async def promise_anew(tx: Tx, packs: Sequence[Pack]) -> bool:
    """Note that the promises of these versions are the published ones. False when they were."""
    promised = sa.select(policies.c.id, policies.c.version).where(policies.c.promised)
    before = {(row.id, row.version) for row in await tx.execute(promised.with_for_update())}
    now = {(pack.id, pack.version) for pack in packs}
    if now != before:
        await tx.execute(policies.update().values(promised=_KEY.in_(now)))
    return now != before


async def page(tx: Tx, after: str, limit: int) -> list[list[Stored]]:
    """All versions of each of the packs whose ids come after `after`, oldest first."""
    ids = sa.select(policies.c.id).distinct().where(policies.c.id > after)
    found: dict[str, list[Stored]] = {}
    for one in await _stored(tx, policies.c.id.in_(ids.order_by(policies.c.id).limit(limit))):
        found.setdefault(one.pack.id, []).append(one)
    return [
        sorted(found[id], key=lambda one: (one.pack.valid_from, one.pack.version))
        for id in sorted(found)
    ]


async def known_calendars(tx: Tx) -> set[str]:
    rows = await tx.execute(sa.select(calendars.c.name).distinct())
    return {row.name for row in rows}


async def _stored(tx: Tx, which: sa.ColumnElement[bool]) -> list[Stored]:
    rows = await tx.execute(sa.select(policies).where(which))
    return [Stored(read_pack(row.data), row.loaded_at, row.in_use) for row in rows]
