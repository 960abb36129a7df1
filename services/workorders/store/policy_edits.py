"""Policy edits in and out of PostgreSQL, and the clocks that they are about."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.policy_edit import Base, Counts, EditId, PolicyEdit, What
from services.workorders.tables import policy_edits
from shared.db import Tx
from shared.errors import NotFound
from shared.http import region_scope
from shared.page import after

EDIT_BELL = "policy_edits"

_LIVE = """c.id > $4 AND c.stopped_at IS NULL AND c.policy = $1 AND c.policy_version <> $2
    ORDER BY c.id LIMIT $5"""
# From clock to clock in the order of their ids, the whole table once in an edit: the order is asked
# for in a value, for no other way to be taken.
_ANYWHERE = f"""
    SELECT c.id FROM clocks c WHERE ($3 = '' OR
      (SELECT starts_with(o.region, $3) FROM work_orders o WHERE o.id = c.order_id)) AND {_LIVE}
    """
# From order to order of a city or county; the operators are those of the index by region.
_THERE = f"""
    WITH theirs AS MATERIALIZED (
      SELECT id FROM work_orders WHERE region ~>=~ $3 AND region ~<~ ($3 || ':'))
    SELECT c.id FROM theirs JOIN clocks c ON c.order_id = theirs.id WHERE {_LIVE}
    """
_PROVINCE = 2  # digits of its code
_BEFORE_ALL = UUID(int=0)


class NoSuchEdit(NotFound):
    """There is no such policy edit, or you may not see it."""


async def live_clocks(
    tx: Tx, policy: str, version: str, region: str, cursor: UUID | None, limit: int
) -> list[UUID]:
    """Clocks that run by another version of the policy, after `cursor`, by id."""
    values = (policy, version, region, cursor or _BEFORE_ALL, limit)
    return [
        row.id for row in await tx.run(_THERE if len(region) > _PROVINCE else _ANYWHERE, *values)
    ]


async def add(tx: Tx, edit: PolicyEdit) -> None:
    await tx.execute(policy_edits.insert().values(_row(edit)))
    tx.ring(EDIT_BELL)


async def save(tx: Tx, edit: PolicyEdit) -> None:
    await tx.execute(policy_edits.update().where(policy_edits.c.id == edit.id).values(_row(edit)))


async def get(tx: Tx, id: EditId, region: str) -> PolicyEdit:
    """Raises NoSuchEdit."""
    where = (policy_edits.c.id == id, region_scope(policy_edits.c.region, region))
    row = (await tx.execute(sa.select(policy_edits).where(*where))).one_or_none()
    if row is None:
        raise NoSuchEdit(policy_edit_id=str(id))
    return _edit(row)


async def lock_oldest_running(tx: Tx) -> PolicyEdit | None:
    """None when nothing is left, or others see to it."""
    query = sa.select(policy_edits).where(policy_edits.c.state == "running")
    oldest = query.order_by(policy_edits.c.created_at).limit(1)
    row = (await tx.execute(oldest.with_for_update(skip_locked=True))).one_or_none()
    return _edit(row) if row is not None else None


async def is_running(tx: Tx, policy: str) -> bool:
    running = (policy_edits.c.policy == policy, policy_edits.c.state == "running")
    return (await tx.execute(sa.select(policy_edits.c.id).where(*running))).first() is not None


async def next_due(tx: Tx) -> datetime | None:
    """Since when something is to be done; None when nothing is."""
    query = sa.select(sa.func.min(policy_edits.c.created_at))
    running = query.where(policy_edits.c.state == "running")
    at: datetime | None = (await tx.execute(running)).scalar_one()
    return at


async def page(tx: Tx, region: str, *, cursor: str | None, limit: int) -> list[PolicyEdit]:
    """Newest first, of the caller's region."""
    table = policy_edits.c
    where = (region_scope(table.region, region), after(table.created_at, table.id, cursor))
    query = sa.select(policy_edits).where(*where)
    newest = query.order_by(table.created_at.desc(), table.id.desc()).limit(limit)
    return [_edit(row) for row in await tx.execute(newest)]


# Columns that hold a field of the edit as it is.
_PLAIN = (
    "id", "policy", "version", "base", "reason", "region", "by", "role", "created_at", "cursor",
    "finished_at",
)  # fmt: skip


def _row(edit: PolicyEdit) -> Mapping[str, Any]:
    plain = {name: getattr(edit, name) for name in _PLAIN}
    state = "done" if edit.finished_at is not None else "running"
    return plain | {"mode": edit.what, "state": state, "counts": asdict(edit.counts)}


def _edit(row: Any) -> PolicyEdit:
    plain = {name: getattr(row, name) for name in _PLAIN if name != "base"}
    return PolicyEdit(
        **plain, base=Base(row.base), what=What(row.mode), counts=Counts(**row.counts)
    )
