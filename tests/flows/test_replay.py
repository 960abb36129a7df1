"""Thirty faults of a storm against everything running: nobody lost, nobody told twice."""

import json
import subprocess
import sys
from pathlib import Path

from deploy.replay.rows import COLUMNS
from deploy.suite import Suite

_PLACES = (
    ("BT94 1", 224_474, 362_125),  # Fermanagh
    ("BT9 5", 333_503, 371_964),  # Belfast
    ("BT54", 310_000, 438_000),  # the north coast
    ("BT35 8", 308_647, 320_793),
    ("", 281_022, 353_237),
    ("", 0, 0),
)


def a_storm(path: Path, faults: int, series: str = "58") -> Path:
    """`series`: faults of another one are at other transformers."""
    lines = [",".join(COLUMNS)]
    for number in range(faults):
        postcode, easting, northing = _PLACES[number % len(_PLACES)]
        etr_at = "" if number % 7 == 0 else "2025-02-03T22:00:00Z"
        cause = "" if number % 5 == 0 else "Severe weather."
        lines.append(
            f"{series}{number:05},2025-01-24T02:{number:02}:00Z,{etr_at},2025-02-01T14:39:00Z,"
            f"{postcode},{easting},{northing},{number % 4 + 1},A repair team is on its way.,{cause}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def replay(suite: Suite, storm: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.replay", str(storm), "--json", "--timeout", "60"]
    for service in ("intake", "workorders", "notify"):
        command += [f"--{service}", suite.urls[service]]
    command += ["--keys", str(suite.keys / "private.pem"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def test_thirty_faults_are_filed_and_everyone_is_told_once(suite: Suite, tmp_path: Path) -> None:
    storm = a_storm(tmp_path / "storm.csv", 30)
    ended = replay(suite, storm, "--run", "thirty")
    assert ended.returncode == 0, ended.stderr
    figures = json.loads(ended.stdout)
    assert (figures["calls"], figures["cases"], figures["work_orders"]) == (30, 30, 30)
    assert figures["duplicates"] == figures["lost"] == 0

    again = replay(suite, storm, "--run", "thirty")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["work_orders"] == 30


def test_every_customer_of_a_fault_may_call(suite: Suite, tmp_path: Path) -> None:
    storm = a_storm(tmp_path / "storm.csv", 8, "59")
    ended = replay(suite, storm, "--expand", "customers")
    assert ended.returncode == 0, ended.stderr
    figures = json.loads(ended.stdout)
    assert figures["calls"] == figures["cases"] == figures["work_orders"] == 20
    assert (figures["dispatches"], figures["overdispatched"]) == (8, 0), "one for each fault"


def test_nothing_of_a_malformed_file_is_filed(suite: Suite, tmp_path: Path) -> None:
    storm = a_storm(tmp_path / "storm.csv", 5)
    storm.write_text(storm.read_text() + "5899999,now,,,,,,,,\n")
    ended = replay(suite, storm)
    assert ended.returncode == 2 and not ended.stdout
    assert f"{storm}, line 7: started_at 'now'" in ended.stderr
