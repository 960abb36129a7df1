"""What becomes due: clocks, pauses, routing, protections, outages, promises, bulk jobs, days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from prometheus_client import Gauge

from services.workorders.store import (
    bulk_jobs,
    calendars,
    clocks,
    escalations,
    guarantees,
    leaders,
    looks,
    orders,
    policy_edits,
    protected,
    watching,
)
from services.workorders.store import outages as outage_store
from services.workorders.store import promises as promise_store
from services.workorders.use_cases import (
    compensation,
    desk,
    grouping,
    keeping,
    outages,
    policies,
    promises,
    routing,
)
from services.workorders.use_cases.bulk_jobs import work_on
from services.workorders.use_cases.calendars import CALENDAR_BELL, tell_of_endings
from services.workorders.use_cases.escalations import send_digests
from services.workorders.use_cases.firing import CLOCK_BELL, fire
from services.workorders.use_cases.policy_edits import go_on
from services.workorders.use_cases.protecting import PROTECTION_BELL, act_due
from services.workorders.use_cases.watching import watch_breached
from shared.db import Tx
from shared.due import Timer
from shared.stamp import Stamp

_COVERED = Gauge(
    "wattline_calendar_days_covered", "Days until a year without this calendar", ["calendar"]
)


async def _new_day(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    await policies.promise_what_is_in_force(tx, stamp)
    return ()


async def _endings(tx: Tx, stamp: Stamp, limit: int) -> Sequence[datetime]:
    endings, told = await tell_of_endings(tx, stamp)
    for ending in endings:
        _COVERED.labels(ending.name).set((ending.ends_at - stamp.at) / timedelta(days=1))
    return told


async def _no_date(tx: Tx) -> None:
    """It is looked at whenever the loop comes round."""


timers = (
    Timer(CLOCK_BELL, fire, clocks.next_wake),
    Timer("suspensions", desk.end_suspensions, orders.next_resumption),
    Timer("policies", _new_day, _no_date),
    Timer(escalations.ESCALATION_BELL, send_digests, escalations.next_due, clocks.some_are_late),
    Timer(policy_edits.EDIT_BELL, go_on, policy_edits.next_due),
    Timer(bulk_jobs.BULK_BELL, work_on, bulk_jobs.next_due),
    Timer(CALENDAR_BELL, _endings, calendars.next_ending),
    Timer(routing.ROUTING_BELL, routing.look_again, orders.next_routing),
    Timer(watching.WATCH_BELL, watch_breached, watching.next_due, clocks.some_are_late),
    Timer(PROTECTION_BELL, act_due, protected.next_due),
    Timer(looks.GROUP_BELL, grouping.look, looks.next_asked),
    Timer("leads", grouping.end_leads, leaders.next_lead_end),
    Timer(keeping.OUTAGE_BELL, outages.wake, outage_store.next_wake),
    Timer(promise_store.PROMISE_BELL, promises.break_due, promise_store.next_due),
    Timer(guarantees.GUARANTEE_BELL, compensation.owe_due, guarantees.next_due),
)
