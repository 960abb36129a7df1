"""python -m deploy.replay FILE: every fault in the file becomes a call, and nobody is forgotten."""

import asyncio
import json
import re
import secrets
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from uvicorn.loops.auto import auto_loop_factory

from deploy.replay.calls import Call, TooManyCalls, calls
from deploy.replay.client import NotThere, Wattline
from deploy.replay.report import Figures, figures, table, troubles
from deploy.replay.rows import Malformed, parse
from deploy.replay.run import STEPS, Replay
from shared.auth import mint

_MOST_TROUBLES = 20
_RUN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_REFUSED, _FAILED, _INTERRUPTED = 2, 1, 130
_BARS = (
    TextColumn("{task.description:8}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
)
_aside = Console(stderr=True, highlight=False)


class Expand(StrEnum):
    CUSTOMERS = "customers"


File = Annotated[Path, typer.Argument(help="CSV of faults, checked as a whole before any is filed")]
Rate = Annotated[float, typer.Option(min=0.01, max=10_000, help="calls a second")]
Each = Annotated[Expand | None, typer.Option(help="a call for each affected customer")]
Limit = Annotated[int | None, typer.Option(min=1, help="only the first so many faults")]
Timeout = Annotated[float, typer.Option(min=1, help="seconds until a case is given up")]
Run = Annotated[str | None, typer.Option(help="the run's name: the same again files nothing twice")]
AsJson = Annotated[bool, typer.Option("--json", help="the figures as one JSON object")]


def main(
    file: File,
    rate: Rate = 20,
    expand: Each = None,
    limit: Limit = None,
    timeout: Timeout = 120,
    intake: str = "http://127.0.0.1:8101",
    workorders: str = "http://127.0.0.1:8102",
    notify: str = "http://127.0.0.1:8103",
    keys: Path = Path(".wattline/keys/private.pem"),
    run: Run = None,
    as_json: AsJson = False,
) -> None:
    """Replay a storm: file each fault as a call, follow it until the caller has been told.

    Exit code: 0 nothing lost, nothing twice; 1 otherwise, or a service is not there; 2 the file
    is refused, and nothing was filed.
    """
    run = run or secrets.token_hex(4)
    if not _RUN.fullmatch(run):
        _stop(f"--run {run!r} is not 1 to 40 letters, digits, - or _", _REFUSED)
    filed = _calls(file, limit, run, each_customer=expand is Expand.CUSTOMERS)
    urls = {"intake": intake, "workorders": workorders, "notify": notify}
    wattline = Wattline(urls, _token(keys))
    replay = Replay(wattline=wattline, calls=filed, rate=rate, timeout=timeout)
    finished = _finish(replay)
    seconds = (replay.ended - replay.began) if replay.ended else 0.0
    seen = figures(run, replay.stories, seconds)
    _show(seen, file.name, as_json=as_json)
    _tell(troubles(replay.stories))
    if not finished:
        _stop("interrupted", _INTERRUPTED)
    raise typer.Exit(0 if seen.good else _FAILED)


def _calls(file: Path, limit: int | None, run: str, *, each_customer: bool) -> list[Call]:
    try:
        faults = parse(file.read_bytes(), str(file))
        return calls(faults[:limit], run, each_customer=each_customer)
    except (Malformed, TooManyCalls) as wrong:
        _stop(str(wrong), _REFUSED)
    except OSError as error:
        _stop(f"{file}: {error.strerror}", _REFUSED)


def _token(keys: Path) -> str:
    try:
        return mint(keys, role="agent", subject="replay", hours=24)
    except FileNotFoundError:
        _stop(f"no key at {keys}: `make run` makes one", _FAILED)
    except (OSError, ValueError) as error:
        _stop(f"{keys}: {error}", _FAILED)


def _finish(replay: Replay) -> bool:
    """Run it; False when somebody interrupted it."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        try:
            runner.run(replay.wattline.check())
            with Progress(*_BARS, console=_aside) as progress:
                tasks = {s: progress.add_task(s, total=len(replay.calls)) for s in STEPS}
                replay.on_step = lambda step: progress.advance(tasks[step])
                runner.run(replay.run())
        except NotThere as error:
            _stop(str(error), _FAILED)
        except KeyboardInterrupt:
            return False
        finally:
            runner.run(replay.wattline.close())
    return True


def _show(seen: Figures, name: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(seen.as_json()))
        return
    console = Console(highlight=False)
    console.print(f"{name}, run {seen.run}", markup=False, soft_wrap=True)
    console.print(table(seen))


def _tell(found: Sequence[str]) -> None:
    for line in found[:_MOST_TROUBLES]:
        _aside.print(line, markup=False, soft_wrap=True)
    if len(found) > _MOST_TROUBLES:
        _aside.print(f"... and {len(found) - _MOST_TROUBLES} more")


def _stop(message: str, code: int) -> NoReturn:
    _aside.print(f"replay: {message}", markup=False, soft_wrap=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
