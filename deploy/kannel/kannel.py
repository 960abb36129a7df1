"""One Kannel on 127.0.0.1: bearerbox, smsbox and three phone networks, on ports of its own."""

import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import Self
from xml.etree import ElementTree

import httpx

from deploy.processes import Child, free_ports

TEMPLATE = Path(__file__).with_name("kannel.conf")
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
LINKS = ("smpp1", "http1", "fake1")
PORTS = ("admin", "boxes", "sendsms", "smpp", "reports", "carrier", "fake")
USERNAME, PASSWORD, ADMIN_PASSWORD = "notify", "secret", "loopback"
START_WITHIN, STOP_WITHIN, ANSWER_WITHIN, PAUSE = 30.0, 10.0, 5.0, 0.05


class KannelError(RuntimeError):
    """Kannel is not here, or does not do what it was told; the message says which."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the SMPP network took: one for each part."""

    to: str
    text: str


class _Timed(Child):
    """A program that ends by itself after a while, whatever becomes of whoever started it."""

    def __init__(self, name: str, command: Sequence[str], seconds: float, log: Path) -> None:
        watched = ["-k", "5", str(seconds), *command]
        super().__init__(name, watched, {}, log, program=_found("timeout"))

    def kill(self) -> None:
        """SIGKILL to the program and to what watches over it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


class Kannel:
    """`with Kannel(folder) as kannel:` starts all of it and waits until the links are up.

    Its files lie in `home`. What it started it stops, by process id, and nothing else; after
    `seconds` each part ends by itself.
    """

    def __init__(self, home: Path, ports: Sequence[int] = (), seconds: float = 3600) -> None:
        self._home, self._seconds = home.resolve(), seconds
        self._given = tuple(ports)
        self.ports: dict[str, int] = {}
        self._children: dict[str, _Timed] = {}

    @property
    def sms_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms"

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['admin']}"

    @property
    def pids(self) -> list[int]:
        """Of the parts that were started and not stopped."""
        return [child.pid for child in self._children.values()]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        boxes = _found("bearerbox"), _found("smsbox")
        _found(FAKESMSC)
        self.ports = dict(zip(PORTS, self._given or free_ports(len(PORTS)), strict=True))
        self.start_centre()
        self._run("carrier", *self._simulator("carrier", "carrier", "reports"))
        self._run("bearerbox", boxes[0], "-v", "1", str(self._configured()))
        self._until("bearerbox answers", lambda: bool(self._status()))
        self._run("smsbox", boxes[1], "-v", "1", str(self._configured()))
        fake = ("-H", "127.0.0.1", "-r", str(self.ports["fake"]), "-m", "0", "1 2 text x")
        self._run("fakesmsc", FAKESMSC, *fake)
        self._until("smsbox is known", lambda: self._status().find("boxes/box") is not None)
        self.wait_online(*LINKS)

    def _configured(self) -> Path:
        for folder in ("store", "dlr"):
            (self._home / folder).mkdir(parents=True, exist_ok=True)
        values = self.ports | {"home": self._home, "username": USERNAME, "password": PASSWORD}
        file = self._home / "kannel.conf"
        file.touch(mode=0o600)
        filled = Template(TEMPLATE.read_text())
        file.write_text(filled.substitute(values, admin_password=ADMIN_PASSWORD))
        return file

    def _simulator(self, module: str, *ports: str) -> tuple[str, ...]:
        numbers = (str(self.ports[port]) for port in ports)
        return (sys.executable, "-m", f"deploy.kannel.{module}", *numbers)

    def _run(self, name: str, *command: str) -> None:
        log = self._home / f"{name}.log"
        self._children[name] = _Timed(name, command, self._seconds, log)

    def start_centre(self) -> None:
        """The network behind `smpp1`; after `kill_centre` it comes back knowing nothing."""
        self._run("smsc", *self._simulator("smsc", "smpp"))

    def kill_centre(self) -> None:
        """SIGKILL to the network behind `smpp1`."""
        self._children.pop("smsc").kill()

    def taken(self) -> list[Taken]:
        """What the network behind `smpp1` took, oldest first."""
        lines = (self._home / "smsc.log").read_text().splitlines()
        said = [json.loads(line) for line in lines if line.startswith("{")]
        return [Taken(one["to"], one["text"]) for one in said if one["what"] == "taken"]

    def asked(self) -> list[str]:
        """The receiver of each sendsms that Kannel read, whatever it answered; oldest first."""
        log = (self._home / "smsbox-access.log").read_text(errors="replace")
        return re.findall(r"send-SMS request added .* target:(\d+) ", log)

    def stop_link(self, link: str) -> None:
        """As an operator does: from now on nothing goes that way."""
        self._tell("stop-smsc", link)

    def start_link(self, link: str) -> None:
        """The end of `stop_link`; returns when it is up."""
        self._tell("start-smsc", link)
        self.wait_online(link)

    def link(self, link: str) -> str:
        """How it is: online, connecting, re-connecting, dead."""
        for one in self._status().iter("smsc"):
            if one.findtext("id") == link:
                return one.findtext("status", "").split(" ")[0]
        raise KannelError(f"there is no link {link}")

    def wait_online(self, *links: str) -> None:
        for link in links:
            self._until(f"{link} is online", partial(self._is_online, link))

    def wait_offline(self, link: str) -> None:
        self._until(f"{link} is down", lambda: not self._is_online(link))

    def _is_online(self, link: str) -> bool:
        return self.link(link) == "online"

    def _tell(self, command: str, link: str) -> None:
        query = {"smsc": link, "password": ADMIN_PASSWORD}
        httpx.get(f"{self.admin_url}/{command}", params=query, timeout=ANSWER_WITHIN)

    def _status(self) -> ElementTree.Element:
        """Bearerbox's own account; empty while it does not answer."""
        query = {"password": ADMIN_PASSWORD}
        try:
            page = httpx.get(f"{self.admin_url}/status.xml", params=query, timeout=ANSWER_WITHIN)
            return ElementTree.fromstring(page.text)
        except (httpx.HTTPError, ElementTree.ParseError):
            return ElementTree.Element("nothing")

    def _until(self, what: str, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + START_WITHIN
        while time.monotonic() < end:
            if holds():
                return
            for child in self._children.values():
                if child.process.poll() is not None:
                    raise KannelError(f"{child.name} ended; see {self._home}/{child.name}.log")
            time.sleep(PAUSE)
        raise KannelError(f"not within {START_WITHIN:.0f} s: {what}; see the logs in {self._home}")

    def watch(self) -> None:
        """Returns when a part has ended."""
        while all(child.process.poll() is None for child in self._children.values()):
            time.sleep(0.5)

    def stop(self) -> None:
        """Who takes work first, then who carries it, then the networks."""
        for name in ("smsbox", "bearerbox", "fakesmsc", "carrier", "smsc"):
            if child := self._children.pop(name, None):
                child.terminate()
                child.wait(STOP_WITHIN)


def _found(program: str) -> str:
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
    found = shutil.which(program, path=path)
    if found is None:
        raise KannelError(
            f"{Path(program).name} is not here. Install Kannel: apt-get install kannel "
            "kannel-extras; then stop the service that the package starts: service kannel stop"
        )
    return found
