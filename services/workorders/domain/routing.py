"""Which team gets an order, and why."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """`region` is a code prefix: a team of 3205 serves 320505 too. `load` is its open orders."""

    code: str
    name: str
    region: str
    load: int = 0


@dataclass(frozen=True, slots=True)
class Routing:
    """A decision with its reasons."""

    team: str
    team_name: str
    because: tuple[str, ...]


def route(region: str, teams: Sequence[Team]) -> Routing | None:
    """The nearest team up the region tree, the least loaded of equals. None: nobody serves it."""
    serving = [team for team in teams if region.startswith(team.region)]
    if not serving:
        return None
    nearest = max(len(team.region) for team in serving)
    near = sorted(
        (team for team in serving if len(team.region) == nearest), key=lambda t: (t.load, t.code)
    )
    chosen = near[0]
    reasons = [f"serves region {chosen.region or 'everywhere'}, the nearest to {region}"]
    if len(near) > 1:
        reasons.append(f"least loaded of {len(near)}: {chosen.load} open orders")
    return Routing(chosen.code, chosen.name, tuple(reasons))
