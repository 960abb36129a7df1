"""Limits of our own, and the timers that watch over them."""

from datetime import timedelta
from typing import Any

from services.workorders.policies import read_packs
from services.workorders.use_cases.policies import use_policies
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE, Clock, Running

HOUSE = [pack for pack in read_packs() if pack["id"] == "house"]
STEPS = ("claim", "departure", "arrival", "etr", "reply")


def limit(clock: str, minutes: int, starts: str, *stops: str, **more: Any) -> dict[str, Any]:
    """A limit on every order, as an operator writes it."""
    about = {"clock": clock, "starts": starts, "stops": list(stops)}
    usual = {"target": {"minutes": minutes}, "source": "somebody", "certainty": "own"}
    return usual | about | more


ARRIVAL = limit(
    "arrival",
    45,
    "accepted",
    "arrived",
    promised=True,
    pauses=["no_access", "customer_wish"],
    warnings=[{"share": 0.5}, {"before": {"minutes": 5}}],
    ladder="fault",
    merged="mirrors",
)
RESTORE = limit("restore", 180, "arrived", "repaired", "replied", promised=True, merged="mirrors")
CLAIM = limit("claim", 3, "dispatched", "claimed")
TRAVEL = limit("travel", 30, "claimed", "arrived")


async def use(running: Running, *limits: dict[str, Any], version: str = "1", **more: Any) -> None:
    """From now on orders run by these."""
    pack = {"id": "mine", "version": version, "valid_from": "2026-01-01", "limits": list(limits)}
    async with running.database.begin() as tx:
        stamp = Stamp(by="start", at=running.app.state.clock())
        await use_policies(tx, stamp, [*HOUSE, pack | more], "mine")


async def fire(running: Running, clock: Clock, name: str = "clocks", **later: float) -> int:
    """Let a timer come by so long after nine. Returns how many fired."""
    clock.now = NINE + timedelta(**later)
    [timer] = [timer for timer in running.service.timers if timer.name == name]
    return await fire_due(running.database, timer, clock.now)


async def told(running: Running, kind: str) -> list[dict[str, Any]]:
    """What was said in events of this type."""
    rows = await running.rows(
        "SELECT fact->'data' AS data FROM (SELECT seq, envelope::json AS fact FROM outbox) AS said"
        " WHERE fact->>'type' = :type ORDER BY seq",
        type=f"workorders.{kind}.v1",
    )
    return [row.data for row in rows]


async def ledger(running: Running, kind: str) -> list[str]:
    """What was written about the clocks of this kind, in order."""
    rows = await running.rows(
        "SELECT what FROM clock_entries e JOIN clocks c ON c.id = clock_id WHERE kind = :kind"
        " ORDER BY c.generation, c.id, n",
        kind=kind,
    )
    return [row.what for row in rows]
