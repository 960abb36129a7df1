"""`make bench`: the figures of DESIGN section 8, on this machine, on PostgreSQL with fsync on."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from tests.load import accepting, calendars, clocks, events, handing, receipts
from tests.load.figures import Figure, keep, show

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "calendar": calendars.measure,
    "clocks": clocks.measure,
    "accept": accepting.measure,
    "events": events.measure,
    "handed": handing.measure,
    "receipts": receipts.measure,
}


def main(only: Annotated[str, typer.Option(help=", ".join(PARTS))] = "") -> None:
    """Measure all parts, or one; print a table and write .wattline/bench.json."""
    if only and only not in PARTS:
        raise typer.BadParameter(f"there is no part {only}; there are {', '.join(PARTS)}")
    figures: list[Figure] = []
    for name in [only] if only else PARTS:
        Console(stderr=True).print(f"measuring {name} ...", style="dim")
        measured = PARTS[name]()
        keep(measured)
        figures += measured
    show(figures)


if __name__ == "__main__":
    typer.run(main)
