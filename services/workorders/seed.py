"""The demo teams and transformers."""

import csv
from pathlib import Path

from services.workorders.domain.device import read_devices
from services.workorders.store import devices, teams
from shared.db import Database
from shared.service import utc_now
from shared.stamp import Stamp

_DEMO = Path(__file__).parent / "demo"


async def seed(database: Database) -> int:
    """Add the demo teams and transformers that are not there yet. Returns how many were new."""
    with (_DEMO / "teams.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {"code": line["code"], "name": line["name"], "region": line["region"]}
            for line in csv.DictReader(file)
        ]
    network = read_devices((_DEMO / "devices.csv").read_text(encoding="utf-8"))
    stamp = Stamp(by="seed:workorders", at=utc_now())
    async with database.begin() as tx:
        return await teams.add_teams(tx, rows) + await devices.add(tx, stamp, network)
