"""The demo: teams, their people and shifts from now on, representatives, transformers."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.workorders.domain import columns
from services.workorders.domain.device import read_devices
from services.workorders.domain.roster import Shift, ShiftId
from services.workorders.domain.sheet import read_sheet
from services.workorders.store import devices, shifts, teams
from shared.db import Database, Tx
from shared.ids import new_id
from shared.service import utc_now
from shared.stamp import Stamp

_DEMO = Path(__file__).parent / "demo"
_DAYS, _LENGTH = 14, timedelta(hours=8)
_CREWS = {
    "GX-01": (("crew-1", "crew-2"), ("crew-3", "crew-4"), ("crew-5", "crew-6")),
    "GX-02": (("crew-7", "crew-8"), ("crew-9", "crew-10"), ("crew-11", "crew-12")),
}


async def seed(database: Database) -> int:
    """Add what is not there yet. Returns how many were new.

    The roster lasts two weeks; then these teams, standing ones, work on without shifts.
    """
    network = read_devices((_DEMO / "devices.csv").read_text(encoding="utf-8"))
    stamp = Stamp(by="seed:workorders", at=utc_now())
    async with database.begin() as tx:
        new = await _people(tx) + await _roster(tx, stamp.at)
        return new + await devices.add(tx, stamp, network)


async def _people(tx: Tx) -> int:
    lines, faults = read_sheet((_DEMO / "teams.csv").read_bytes(), columns.TEAM)
    faults.check()
    new = 0
    for line in lines:
        new += await teams.add(tx, columns.team_of(line.values))
    lines, faults = read_sheet((_DEMO / "members.csv").read_bytes(), columns.MEMBER)
    faults.check()
    members = [columns.member_of(line.values) for line in lines]
    known = await teams.lock_members(tx, [member.person for member in members])
    unknown = [member for member in members if member.person not in known]
    if unknown:
        await teams.save_members(tx, unknown)
        with (_DEMO / "representatives.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                await teams.represent(tx, row["account_no"], row["person"], None)
    return new + len(unknown)


async def _roster(tx: Tx, at: datetime) -> int:
    """Three crews in turn, around the clock, for teams without shifts ahead."""
    begin = at.replace(hour=at.hour // 8 * 8, minute=0, second=0, microsecond=0)
    end = begin + timedelta(days=_DAYS)
    ahead = {shift.team for shift in await shifts.between(tx, begin, end)}
    planned = [
        _shift(at, team, crews[turn % 3], begin + turn * _LENGTH)
        for team, crews in _CREWS.items()
        if team not in ahead
        for turn in range(3 * _DAYS)
    ]
    if planned:
        await shifts.add(tx, planned)
    return len(planned)


def _shift(at: datetime, team: str, crew: tuple[str, ...], starts_at: datetime) -> Shift:
    id: UUID = new_id(at)
    return Shift(ShiftId(id), team, starts_at, starts_at + _LENGTH, crew[0], crew)
