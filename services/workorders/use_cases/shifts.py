"""Shifts: planned one by one or from a file, cancelled before they begin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.workorders.domain import columns
from services.workorders.domain.policy import rules
from services.workorders.domain.roster import (
    BadShift,
    Member,
    MemberElsewhere,
    RosterRules,
    Shift,
    ShiftId,
    Team,
    meetings,
)
from services.workorders.domain.sheet import Line, read_sheet
from services.workorders.store import references, shifts, teams
from services.workorders.store.teams import UnknownTeam
from services.workorders.use_cases import routing
from shared.audit import record
from shared.db import Tx
from shared.errors import Refusal
from shared.ids import new_id
from shared.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Plan:
    """A shift as somebody wants it."""

    team: str
    starts_at: datetime
    ends_at: datetime
    lead: str
    members: tuple[str, ...]
    capacity: int | None = None


async def plan(tx: Tx, stamp: Stamp, wanted: Plan, region: str) -> Shift:
    """Raises UnknownTeam, BadShift, MemberElsewhere."""
    [shift] = planned = [_shift(stamp, wanted)]
    for _, _, refusal in await _faults(tx, stamp, planned, region):
        raise refusal
    await shifts.add(tx, planned)
    record(tx, stamp, "shift.planned", shift.id, team=shift.team)
    await _wake(tx, stamp, planned, region)
    return shift


async def import_shifts(tx: Tx, stamp: Stamp, raw: bytes, region: str) -> list[Shift]:
    """Raises BadSheet with the place of every mistake; then nothing of it is planned."""
    lines, faults = read_sheet(raw, columns.SHIFT)
    planned = [_shift(stamp, _plan(line)) for line in lines]
    for place, column, refusal in await _faults(tx, stamp, planned, region):
        faults.add(lines[place].number, column, refusal.detail or refusal.title)
    faults.check()
    await shifts.add(tx, planned)
    record(tx, stamp, "shifts.imported", "shifts", lines=len(planned))
    await _wake(tx, stamp, planned, region)
    return planned


async def cancel(tx: Tx, stamp: Stamp, id: ShiftId, region: str, expected: int | None) -> Shift:
    """It will not take place. Raises NoSuchShift, ShiftClosed, Begun, PreconditionFailed."""
    shift = (await shifts.lock(tx, id, region, expected)).cancel(stamp.by, stamp.at)
    await shifts.save(tx, shift)
    record(tx, stamp, "shift.cancelled", shift.id, team=shift.team)
    return shift


async def _faults(
    tx: Tx, stamp: Stamp, planned: Sequence[Shift], region: str
) -> list[tuple[int, str, Refusal]]:
    """What is wrong, by place in the list and column. Nobody else plans these people meanwhile."""
    packs = await references.packs_in_force(tx, stamp.at)
    of_mine = {team.code: team for team in await teams.all_teams(tx, region)}
    if not planned:
        return []
    everybody = sorted({person for shift in planned for person in shift.members})
    known = await teams.lock_members(tx, everybody)
    found = list(_each(planned, rules(packs, RosterRules), of_mine, known))
    begin = min(shift.starts_at for shift in planned)
    end = max(shift.ends_at for shift in planned)
    others = await shifts.with_any_of(tx, everybody, begin, end)
    for place, person, other in meetings(planned, others):
        when = f"from {other.starts_at.isoformat()} to {other.until.isoformat()}"
        refusal = MemberElsewhere(f"{person} is on a shift of {other.team} {when}", person=person)
        found.append((place, "members", refusal))
    return found


def _each(
    planned: Sequence[Shift],
    rules: RosterRules,
    of_mine: Mapping[str, Team],
    known: Mapping[str, Member],
) -> Iterator[tuple[int, str, Refusal]]:
    for place, shift in enumerate(planned):
        if shift.team not in of_mine:
            yield place, "team", UnknownTeam(f"there is no team {shift.team}, or not for you")
        try:
            shift.checked(rules.longest_shift)
        except BadShift as refusal:
            yield place, refusal.column, refusal
        for person in shift.members:
            member = known.get(person)
            if member is None or not member.active or member.team != shift.team:
                what = f"{person} is no active member of {shift.team}"
                yield place, "members", BadShift(what, column="members")


async def _wake(tx: Tx, stamp: Stamp, planned: Sequence[Shift], region: str) -> None:
    working = {shift.team for shift in planned}
    known = [team for team in await teams.all_teams(tx, region) if team.code in working]
    await routing.wake(tx, stamp, sorted({prefix for team in known for prefix in team.serves}))


def _plan(line: Line) -> Plan:
    return Plan(**line.values)


def _shift(stamp: Stamp, wanted: Plan) -> Shift:
    return Shift(
        ShiftId(new_id(stamp.at)),
        wanted.team,
        wanted.starts_at,
        wanted.ends_at,
        wanted.lead,
        wanted.members,
        wanted.capacity,
    )
