"""Where workorders is put together."""

from pathlib import Path
from typing import Any

import yaml

from services.workorders import api, consumers, tables, timers
from services.workorders.domain.policy import BadPolicy
from services.workorders.seed import seed
from services.workorders.use_cases.calendars import use_packaged_calendars
from services.workorders.use_cases.policies import use_policies
from shared.calendar import BadCalendar
from shared.cli import command_line
from shared.db import Tx
from shared.service import Service
from shared.settings import Settings
from shared.stamp import Stamp

_PACKS = Path(__file__).parent / "policies"
_HOUSE = _PACKS / "house.yaml"
_CALENDARS = Path(__file__).parent / "calendars"


class WorkordersSettings(Settings):
    """policies: the folder of policy packs. policy: the pack in use, with its overlays.

    calendars: the folder of calendars that come with the program.
    """

    policies: Path = _PACKS
    policy: str = "sgcc-2022"
    calendars: Path = _CALENDARS


def service(settings: Settings) -> Service:
    assert isinstance(settings, WorkordersSettings)

    async def load(tx: Tx, stamp: Stamp) -> None:
        await use_packaged_calendars(tx, stamp, read_calendars(settings.calendars))
        await use_policies(tx, stamp, read_packs(settings.policies), settings.policy)

    return Service(
        name="workorders",
        port=8102,
        router=api.router,
        metadata=tables.metadata,
        heard=consumers.heard,
        timers=timers.timers,
        on_start=load,
    )


def read_packs(folder: Path = _PACKS) -> list[dict[str, Any]]:
    """Every pack in `folder`, and our house rules, as JSON can hold them.

    Raises BadPolicy with the file's name.
    """
    files = {file.name: file for file in (_HOUSE, *sorted(folder.glob("*.yaml")))}
    packs = []
    for file in files.values():
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise BadPolicy(f"{file.name} is not a policy pack")
        dates = {name: str(data[name]) for name in ("valid_from", "valid_to") if data.get(name)}
        packs.append(data | dates)
    return packs


def read_calendars(folder: Path = _CALENDARS) -> list[tuple[str, dict[str, Any]]]:
    """Every calendar in `folder`, by name. Raises BadCalendar with the file's name."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("name") != file.stem:
            raise BadCalendar(f"{file.name} is not a calendar of that name", at="name")
        found.append((file.stem, {key: data[key] for key in data if key != "name"}))
    return found


app = command_line(service, WorkordersSettings, seed)
