"""What becomes due here: clocks, and the first day of a policy."""

from collections.abc import Sequence
from datetime import datetime

from services.workorders.store import clocks, orders
from services.workorders.use_cases import desk, policies
from services.workorders.use_cases.clocks import CLOCK_BELL, breach_due
from shared.db import Tx
from shared.due import Timer
from shared.stamp import Stamp


async def _new_day(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    await policies.promise_what_is_in_force(tx, stamp)
    return ()


async def _no_date(tx: Tx) -> None:
    """It is looked at whenever the loop comes round."""


timers = (
    Timer(CLOCK_BELL, breach_due, clocks.next_due),
    Timer("suspensions", desk.end_suspensions, orders.next_resumption),
    Timer("policies", _new_day, _no_date),
)
