"""python -m deploy.gateway: says on one line where it listens, runs until it is told to stop."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from uvicorn.loops.auto import auto_loop_factory

from deploy.gateway.gateway import Gateway
from deploy.gateway.settings import ON_FREE_PORTS, Settings


def main(
    http_port: Annotated[int, typer.Option(help="0 takes a free one")] = 13013,
    smtp_port: Annotated[int, typer.Option(help="0 takes a free one")] = 2525,
    username: str = ON_FREE_PORTS.username,
    password: str = ON_FREE_PORTS.password,
    smsc: Annotated[str, typer.Option(help="the providers' labels")] = " ".join(
        ON_FREE_PORTS.providers
    ),
    mo_url: Annotated[str | None, typer.Option(help="where a customer's SMS goes")] = None,
    dlr_delay: Annotated[float, typer.Option(help="seconds before each receipt")] = 0.2,
    dlr_retries: Annotated[int, typer.Option(help="how often a callback is repeated")] = 5,
    dlr_retry_after: Annotated[float, typer.Option(help="seconds")] = 1.0,
    ledger: Annotated[Path | None, typer.Option(help="JSON lines of all that was taken")] = None,
) -> None:
    """A phone network and a mail world on this machine."""
    settings = Settings(
        http_port=http_port,
        smtp_port=smtp_port,
        username=username,
        password=password,
        providers=tuple(smsc.split()),
        mo_url=mo_url,
        dlr_delay=dlr_delay,
        dlr_retries=dlr_retries,
        dlr_retry_after=dlr_retry_after,
        ledger=ledger,
    )
    # httpcore looks for sniffio at every call; a search that fails costs as much as the call.
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        try:
            runner.run(_run(Gateway(settings)))
        except OSError as error:
            raise SystemExit(f"gateway: {error}") from error


async def _run(gateway: Gateway) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with gateway:
        ports = {"http_port": gateway.http_port, "smtp_port": gateway.smtp_port}
        print(json.dumps(ports), flush=True)
        await stop.wait()


if __name__ == "__main__":
    typer.run(main)
