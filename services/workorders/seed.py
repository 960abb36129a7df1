"""The demo teams."""

import csv
from pathlib import Path

from services.workorders.store import references
from shared.db import Database

_TEAMS = Path(__file__).parent / "demo" / "teams.csv"


async def seed(database: Database) -> int:
    """Add the demo teams that are not there yet. Returns how many rows were new."""
    with _TEAMS.open(encoding="utf-8", newline="") as file:
        rows = [
            {"code": line["code"], "name": line["name"], "region": line["region"]}
            for line in csv.DictReader(file)
        ]
    async with database.begin() as tx:
        return await references.add_teams(tx, rows)
