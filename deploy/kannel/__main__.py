"""`python -m deploy.kannel`: says on one line where it listens, runs until it is told to stop."""

import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deploy.kannel.kannel import PORTS, Kannel, KannelError


def main(
    home: Annotated[Path | None, typer.Option(help="where its files lie; none: a new one")] = None,
    port: Annotated[
        list[int] | None, typer.Option(help=f"free ones, or one each for {', '.join(PORTS)}")
    ] = None,
    seconds: Annotated[float, typer.Option(help="it ends by itself after so long")] = 3600,
) -> None:
    """A real SMS gateway on this machine: Kannel, and a phone network that does as it is told."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    folder = home or Path(tempfile.mkdtemp(prefix="kannel-"))
    try:
        with Kannel(folder, port or (), seconds) as kannel:
            where = {"sms_url": kannel.sms_url, "admin": kannel.admin_url, "home": str(folder)}
            print(json.dumps(where), flush=True)
            kannel.watch()
        sys.exit("kannel: a part has ended")
    except KannelError as error:
        sys.exit(f"kannel: {error}")
    except KeyboardInterrupt:
        return


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
