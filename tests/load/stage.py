"""What a benchmark runs on: an embedded PostgreSQL with fsync on, keys, and service processes."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded import EmbeddedBroker, EmbeddedPostgres
from deploy.processes import Child, free_ports
from shared import auth, migrate
from shared.settings import Settings


@dataclass
class Stage:
    home: Path
    postgres: EmbeddedPostgres
    broker: EmbeddedBroker
    children: list[Child] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings(postgres=self.postgres.url, jwks=self.home / "jwks.json")  # type: ignore[arg-type]

    def url(self, service: str) -> str:
        return self.settings.database_url(service)

    def migrate(self, *services: str) -> None:
        for service in services:
            migrate.upgrade(service, self.url(service))

    def token(self, role: str) -> str:
        return auth.mint(self.home / "private.pem", role=role, region="3205")

    def start(self, service: str, role: str, port: int, **env: str) -> Child:
        """One process of a service; waits until it is ready."""
        told = {
            "WATTLINE_POSTGRES": self.postgres.url,
            "WATTLINE_KAFKA": self.broker.bootstrap,
            "WATTLINE_JWKS": str(self.home / "jwks.json"),
            "WATTLINE_PORT": str(port),
            **env,
        }
        command = ["-m", f"services.{service}", role]
        child = Child(f"{service}-{role}", command, told, self.home / f"{service}-{role}.log")
        self.children.append(child)
        child.wait_ready(f"http://127.0.0.1:{port + (100 if role == 'worker' else 0)}/readyz")
        return child

    def stop_children(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(16)
        self.children.clear()


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage of its own; everything on it is stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="wattline-bench-") as folder:
        home = Path(folder)
        auth.new_keys(home / "private.pem", home / "jwks.json")
        set_up = Stage(home, EmbeddedPostgres(home / "postgres"), EmbeddedBroker())
        try:
            yield set_up
        finally:
            set_up.stop_children()
            set_up.broker.stop()
            set_up.postgres.stop()


def a_port() -> int:
    return free_ports(1)[0]


CORES = os.cpu_count() or 1
