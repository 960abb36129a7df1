"""`python -m deploy.docs` writes what is made; `--check` only compares; `--publish` freezes."""

import sys
from typing import Annotated

import typer

from deploy.docs import files


def main(
    check: Annotated[bool, typer.Option("--check", help="Fail when something is stale.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Freeze the events' schemas as published.")
    ] = False,
) -> None:
    """Write docs/ from the code."""
    made = files.generated()
    if check:
        if stale := files.differing(made):
            sys.exit("not as generated (run `python -m deploy.docs`):\n  " + "\n  ".join(stale))
        return
    for name in files.write(made):
        typer.echo(f"written: {name}" if name in made else f"removed: {name}")
    if publish:
        frozen, broken = files.publish()
        for type_ in frozen:
            typer.echo(f"published: {type_}")
        if broken:
            sys.exit("breaks what is published (make a new version):\n  " + "\n  ".join(broken))


typer.run(main)
