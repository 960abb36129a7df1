"""Figures: named, with samples and the machine they were seen on; printed and kept as JSON."""

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

FILE = Path(".wattline/bench.json")


def machine() -> str:
    gigabytes = round(psutil.virtual_memory().total / 2**30)
    return f"{psutil.cpu_count()} cores, {gigabytes} GiB, {platform.system()} {platform.machine()}"


_SHOWN = 8  # samples in the table; all of them are in the file


@dataclass(frozen=True)
class Figure:
    """One measured thing. `ratio` is to the figure named `ratio_to`, seen in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    ratio_to: str | None = None
    samples: list[float] = field(default_factory=list)
    machine: str = field(default_factory=machine)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


# What DESIGN section 8 asks for: (smaller is better?, bound on the value or the ratio).
ASKED = {
    "accept_per_s": "ratio >= 0.30",
    "accept_p99_ms": "< 60",
    "relay_per_s": ">= 5000",
    "apply_per_s": ">= 2000",
    "handed_p50_ms": "<= 150",
    "handed_p99_ms": "<= 1000",
    "receipts_per_s": ">= 2000",
    "receipts_p99_ms": "< 200",
    "calendar_add_us": "< 2",
    "clocks_lateness_p99_ms": "< 100",
    "clocks_storm_drain_s": "<= 10",
    "clocks_empty_poll_ms": "< 1",
    "clocks_arming_ms": "< 1",
} | {f"rss_mb_{s}": "< 150" for s in ("intake", "workorders", "notify", "billing")}


def median_of(name: str, samples: Sequence[float], unit: str, **more: object) -> Figure:
    rounded = [round(sample, 2) for sample in samples]
    return Figure(name, round(statistics.median(samples), 2), unit, samples=rounded, **more)  # type: ignore[arg-type]


def keep(figures: Sequence[Figure]) -> None:
    """Merge into the file: a part that ran again replaces its own figures."""
    FILE.parent.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text()) if FILE.exists() else []
    fresh = {figure.name for figure in figures}
    kept = [old for old in known if old["name"] not in fresh]
    FILE.write_text(json.dumps(kept + [asdict(f) for f in figures], indent=2) + "\n")


def show(figures: Sequence[Figure]) -> None:
    table = Table(title=machine(), title_justify="left")
    for heading in ("figure", "seen", "ratio", "asked", "samples"):
        table.add_column(heading)
    for figure in figures:
        ratio = f"{figure.ratio:.3f} of {figure.ratio_to}" if figure.ratio is not None else ""
        samples = ", ".join(f"{sample:g}" for sample in figure.samples[:_SHOWN])
        asked = ASKED.get(figure.name, "")
        table.add_row(figure.name, f"{figure.value:g} {figure.unit}", ratio, asked, samples)
    Console(width=140).print(table)
