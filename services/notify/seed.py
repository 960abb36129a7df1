"""The demo supervisors on duty."""

import csv
from pathlib import Path

from services.notify import store
from services.notify.domain.addresses import Addresses
from services.notify.domain.people import DutyContact
from shared.db import Database

_CONTACTS = Path(__file__).parent / "demo" / "duty_contacts.csv"


async def seed(database: Database, addresses: Addresses) -> int:
    """Add the demo contacts of regions that have nobody yet. Returns how many rows were new."""
    with _CONTACTS.open(encoding="utf-8", newline="") as file:
        contacts = [
            DutyContact(line["region"], line["name"], addresses.mobile(line["phone"]))
            for line in csv.DictReader(file)
        ]
    async with database.begin() as tx:
        return await store.add_duty_contacts(tx, contacts)
