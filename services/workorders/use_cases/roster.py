"""Teams, members and representatives: entered one by one, or from a file as a whole."""

from dataclasses import dataclass, replace
from datetime import date

from services.workorders.domain import columns
from services.workorders.domain.roster import Member, Team
from services.workorders.domain.sheet import read_sheet
from services.workorders.store import teams
from services.workorders.use_cases import routing
from shared.audit import record
from shared.db import Tx
from shared.errors import Conflict, Forbidden
from shared.stamp import Stamp


class TeamExists(Conflict):
    """There is a team of that code already."""


class ForeignRegion(Forbidden):
    """A team's home and all that it serves must lie in your region."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines were new, and how many changed what was there."""

    new: int
    changed: int


async def found_team(tx: Tx, stamp: Stamp, team: Team, region: str) -> Team:
    """Raises TeamExists, ForeignRegion."""
    _check_region(team, region)
    if not await teams.add(tx, team):
        raise TeamExists(team=team.code)
    record(tx, stamp, "team.founded", team.code, region=team.region)
    await routing.wake(tx, stamp, team.serves)
    return team


async def change_team(tx: Tx, stamp: Stamp, team: Team, region: str, expected: int | None) -> Team:
    """Raises UnknownTeam, ForeignRegion, PreconditionFailed."""
    before = await teams.lock(tx, team.code, region, expected)
    _check_region(team, region)
    team = replace(team, version=before.version + 1)
    await teams.save(tx, [team])
    record(tx, stamp, "team.changed", team.code, region=team.region, version=team.version)
    await routing.wake(tx, stamp, team.serves)
    return team


async def import_teams(tx: Tx, stamp: Stamp, raw: bytes, region: str) -> Imported:
    """Raises BadSheet with the place of every mistake."""
    lines, faults = read_sheet(raw, columns.TEAM)
    read = [columns.team_of(line.values) for line in lines]
    known = await teams.lock_known(tx, sorted({team.code for team in read}))
    seen: set[str] = set()
    for line, team in zip(lines, read, strict=True):
        if team.code in seen:
            faults.add(line.number, "code", f"{team.code} stands on an earlier line")
        seen.add(team.code)
        before = known.get(team.code)
        if before is not None and not before.region.startswith(region):
            faults.add(line.number, "code", f"{team.code} is not of your region")
        if not team.region.startswith(region):
            faults.add(line.number, "region", "not in yours")
        elif not all(prefix.startswith(region) for prefix in team.serves):
            faults.add(line.number, "serves", "not all in your region")
    faults.check()
    changed = [
        replace(team, version=known[team.code].version + 1) if team.code in known else team
        for team in read
    ]
    await teams.save(tx, changed)
    record(tx, stamp, "teams.imported", "teams", lines=len(read))
    await routing.wake(tx, stamp, sorted({prefix for team in read for prefix in team.serves}))
    return Imported(len(read) - len(known), len(known))


async def enrol(tx: Tx, stamp: Stamp, member: Member, region: str, expected: int | None) -> Member:
    """A new member of a team, or one who changed. Raises UnknownTeam, PreconditionFailed."""
    team = await teams.get(tx, member.team, region)
    before = await teams.lock_member(tx, member.person, region, expected)
    if before is not None:
        member = replace(member, version=before.version + 1)
    await teams.save_members(tx, [member])
    record(tx, stamp, "member.enrolled", member.person, team=member.team)
    await routing.wake(tx, stamp, team.serves)
    return member


async def import_members(tx: Tx, stamp: Stamp, raw: bytes, region: str) -> Imported:
    """Raises BadSheet with the place of every mistake."""
    lines, faults = read_sheet(raw, columns.MEMBER)
    read = [columns.member_of(line.values) for line in lines]
    of_mine = {team.code: team for team in await teams.all_teams(tx, region)}
    known = await teams.lock_members(tx, sorted({member.person for member in read}))
    seen: set[str] = set()
    for line, member in zip(lines, read, strict=True):
        if member.person in seen:
            faults.add(line.number, "person", f"{member.person} stands on an earlier line")
        seen.add(member.person)
        if member.team not in of_mine:
            faults.add(line.number, "team", f"there is no team {member.team}, or not for you")
        before = known.get(member.person)
        if before is not None and before.team not in of_mine:
            faults.add(line.number, "person", f"{member.person} is not of your region")
    faults.check()
    changed = [
        replace(one, version=known[one.person].version + 1) if one.person in known else one
        for one in read
    ]
    await teams.save_members(tx, changed)
    record(tx, stamp, "members.imported", "members", lines=len(read))
    serves = {prefix for member in read for prefix in of_mine[member.team].serves}
    await routing.wake(tx, stamp, sorted(serves))
    return Imported(len(read) - len(known), len(known))


async def represent(
    tx: Tx, stamp: Stamp, account_no: str, person: str, until: date | None, region: str
) -> Member:
    """Who owns this customer's journey from now on. Raises UnknownMember."""
    member = await teams.get_member(tx, person, region)
    await teams.represent(tx, account_no, person, until)
    record(tx, stamp, "representative.named", person, until=until.isoformat() if until else None)
    return member


def _check_region(team: Team, region: str) -> None:
    if not all(prefix.startswith(region) for prefix in (team.region, *team.serves)):
        raise ForeignRegion(region=region)
