"""Teams and the people in them, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.roster import Member, Team, level_of
from services.workorders.tables import members, representatives, teams
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope


class UnknownTeam(NotFound):
    """There is no such team, or you may not see it."""


class UnknownMember(NotFound):
    """There is no such member of a team, or you may not see it."""


async def add_teams(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> int:
    """Teams not yet known, at least code, name and region of each. Returns how many were new."""
    values = [{"serves": [row["region"]], "level": level_of(row["region"]), **row} for row in rows]
    statement = insert(teams).values(values).on_conflict_do_nothing().returning(teams.c.code)
    return len((await tx.execute(statement)).all())


async def all_teams(tx: Tx, region: str) -> list[Team]:
    """Teams of the caller's region."""
    query = sa.select(teams).where(region_scope(teams.c.region, region))
    return [_team(row) for row in await tx.execute(query.order_by(teams.c.code))]


async def get(tx: Tx, code: str, region: str) -> Team:
    """Raises UnknownTeam."""
    return await _one(tx, code, region, sa.select(teams))


async def lock(tx: Tx, code: str, region: str, expected: int | None) -> Team:
    """`get`, for update. Raises PreconditionFailed when the caller acts upon another version."""
    team = await _one(tx, code, region, sa.select(teams).with_for_update())
    check_expected(expected, team.version)
    return team


async def lock_known(tx: Tx, codes: Sequence[str]) -> dict[str, Team]:
    """Those of these that there are, by code, for update."""
    query = sa.select(teams).where(teams.c.code.in_(codes)).order_by(teams.c.code)
    found = await tx.execute(query.with_for_update())
    return {row.code: _team(row) for row in found}


async def save(tx: Tx, changed: Sequence[Team]) -> None:
    """New, or written over."""
    await _upsert(tx, teams, "code", [_row(team) for team in changed])


async def add(tx: Tx, team: Team) -> bool:
    """False when there is a team of that code."""
    statement = insert(teams).values(_row(team)).on_conflict_do_nothing()
    return (await tx.execute(statement)).rowcount == 1


async def members_of(tx: Tx, region: str, team: str | None) -> list[Member]:
    """Of the caller's region."""
    query = sa.select(members).join(teams).where(region_scope(teams.c.region, region))
    if team is not None:
        query = query.where(members.c.team == team)
    return [_member(row) for row in await tx.execute(query.order_by(members.c.person))]


async def get_member(tx: Tx, person: str, region: str) -> Member:
    """Raises UnknownMember."""
    query = (
        sa.select(members)
        .join(teams)
        .where(members.c.person == person, region_scope(teams.c.region, region))
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise UnknownMember(person=person)
    return _member(row)


async def lock_member(tx: Tx, person: str, region: str, expected: int | None) -> Member | None:
    """For update; None when nobody is known by that subject.

    Raises UnknownMember for one of another region, PreconditionFailed.
    """
    before = (await lock_members(tx, [person])).get(person)
    if before is None:
        return None
    await get_member(tx, person, region)
    check_expected(expected, before.version)
    return before


async def lock_members(tx: Tx, persons: Sequence[str]) -> dict[str, Member]:
    """Those of these that there are, by subject, for update: nobody else plans them meanwhile."""
    query = sa.select(members).where(members.c.person.in_(persons)).order_by(members.c.person)
    return {row.person: _member(row) for row in await tx.execute(query.with_for_update())}


async def save_members(tx: Tx, changed: Sequence[Member]) -> None:
    """New, or written over."""
    await _upsert(tx, members, "person", [_member_row(member) for member in changed])


async def represent(tx: Tx, account_no: str, person: str, until: date | None) -> None:
    """The account's representative, from now on."""
    row = {"account_no": account_no, "person": person, "until": until}
    await _upsert(tx, representatives, "account_no", [row])


async def represented_by(tx: Tx, person: str, region: str) -> list[tuple[str, date | None]]:
    """Their account numbers, with the last day; none for somebody of another region."""
    of_mine = sa.select(members.c.person).join(teams).where(region_scope(teams.c.region, region))
    query = sa.select(representatives).where(
        representatives.c.person == person, representatives.c.person.in_(of_mine)
    )
    rows = await tx.execute(query.order_by(representatives.c.account_no))
    return [(row.account_no, row.until) for row in rows]


async def representatives_of(tx: Tx, accounts: Sequence[str]) -> dict[str, str]:
    """By account number."""
    query = sa.select(representatives).where(representatives.c.account_no.in_(accounts))
    return {row.account_no: row.person for row in await tx.execute(query)}


async def _upsert(tx: Tx, table: sa.Table, key: str, rows: list[dict[str, Any]]) -> None:
    added = insert(table)
    changed = {name: added.excluded[name] for name in rows[0]}
    await tx.execute(added.on_conflict_do_update(index_elements=[key], set_=changed), rows)


async def _one(tx: Tx, code: str, region: str, query: sa.Select[Any]) -> Team:
    mine = query.where(teams.c.code == code, region_scope(teams.c.region, region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise UnknownTeam(team=code)
    return _team(row)


def _row(team: Team) -> dict[str, Any]:
    lists = {"serves": list(team.serves), "areas": list(team.areas)}
    return asdict(team) | lists | {"skills": _as_text(team.skills)}


def _team(row: Any) -> Team:
    plain = {name: getattr(row, name) for name in Team.__dataclass_fields__}
    lists = {"serves": tuple(row.serves), "areas": tuple(row.areas)}
    return Team(**plain | lists | {"skills": _as_dates(row.skills)})


def _member_row(member: Member) -> dict[str, Any]:
    lists = {"languages": list(member.languages), "skills": _as_text(member.skills)}
    return asdict(member) | lists


def _member(row: Any) -> Member:
    plain = {name: getattr(row, name) for name in Member.__dataclass_fields__}
    lists = {"languages": tuple(row.languages), "skills": _as_dates(row.skills)}
    return Member(**plain | lists)


def _as_text(skills: Mapping[str, date | None]) -> dict[str, str | None]:
    return {skill: until.isoformat() if until else None for skill, until in skills.items()}


def _as_dates(skills: Mapping[str, str | None]) -> dict[str, date | None]:
    return {skill: date.fromisoformat(text) if text else None for skill, text in skills.items()}
