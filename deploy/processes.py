"""Child processes: started, waited for until ready, stopped by the pid that we were given."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import psutil


class NotReady(RuntimeError):
    """A process ended or did not answer in time; the message ends with the tail of its log."""


class Child:
    """One process of ours, in a session of its own so that Ctrl-C reaches only who started it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        program: str = sys.executable,
    ):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name, self._log = name, log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [program, *command],
                env=os.environ | dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def memory_mb(self) -> float:
        """Resident, in MB (10^6 bytes)."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    def wait_ready(self, url: str, seconds: float = 30) -> None:
        """Until `url` answers below 400. Raises NotReady."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise NotReady(f"{self.name} ended with {self.process.returncode}: {self._tail()}")
            try:
                if httpx.get(url, timeout=2).status_code < 400:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise NotReady(f"{self.name} was not ready within {seconds:.0f} s: {self._tail()}")

    def terminate(self) -> None:
        """SIGTERM; returns at once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Until it has ended; after `seconds`, SIGKILL."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, below the range that clients are given theirs from."""
    found: list[int] = []
    start = 20_000 + os.getpid() * 7 % 8_000
    for port in range(start, start + 4_000):
        if port_is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")
