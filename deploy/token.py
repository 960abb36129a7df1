"""`make token role=agent region=3205`: a token for this machine's services."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from shared import auth


def main(
    role: Annotated[str, typer.Option(help=", ".join(auth.ROLES))],
    region: Annotated[str, typer.Option(help="a code prefix; none is everywhere")] = "",
    subject: Annotated[str, typer.Option(help="whose; made up from the role if not said")] = "",
    hours: float = 8,
    keys: Path = Path(".wattline/keys"),
) -> None:
    """Print a token that all four services take."""
    if role not in auth.ROLES:
        sys.exit(f"token: there is no role {role}; there are {', '.join(auth.ROLES)}")
    private = keys / "private.pem"
    if not private.exists():
        sys.exit("token: no keys yet; `make run` makes them")
    print(auth.mint(private, role=role, region=region, subject=subject, hours=hours))


if __name__ == "__main__":
    typer.run(main)
