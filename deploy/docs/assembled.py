"""The services as they are put together, without a database, a broker or an environment."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from fastapi import FastAPI

from shared.auth import Keyring
from shared.contracts.envelope import Event
from shared.db import Database
from shared.service import Service, build_app
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Assembled:
    """One service: its parts, its HTTP door and what it says."""

    service: Service
    app: FastAPI
    spoken: tuple[type[Event], ...]

    @property
    def name(self) -> str:
        return self.service.name


def names() -> list[str]:
    """Every service that can be put together."""
    return sorted(file.parent.name for file in ROOT.glob("services/*/main.py"))


def make(name: str, **settings: Any) -> Service:
    """The parts of one service; what `settings` does not say is the default, whatever the
    environment says.
    """
    main = importlib.import_module(f"services.{name}.main")
    made: Service = main.service(_settings_of(main).model_construct(**settings))
    return made


def assembled() -> list[Assembled]:
    """All services, in the order of their ports."""
    found = []
    for name in names():
        service = make(name)
        app = build_app(service, cast(Database, None), cast(Keyring, None))
        contract = importlib.import_module(f"shared.contracts.{name}")
        found.append(Assembled(service, app, contract.SPOKEN))
    return sorted(found, key=lambda one: one.service.port)


def _settings_of(main: ModuleType) -> type[Settings]:
    """The settings that a main.py declares for itself, else the common ones."""
    own = [
        value
        for value in vars(main).values()
        if isinstance(value, type) and issubclass(value, Settings) and value is not Settings
    ]
    return own[0] if own else Settings
