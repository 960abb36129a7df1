"""`make run`: all of Wattline on this machine, until Ctrl-C."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.kafka.java import ApacheKafkaError
from deploy.processes import NotReady
from deploy.suite import SERVICES, CannotStart, Suite

HOME = Path(".wattline")


def main(
    kafka: Annotated[str, typer.Option(help="embedded or apache")] = "embedded",
    home: Annotated[Path, typer.Option(help="where the data lies")] = HOME,
) -> None:
    """Start everything, say where it is, stop everything on Ctrl-C."""
    console = Console(highlight=False)
    suite = Suite(
        home=home.absolute(),
        kafka=os.environ.get("WATTLINE_KAFKA") or kafka,
        postgres=os.environ.get("WATTLINE_POSTGRES"),
        say=lambda part: console.print(f"  starting {part} ...", style="dim"),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    try:
        suite.start()
        console.print(_where(suite))
        console.print(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C stops everything.")
        _watch(suite, console)
    except (CannotStart, NotReady, ApacheKafkaError) as error:
        sys.exit(f"wattline: {error}")
    except KeyboardInterrupt:
        console.print("stopping ...", style="dim")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        suite.stop()
    console.print("stopped; the data is kept (make clean forgets it)")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _watch(suite: Suite, console: Console) -> None:
    """Until interrupted; a service that falls is started again."""
    while True:
        time.sleep(1)
        for service in SERVICES:
            status = suite.children[service].process.poll()
            if status is not None:
                console.print(f"{service} ended with {status}: starting it again", style="red")
                suite.start_service(service)


def _where(suite: Suite) -> Table:
    table = Table(title="Wattline", title_justify="left")
    for heading in ("what", "where", "look at"):
        table.add_column(heading)
    for service in SERVICES:
        table.add_row(service, suite.urls[service], f"{suite.urls[service]}/docs")
    table.add_row(
        "gateway (SMS)", suite.urls["gateway"], f"{suite.urls['gateway']}/  what was sent"
    )
    table.add_row("gateway (mail)", f"smtp://127.0.0.1:{suite.ports['smtp']}", "")
    table.add_row("Kafka", suite.bootstrap, suite.kafka)
    table.add_row("PostgreSQL", suite.settings.postgres.get_secret_value(), "")
    table.add_row("logs", str(suite.home / "logs"), "")
    table.add_row("a token", "make token role=agent region=3205", "roles: README")
    return table


if __name__ == "__main__":
    typer.run(main)
