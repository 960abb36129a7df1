"""Everything of Wattline on this machine: database, broker, gateway and the four services."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.embedded import EmbeddedBroker, EmbeddedPostgres
from deploy.kafka.apache import ApacheKafka
from deploy.processes import Child, port_is_free
from shared import auth, migrate
from shared.settings import Settings

SERVICES = ("intake", "workorders", "notify", "billing")
PORTS = {
    "intake": 8101, "workorders": 8102, "notify": 8103, "billing": 8104,
    "gateway": 13013, "smtp": 2525,
}  # fmt: skip


class CannotStart(RuntimeError):
    """Something that is needed is missing or taken; the message says what."""


@dataclass(kw_only=True)
class Suite:
    """A running Wattline. Its data lies in `home`; what it starts it stops, and nothing else.

    kafka: "embedded", "apache", or the bootstrap servers of your own.
    postgres: your own server's URL; None starts the embedded one.
    env: more settings for a service, by its name.
    """

    home: Path
    kafka: str = "embedded"
    postgres: str | None = None
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _: None
    gateway_options: tuple[str, ...] = ()
    jars: Path | None = None
    children: dict[str, Child] = field(default_factory=dict)
    apache: ApacheKafka | None = None
    _postgres: EmbeddedPostgres | None = None
    _broker: EmbeddedBroker | None = None
    _bootstrap: str = ""

    @property
    def urls(self) -> dict[str, str]:
        return {name: f"http://127.0.0.1:{self.ports[name]}" for name in (*SERVICES, "gateway")}

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def postgres_pid(self) -> int:
        """Of the embedded postmaster."""
        assert self._postgres is not None
        return self._postgres.pid

    @property
    def parts_env(self) -> dict[str, str]:
        """Where the common parts are, as any process of a service is told."""
        return {
            "WATTLINE_POSTGRES": self.settings.postgres.get_secret_value(),
            "WATTLINE_KAFKA": self._bootstrap,
            "WATTLINE_JWKS": str(self.keys / "jwks.json"),
        }

    def start(self) -> None:
        """Everything up and ready; or nothing left running and CannotStart or NotReady raised."""
        taken = [str(port) for port in self.ports.values() if not port_is_free(port)]
        if taken:
            raise CannotStart(f"port {', '.join(taken)} is taken: is Wattline running already?")
        try:
            self._start_parts()
        except BaseException:
            self.stop()
            raise

    def _start_parts(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.keys / "jwks.json").exists():
            auth.new_keys(self.keys / "private.pem", self.keys / "jwks.json")
        self.say("PostgreSQL")
        if self.postgres is None:
            self._postgres = EmbeddedPostgres(self.home / "postgres")
        self.say("Kafka")
        self._start_broker()
        self.say("schema and demo data")
        for service in SERVICES:
            migrate.upgrade(service, self.settings.database_url(service))
        self._run_all("seed", ("workorders", "notify", "billing"))
        self._repeat_for_new_broker()
        (self.home / "parts.json").write_text(json.dumps(self.parts_env))
        self.say("gateway and services")
        self.start_gateway()
        for service in SERVICES:
            self.start_service(service)
        for service in SERVICES:
            self.children[service].wait_ready(f"{self.urls[service]}/readyz")
        self.say("what the services tell each other first")
        self.wait_quiet()

    def wait_quiet(self, seconds: float = 30) -> None:
        """Until no event waits to be sent and none to be applied. Raises CannotStart."""
        hearing = [service for service in SERVICES if service != "billing"]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sent = all(self.metric(s, "wattline_outbox_unsent") == 0 for s in SERVICES)
            time.sleep(0.3)  # on its way
            if sent and all(self.metric(s, "wattline_consumer_caught_up") == 1 for s in hearing):
                return
        raise CannotStart(f"events are still on their way after {seconds:.0f} s")

    def metric(self, service: str, name: str) -> float:
        """The sum of a metric's series, as the service shows it now."""
        page = httpx.get(f"{self.urls[service]}/metrics", timeout=5).text
        lines = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE)
        return sum(map(float, lines))

    @property
    def settings(self) -> Settings:
        url = self.postgres or (self._postgres and self._postgres.url) or ""
        return Settings(postgres=url, jwks=self.keys / "jwks.json")

    @property
    def bootstrap(self) -> str:
        return self._bootstrap

    def _start_broker(self) -> None:
        if self.kafka == "embedded":
            self._broker = EmbeddedBroker()
            self._bootstrap = self._broker.bootstrap
        elif self.kafka == "apache":
            self.apache = ApacheKafka(self.home / "kafka", jars=self.jars)
            asyncio.run(self._start_apache(self.apache))
            self._bootstrap = self.apache.bootstrap
        else:
            self._bootstrap = self.kafka

    async def _start_apache(self, broker: ApacheKafka) -> None:
        await broker.fetch()
        await broker.start()
        await broker.create_topics(SERVICES)

    def _repeat_for_new_broker(self) -> None:
        """The embedded broker forgets when it ends: what the last one was given leaves again."""
        memory = self.home / "embedded-broker.json"
        if self.kafka != "embedded":
            return
        if memory.exists():
            seconds = time.time() - json.loads(memory.read_text())["started_at"]
            self._run_all("resend", SERVICES, "--seconds", str(seconds))
        memory.write_text(json.dumps({"started_at": time.time()}))

    def _run_all(self, command: str, services: tuple[str, ...], *options: str) -> None:
        """One command of several services, side by side."""
        running = [
            self._child(f"{service}-{command}", ["-m", f"services.{service}", command, *options])
            for service in services
        ]
        for child in running:
            child.wait(60)
            if child.process.returncode != 0:
                raise CannotStart(f"{child.name} failed: see {self.home / 'logs'}")

    def start_gateway(self) -> None:
        """The phone network and the mail world."""
        command = [
            *("-m", "deploy.gateway", "--http-port", str(self.ports["gateway"])),
            *("--smtp-port", str(self.ports["smtp"]), "--ledger", str(self.home / "sent.jsonl")),
            *self.gateway_options,
        ]
        self.children["gateway"] = self._child("gateway", command)
        self.children["gateway"].wait_ready(f"{self.urls['gateway']}/counts")

    def start_service(self, service: str, command: Sequence[str] = ()) -> None:
        """Start (or start again) one service; does not wait until it is ready.

        command: what Python runs, if not the service with all its doors.
        """
        command = command or ("-m", f"services.{service}", "all")
        self.children[service] = self._child(service, command)

    def start_worker(self, service: str, name: str) -> Child:
        """A second worker of a service beside the first; whoever asks for it stops it."""
        command = ("-m", f"services.{service}", "worker")
        return self._child(f"{service}-{name}", command, {"WATTLINE_WORKER_NAME": name})

    def _child(
        self, name: str, command: Sequence[str], own: Mapping[str, str] | None = None
    ) -> Child:
        service = name.split("-")[0]
        env = self.parts_env | {
            "WATTLINE_PORT": str(self.ports.get(service, 0)),
            "WATTLINE_WORKER_NAME": "local",
            "WATTLINE_SMS_URL": f"{self.urls['gateway']}/cgi-bin/sendsms",
            "WATTLINE_CALLBACK_URL": self.urls["notify"],
        }
        log = self.home / "logs" / f"{name}.log"
        return Child(name, command, env | dict(self.env.get(service, {})) | dict(own or {}), log)

    def stop(self) -> None:
        """In order: who takes work, then the gateway, the broker, the database."""
        for service in SERVICES:
            if service in self.children:
                self.children[service].terminate()
        for service in SERVICES:
            if service in self.children:
                self.children.pop(service).wait(16)
        if gateway := self.children.pop("gateway", None):
            gateway.terminate()
            gateway.wait(5)
        if self._broker is not None:
            self._broker.stop()
        if self.apache is not None:
            asyncio.run(self.apache.stop())
        if self._postgres is not None:
            self._postgres.stop()
        self._broker = self.apache = self._postgres = None
