"""From the 201 to the SMS in the gateway's hands, through all services; and how big they are."""

import json
import tempfile
import time
from datetime import datetime
from pathlib import Path

import httpx
import uvloop

from deploy.processes import free_ports
from deploy.suite import PORTS, SERVICES, Suite
from shared import auth
from tests.load.accepting import requests
from tests.load.figures import Figure
from tests.load.http_client import steady

_RATE, _SECONDS = 50.0, 20.0


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="wattline-bench-") as folder:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        suite = Suite(home=Path(folder), ports=ports)
        suite.start()
        try:
            time.sleep(2)
            sizes = {s: suite.children[s].memory_mb for s in SERVICES}
            waits = _hand_over(suite)
        finally:
            suite.stop()
    ordered = sorted(waits)
    share = {50: ordered[len(ordered) // 2], 99: ordered[int(len(ordered) * 0.99)]}
    return [
        *(Figure(f"handed_p{p}_ms", round(ms, 1), "ms") for p, ms in share.items()),
        *(Figure(f"rss_mb_{service}", round(mb, 1), "MB") for service, mb in sizes.items()),
    ]


def _hand_over(suite: Suite) -> list[float]:
    """Milliseconds from a case's acceptance to its SMS at the gateway, a case each."""
    token = auth.mint(suite.keys / "private.pem", role="agent", region="3205")
    port = suite.ports["intake"]
    uvloop.run(steady(port, requests(token, "warm"), _RATE, 2))
    suite.wait_quiet()
    seen = uvloop.run(steady(port, requests(token, "run"), _RATE, _SECONDS))
    if set(seen.statuses) != {201}:
        raise RuntimeError(f"not every case was accepted: {seen.statuses}")
    suite.wait_quiet()
    time.sleep(2)
    return _waits(suite, token, int(_RATE * _SECONDS))


def _waits(suite: Suite, token: str, count: int) -> list[float]:
    accepted = _accepted(suite, token, count)
    handed: dict[str, float] = {}
    for line in (suite.home / "sent.jsonl").read_text().splitlines():
        sms = json.loads(line)
        for number in accepted:
            if number in sms["text"]:
                at = datetime.fromisoformat(sms["at"]).timestamp()
                handed.setdefault(number, at)
                break
    missing = accepted.keys() - handed.keys()
    if missing:
        raise RuntimeError(f"{len(missing)} cases without an SMS at the gateway")
    return [(handed[number] - at) * 1000 for number, at in accepted.items()]


def _accepted(suite: Suite, token: str, count: int) -> dict[str, float]:
    """The newest cases: number and when they were accepted."""
    found: dict[str, float] = {}
    cursor = ""
    with httpx.Client(headers={"authorization": f"Bearer {token}"}) as client:
        while len(found) < count:
            query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = client.get(f"{suite.urls['intake']}/v1/cases", params=query).json()
            for case in page["items"][: count - len(found)]:
                found[case["number"]] = datetime.fromisoformat(case["accepted_at"]).timestamp()
            cursor = page["next"]
    return found
