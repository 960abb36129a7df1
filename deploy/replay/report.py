"""The figures of a replay, for people and for programs."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from deploy.replay.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The fields are the names in the JSON. None: nothing to measure.

    duplicates: cases beyond one a call, work orders beyond one a case, SMS beyond one a case and
        template. lost: calls without case, cases without work order or without delivered SMS.
    dispatches: work orders that somebody is sent for, the others follow them. overdispatched:
        those beyond one a fault.
    unfinished: calls whose end was not awaited, because the run was interrupted.
    """

    run: str
    calls: int
    cases: int
    work_orders: int
    dispatches: int
    overdispatched: int
    messages: int
    duplicates: int
    lost: int
    unfinished: int
    repeated_posts: int
    accept_p50_ms: float | None
    accept_p99_ms: float | None
    delivered_p50_ms: float | None
    delivered_p99_ms: float | None
    wall_s: float

    @property
    def good(self) -> bool:
        return self.duplicates == self.overdispatched == self.lost == self.unfinished == 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def figures(run: str, stories: Sequence[Story], wall_s: float) -> Figures:
    over = [story for story in stories if story.over]
    sent = dispatches(stories)
    accepts = [s.accepted_after for s in stories if s.accepted_after is not None]
    tells = [s.told_after for s in stories if s.told_after is not None]
    return Figures(
        run=run,
        calls=len(stories),
        cases=len({story.case.id for story in stories if story.case}),
        work_orders=len({order.id for story in stories for order in story.orders}),
        dispatches=sum(sent.values()),
        overdispatched=sum(times - 1 for times in sent.values()),
        messages=len({sms.id for story in stories for sms in story.sent}),
        duplicates=sum(story.duplicates for story in stories),
        lost=sum(story.missing is not None for story in over) + _merged(over),
        unfinished=len(stories) - len(over),
        repeated_posts=sum(story.repeats for story in stories),
        accept_p50_ms=percentile_ms(accepts, 0.50),
        accept_p99_ms=percentile_ms(accepts, 0.99),
        delivered_p50_ms=percentile_ms(tells, 0.50),
        delivered_p99_ms=percentile_ms(tells, 0.99),
        wall_s=round(wall_s, 1),
    )


def _merged(stories: Iterable[Story]) -> int:
    """Calls that were answered with the case of another call."""
    ids = [story.case.id for story in stories if story.case]
    return len(ids) - len(set(ids))


def dispatches(stories: Iterable[Story]) -> Counter[str]:
    """How many orders of each fault somebody is sent for. Faults whose orders all follow: none."""
    alone = {
        (story.call.outage_id, order.id)
        for story in stories
        for order in story.orders
        if order.stands_alone
    }
    return Counter(fault for fault, _ in alone)


def percentile_ms(seconds: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed, in milliseconds."""
    if not seconds:
        return None
    rank = max(1, math.ceil(len(seconds) * share))
    return round(sorted(seconds)[rank - 1] * 1000, 1)


def troubles(stories: Sequence[Story]) -> list[str]:
    """A line for each call that was lost or led to duplicates, and for each fault that did."""
    found = []
    for story in stories:
        if story.over and (why := story.missing):
            found.append(f"{story.call.key}: {why}")
        if story.duplicates:
            found.append(f"{story.call.key}: {story.duplicates} too many")
    sent = dispatches(stories)
    found += [f"{fault}: {times} dispatches" for fault, times in sent.items() if times > 1]
    return found


def table(of: Figures) -> Table:
    made = Table()
    made.add_column("what")
    made.add_column("figure", justify="right")
    for name, value in _lines(of):
        made.add_row(name, value)
    return made


def _lines(of: Figures) -> list[tuple[str, str]]:
    unfinished = [("unfinished", f"[red]{of.unfinished}")] if of.unfinished else []
    return [
        ("calls", str(of.calls)),
        ("cases", str(of.cases)),
        ("work orders", str(of.work_orders)),
        ("dispatches", str(of.dispatches)),
        ("more than one for a fault", _zero(of.overdispatched)),
        ("messages", str(of.messages)),
        ("duplicates", _zero(of.duplicates)),
        ("lost", _zero(of.lost)),
        *unfinished,
        ("repeated POSTs", str(of.repeated_posts)),
        ("201 after, p50", _ms(of.accept_p50_ms)),
        ("201 after, p99", _ms(of.accept_p99_ms)),
        ("accepted to delivered, p50", _ms(of.delivered_p50_ms)),
        ("accepted to delivered, p99", _ms(of.delivered_p99_ms)),
        ("wall time", f"{of.wall_s:.1f} s"),
    ]


def _zero(count: int) -> str:
    return f"[{'red' if count else 'green'}]{count}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
