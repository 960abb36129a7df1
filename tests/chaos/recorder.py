"""The customer of the chaos tests: files cases, never gives up, and writes down what was said.

It stands outside: what it wrote is the truth about what was accepted. A line is written before
every question and after every answer.
"""

import asyncio
import itertools
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.suite import Suite
from shared import auth
from tests.chaos.checker import FATES, IN_FLIGHT, UNAVAILABLE, Line

_ANSWER_SECONDS, _AGAIN_SECONDS = 10.0, 0.5
_LAST_DIGITS = "".join(FATES)
_serials = itertools.count(1)


def read(log: Path) -> list[Line]:
    return [Line(**json.loads(line)) for line in log.read_text().splitlines()]


class Recorder:
    """One log of cases filed at a steady rate, whatever happens on the other side."""

    def __init__(self, suite: Suite, log: Path, *, patience: float = 60.0) -> None:
        """`patience`: how long a case is tried again; 0 tries it once."""
        self.log = log
        self._url = suite.urls["intake"] + "/v1/cases"
        token = auth.mint(suite.keys / "private.pem", role="agent", region="3205")
        self._headers = {"authorization": f"Bearer {token}"}
        self._patience = patience

    @property
    def lines(self) -> list[Line]:
        return read(self.log)

    async def file(self, cases: int, rate: float) -> None:
        """File so many cases, `rate` a second; back when each has its answer."""
        limits = httpx.Limits(max_connections=100)
        with self.log.open("a", buffering=1) as self._file:
            async with (
                httpx.AsyncClient(timeout=_ANSWER_SECONDS, limits=limits) as self._client,
                asyncio.TaskGroup() as tasks,
            ):
                began = time.monotonic()
                for number in range(cases):
                    await asyncio.sleep(began + number / rate - time.monotonic())
                    tasks.create_task(self._one(str(uuid4()), _phone()))

    async def _one(self, key: str, phone: str) -> None:
        """One case, until it is accepted, refused for good, or patience ends."""
        end = time.monotonic() + self._patience
        while True:
            line = await self._ask(key, phone)
            if line.status not in (None, IN_FLIGHT, UNAVAILABLE):
                return
            if time.monotonic() > end:
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _ask(self, key: str, phone: str) -> Line:
        self._write(Line(key, phone, time.time()))
        try:
            answer = await self._client.post(
                self._url, json=_case(key, phone), headers=self._headers | {"idempotency-key": key}
            )
        except httpx.HTTPError as error:
            return self._write(Line(key, phone, time.time(), why=type(error).__name__))
        id = answer.json()["id"] if answer.is_success else None
        again = "idempotent-replayed" in answer.headers
        return self._write(Line(key, phone, time.time(), answer.status_code, id, again))

    def _write(self, line: Line) -> Line:
        self._file.write(json.dumps({n: getattr(line, n) for n in line.__slots__}) + "\n")
        return line


def _phone() -> str:
    """Each once in a session, so that an SMS names its case."""
    serial = next(_serials)
    return f"1540{serial:06d}{_LAST_DIGITS[serial % len(_LAST_DIGITS)]}"


def _case(key: str, phone: str) -> dict[str, Any]:
    return {
        "type": "fault_report",
        "channel": "phone",
        "description": f"key {key}",
        "caller": {"name": "王小明", "phone": phone},
        "location": {"region": "320506", "area": "urban", "address": "学府路12号"},
    }
