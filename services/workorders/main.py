"""Where workorders is put together."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, SecretStr, model_validator

from services.workorders import api, consumers, tables, timers
from services.workorders.domain.blind import BlindIndex
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

_ON_ONE_MACHINE = SecretStr("for one machine only: choose another")


class WorkordersSettings(Settings):
    """policies: the folder of policy packs. policy: the pack in use, with its overlays.

    index_key: of the index by which phone numbers are found; another finds no older order.
    calendars, rules: the folders of calendars and of routing rules that come with the program.
    """

    policies: Path = _PACKS
    policy: str = "sgcc-2022"
    calendars: Path = _CALENDARS
    rules: Path = _RULES
    index_key: Annotated[SecretStr, Field(min_length=32)] = _ON_ONE_MACHINE

    @model_validator(mode="after")
    def _secrets_are_secret(self) -> "WorkordersSettings":
        if self.production and self.index_key == _ON_ONE_MACHINE:
            raise ValueError("index_key: choose your own for production")
        return self


def service(settings: Settings) -> Service:
    assert isinstance(settings, WorkordersSettings)
    index = BlindIndex(settings.index_key.get_secret_value())

    async def load(tx: Tx, stamp: Stamp) -> None:
        await use_packaged_calendars(tx, stamp, read_calendars(settings.calendars))
        await use_packaged_rules(tx, stamp, read_rules(settings.rules))
        await use_policies(tx, stamp, read_packs(settings.policies), settings.policy)

    return Service(
        name="workorders",
        port=8102,
        router=api.router(index),
        metadata=tables.metadata,
        heard=consumers.heard(index),
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
