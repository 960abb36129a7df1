"""One Apache Kafka broker on 127.0.0.1: started, given topics, stopped, killed, started again."""

import asyncio
import base64
import os
import random
import re
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from string import Template

from deploy.kafka import topics
from deploy.kafka.java import (
    ApacheKafkaError,
    fetch_jars,
    java_command,
    pinned_version,
    run,
    tail,
)

PROPERTIES = Path(__file__).with_name("server.properties")
FORMAT_WITHIN = 60.0
START_WITHIN = 60.0
STOP_WITHIN = 15.0
KILL_WITHIN = 5.0
PS_WITHIN = 5.0
PAUSE = 0.02

# Below the range from which systems give ports to clients: one that knocks at a dead broker's port
# could be given that very port, connect to itself and keep the broker from coming back.
PORTS = range(19000, 29000)

# Quick to start, small, and dead rather than half alive.
JVM = (
    "-Xms256m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
)


class ApacheKafka:
    """A Kafka of one node: data under `home`, jars under `jars`, so that data can be thrown away.

    The port is the given one, or the one last used with this `home`, or a free one; it stays the
    same through `stop`, `kill` and `start`.
    """

    def __init__(
        self,
        home: Path,
        port: int | None = None,
        jars: Path | None = None,
        version: str | None = None,
    ) -> None:
        self.version = version or pinned_version()
        self._home = home.resolve()
        self._jars = (jars or home / "jars").resolve() / self.version
        self._data = self._home / "data"
        self._log = self._home / "broker.log"
        self._pid_file = self._home / "broker.pid"
        self._properties = self._home / "server.properties"
        self._port = port or self._last_port() or _free_port()
        self._java: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process, also one that an earlier run left behind; None if there is none."""
        if self._process is None:
            return self._left_behind()
        return self._process.pid if self._process.poll() is None else None

    async def fetch(self) -> None:
        """Makes sure of Java and brings the jars here, once for each version."""
        self._java = self._java or await asyncio.to_thread(java_command)
        await asyncio.to_thread(fetch_jars, self._jars, self.version)

    async def start(self) -> None:
        """Fetches, formats, starts, as far as is still to be done; returns when it answers."""
        await self.fetch()
        await self.stop()
        if not _is_free(self._port):
            raise ApacheKafkaError(f"Apache Kafka can't start: port {self._port} is taken.")
        self._configure()
        if not (self._data / "meta.properties").exists():
            await asyncio.to_thread(self._format)
        self._spawn()
        try:
            await self._until_it_answers()
        except BaseException:
            self.kill()
            raise

    async def create_topics(
        self,
        names: Iterable[str],
        partitions: int = 6,
        min_insync_replicas: int = 1,
        replication_factor: int = 1,
    ) -> None:
        """Makes the topics that aren't there yet; returns when they can be used."""
        await topics.create_topics(
            self.bootstrap, names, partitions, min_insync_replicas, replication_factor
        )

    async def stop(self) -> None:
        """Lets the broker finish in order; one that doesn't is killed."""
        if not await asyncio.to_thread(self._end, signal.SIGTERM, STOP_WITHIN):
            self.kill()

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody, but what was written stays."""
        if not self._end(signal.SIGKILL, KILL_WITHIN):
            raise ApacheKafkaError(f"Process {self.pid} outlived its SIGKILL.")

    def _end(self, by: signal.Signals, within: float) -> bool:
        if (pid := self.pid) is None:
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, by)
        for _ in range(round(within / PAUSE)):
            if self.pid is None:
                return True
            time.sleep(PAUSE)
        return False

    async def _until_it_answers(self) -> None:
        try:
            async with asyncio.timeout(START_WITHIN):
                while not await topics.answers(self.bootstrap):
                    if self.pid is None:
                        raise self._failed("ended instead of starting")
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            raise self._failed(f"did not answer within {START_WITHIN:.0f} s") from None

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties))
        run(FORMAT_WITHIN, *self._command(*tool))

    def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self._properties)),
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for its clients; it is stopped after them
            )
        self._pid_file.write_text(str(self._process.pid))

    def _command(self, *program: str) -> list[str]:
        return [self._java or "java", *JVM, "-cp", f"{self._jars}/*", *program]

    def _configure(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        filled = Template(PROPERTIES.read_text()).substitute(
            port=self._port, controller_port=_free_port(), data=self._data
        )
        self._properties.write_text(filled)

    def _last_port(self) -> int | None:
        if not self._properties.exists():
            return None
        found = re.search(r"^listeners=PLAINTEXT://[^:]+:(\d+)", self._properties.read_text(), re.M)
        return int(found[1]) if found else None

    def _left_behind(self) -> int | None:
        """The process in the pid file, if it still is a broker of this home and not a stranger."""
        if not self._pid_file.exists():
            return None
        pid = self._pid_file.read_text()
        try:
            command = run(PS_WITHIN, "ps", "-ww", "-o", "command=", "-p", pid)
        except (ApacheKafkaError, FileNotFoundError):  # no such process, or no `ps` to ask
            return None
        return int(pid) if command.rstrip().endswith(f"kafka.Kafka {self._properties}") else None

    def _failed(self, how: str) -> ApacheKafkaError:
        last_words = tail(self._log.read_text(errors="replace"))
        return ApacheKafkaError(f"Apache Kafka {how}. The end of {self._log}:\n{last_words}")


def _free_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
