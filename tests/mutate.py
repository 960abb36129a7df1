"""Break the mechanism, one way at a time: every mutation must be noticed by an assertion.

`python -m tests.mutate [name ...]`; ends with 1 when one survives.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from deploy.embedded import EmbeddedPostgres
from tests.mutations import BY_NAME, MUTATIONS

_AT_ONCE = 2


@dataclass(frozen=True)
class Verdict:
    """How a mutation ended: caught by a test, survived, or in a way that proves nothing."""

    name: str
    seconds: float
    caught_by: str = ""
    trouble: str = ""


class Lanes:
    """So many servers, each for one mutation at a time: their databases are migrated only once."""

    def __init__(self, folder: Path) -> None:
        self._servers = [EmbeddedPostgres(folder / f"lane-{n}") for n in range(_AT_ONCE)]
        self._free: Queue[str] = Queue()
        for server in self._servers:
            self._free.put(server.url)

    @contextmanager
    def one(self) -> Iterator[str]:
        url = self._free.get()
        try:
            yield url
        finally:
            self._free.put(url)

    def close(self) -> None:
        for server in self._servers:
            server.stop()


def attempt(name: str, postgres: str) -> Verdict:
    """Run the tests of one mutation until the first fails."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-p", "tests.mutations", "-x", "-q"]
        command += ["-p", "no:schemathesis", "--assert=plain"]  # they cost more than the tests
        command += [f"--junitxml={report}", f"--basetemp={folder}/tmp", MUTATIONS[BY_NAME[name]]]
        env = os.environ | {"WATTLINE_MUTATION": name, "WATTLINE_TEST_POSTGRES": postgres}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        if done.returncode == 0:
            return Verdict(name, seconds, trouble="survived")
        if not report.exists():
            return Verdict(name, seconds, trouble=(done.stderr or done.stdout)[-300:])
        return _judged(name, seconds, ElementTree.parse(report))


def _judged(name: str, seconds: float, report: "ElementTree.ElementTree[ElementTree.Element]"):
    for case in report.iter("testcase"):
        for failure in case.iter("failure"):
            said = failure.get("message", "")
            if "AssertionError" in said or said.startswith(("assert ", "Failed: DID NOT RAISE")):
                return Verdict(name, seconds, caught_by=case.get("name", "?"))
            return Verdict(name, seconds, trouble=said[:300])
    errors = [error.get("message", "") for error in report.iter("error")]
    return Verdict(name, seconds, trouble=" ".join(errors)[:300] or "no test failed")


def _all(names: Sequence[str]) -> list[Verdict]:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        lanes = Lanes(Path(folder))

        def in_a_lane(name: str) -> Verdict:
            with lanes.one() as postgres:
                return attempt(name, postgres)

        try:
            return list(pool.map(in_a_lane, names))
        finally:
            lanes.close()


def main() -> int:
    names = sys.argv[1:] or list(BY_NAME)
    console, began = Console(), time.monotonic()
    table = Table("mutation", "caught by", "s", title="broken on purpose")
    verdicts = _all(names)
    for verdict in verdicts:
        seen = verdict.caught_by or f"[bold red]{verdict.trouble}"
        table.add_row(verdict.name, seen, f"{verdict.seconds:.0f}")
    console.print(table)
    caught = sum(bool(verdict.caught_by) for verdict in verdicts)
    console.print(f"{caught} of {len(verdicts)} caught in {time.monotonic() - began:.0f} s")
    return 0 if caught == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
