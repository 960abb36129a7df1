"""Where workorders is put together."""

from pathlib import Path
from typing import Any

import yaml

from services.workorders import api, consumers, tables, timers
from services.workorders.domain.rules import BadRules
from services.workorders.policies import read_packs
from services.workorders.seed import seed
from services.workorders.use_cases.calendars import use_packaged_calendars
from services.workorders.use_cases.policies import use_policies
from services.workorders.use_cases.rules import use_packaged_rules
from shared.calendar import BadCalendar
from shared.cli import command_line
from shared.db import Tx
from shared.service import Service
from shared.settings import Settings
from shared.stamp import Stamp

_PACKS = Path(__file__).parent / "policies"
_CALENDARS = Path(__file__).parent / "calendars"
_RULES = Path(__file__).parent / "rules"


class WorkordersSettings(Settings):
    """policies: the folder of policy packs. policy: the pack in use, with its overlays.

    calendars, rules: the folders of calendars and of routing rules that come with the program.
    """

    policies: Path = _PACKS
    policy: str = "sgcc-2022"
    calendars: Path = _CALENDARS
    rules: Path = _RULES


def service(settings: Settings) -> Service:
    assert isinstance(settings, WorkordersSettings)

    async def load(tx: Tx, stamp: Stamp) -> None:
        await use_packaged_calendars(tx, stamp, read_calendars(settings.calendars))
        await use_packaged_rules(tx, stamp, read_rules(settings.rules))
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


def read_calendars(folder: Path = _CALENDARS) -> list[tuple[str, dict[str, Any]]]:
    """Every calendar in `folder`, by name. Raises BadCalendar with the file's name."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("name") != file.stem:
            raise BadCalendar(f"{file.name} is not a calendar of that name", at="name")
        found.append((file.stem, {key: data[key] for key in data if key != "name"}))
    return found


def read_rules(folder: Path = _RULES) -> list[dict[str, Any]]:
    """Every version of the routing rules in `folder`. Raises BadRules with the file's name."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("version") != file.stem:
            raise BadRules(f"{file.name} does not hold the version of that name")
        found.append(_with_dates_as_text(data))
    return found


def _with_dates_as_text(data: dict[str, Any]) -> dict[str, Any]:
    dates = {name: str(data[name]) for name in ("valid_from", "valid_to") if data.get(name)}
    return data | dates


app = command_line(service, WorkordersSettings, seed)
