"""Routing rules in PostgreSQL: immutable versions, compiled once in a process."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.rules import Rules, read_rules
from services.workorders.store.conditions import Conditions, check
from services.workorders.tables import routing_rules
from shared.db import Tx
from shared.errors import NotFound
from shared.ids import new_id
from shared.stamp import Stamp

_ONE_WRITER = sa.text("SELECT pg_advisory_xact_lock(1464812617)")


class NoSuchRules(NotFound):
    """There is no such version of the routing rules."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A version of the rules with its conditions, ready to be asked."""

    rules: Rules
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Saved:
    """A version as it is listed. until: the first day on which it is no longer in force."""

    version: str
    valid_from: date
    until: date | None
    saved_at: Any
    saved_by: str
    data: Mapping[str, Any]


def ruling_of(data: Mapping[str, Any]) -> Ruling:
    """Raises BadRules with the place of the first mistake."""
    rules = read_rules(data, _checked)
    return Ruling(rules, Conditions(text for _, text, _ in rules.conditions()))


async def of_id(tx: Tx, id: UUID) -> Ruling:
    """Known in this process after the first time."""
    known: dict[UUID, Ruling] = tx.memory.setdefault("routing rules", {})
    if id not in known:
        query = sa.select(routing_rules.c.data).where(routing_rules.c.id == id)
        known[id] = ruling_of((await tx.execute(query)).scalar_one())
    return known[id]


async def in_force(tx: Tx, on: date) -> Ruling | None:
    query = sa.select(routing_rules.c.id).where(
        routing_rules.c.valid_from <= on,
        sa.or_(routing_rules.c.valid_to.is_(None), routing_rules.c.valid_to > on),
    )
    newest = query.order_by(routing_rules.c.valid_from.desc()).limit(1)
    id = (await tx.execute(newest)).scalar_one_or_none()
    return await of_id(tx, id) if id else None


async def lock_all(tx: Tx) -> list[Rules]:
    """Every version, while nobody else saves one."""
    await tx.execute(_ONE_WRITER)
    rows = await tx.execute(sa.select(routing_rules.c.data))
    return [read_rules(row.data, _unchecked) for row in rows]


async def add(tx: Tx, stamp: Stamp, rules: Rules, data: Mapping[str, Any]) -> None:
    row = {
        "id": new_id(stamp.at),
        "version": rules.version,
        "valid_from": rules.valid_from,
        "valid_to": rules.valid_to,
        "data": dict(data),
        "teams": sorted(rules.named_teams()),
        "saved_at": stamp.at,
        "saved_by": stamp.by,
    }
    await tx.execute(insert(routing_rules).values(row))


async def all_versions(tx: Tx) -> list[Saved]:
    """The newest first."""
    query = sa.select(routing_rules).order_by(routing_rules.c.valid_from.desc())
    found: list[Saved] = []
    for row in await tx.execute(query):
        until = row.valid_to or (found[-1].valid_from if found else None)
        saved = (row.version, row.valid_from, until, row.saved_at, row.saved_by, row.data)
        found.append(Saved(*saved))
    return found


async def get(tx: Tx, version: str) -> Saved:
    """Raises NoSuchRules."""
    for saved in await all_versions(tx):
        if saved.version == version:
            return saved
    raise NoSuchRules(version=version)


def _checked(text: str, of_a_step: bool) -> None:
    check(text, of_a_step=of_a_step)


def _unchecked(text: str, of_a_step: bool) -> None:
    """What is stored was checked when it was saved."""
