"""What is known of an outage reaches everybody who follows: each is told by a fact of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.workorders.domain import following
from services.workorders.domain.moves import Status
from services.workorders.domain.order import Reply, WorkOrder
from services.workorders.domain.policy import Fact, Pack, handlings
from services.workorders.events import orders as events
from services.workorders.store import groups, guarantees, promises
from services.workorders.store.groups import Group
from services.workorders.use_cases import clocks
from services.workorders.use_cases.field import submitted
from services.workorders.use_cases.moved import say
from shared.db import Tx
from shared.stamp import Stamp


@dataclass(frozen=True, slots=True)
class News:
    """What everybody in a group should know by now.

    etr_at: when power is expected back, the outage's how-manieth. restored_at: since when it is.
    reply: what was found and done, once it may be told.
    """

    etr_at: datetime | None = None
    etr: int | None = None
    restored_at: datetime | None = None
    reply: Reply | None = None

    def at(self, now: datetime) -> "News":
        """Without an ETR that is over, or that nobody needs any more."""
        needed = self.restored_at is None and self.reply is None
        if needed and self.etr_at is not None and self.etr_at > now:
            return self
        return replace(self, etr_at=None, etr=None)


async def tell(
    tx: Tx, stamp: Stamp, group: Group, news: News, packs: Sequence[Pack], room: int
) -> int:
    """Tell at most `room` followers what they do not know yet. Returns how many there were."""
    news = news.at(stamp.at)
    behind = await groups.lock_behind(
        tx,
        group,
        etr_at=news.etr_at,
        restored=news.restored_at is not None,
        replied=news.reply is not None,
        limit=room,
    )
    if not behind:
        return 0
    told = [_told(tx, stamp, order, news, packs) for order in behind]
    await groups.save_told(tx, [order for order, _ in told])
    await keep_books(tx, stamp, told)
    return len(told)


Told = tuple[WorkOrder, list[Fact]]
_DONE = frozenset({Fact.REPAIRED, Fact.REPLIED})


def _told(tx: Tx, stamp: Stamp, order: WorkOrder, news: News, packs: Sequence[Pack]) -> Told:
    if news.reply is not None:
        return _replied(tx, stamp, order, news.reply, news.restored_at, packs)
    if news.restored_at is not None:
        order = following.restored(order, news.restored_at)
        order = say(tx, stamp, order, "repaired", events.repaired(order, news.restored_at))
        return order, [Fact.REPAIRED]
    assert news.etr_at is not None
    order = following.expect(order, news.etr_at)
    event = events.etr_set(order, stamp.at, news.etr)
    order = say(tx, stamp, order, "etr_set", event, etr_at=news.etr_at.isoformat())
    return order, [Fact.ETR_SET]


def _replied(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    reply: Reply,
    restored_at: datetime | None,
    packs: Sequence[Pack],
) -> Told:
    """Replied as its master was; then to its own review or callback."""
    before = order.steps.repaired_at
    if restored_at is not None and before is None:
        order = following.restored(order, restored_at)
    order = following.follow(order, reply, stamp.at)
    facts = [Fact.REPAIRED] if order.steps.repaired_at != before else []
    order = say(tx, stamp, order, "replied", events.replied(order, stamp.at))
    order = submitted(tx, stamp, order, review=handlings(packs).of(order.case_type).review)
    facts.append(Fact.REPLIED)
    return order, facts + ([Fact.REVIEWED] if order.status is Status.CALLBACK_DUE else [])


async def keep_books(tx: Tx, stamp: Stamp, told: Sequence[Told]) -> None:
    """Clocks, promises and guarantees of orders that heard of these facts."""
    expecting = [order for order, facts in told if Fact.ETR_SET in facts]
    if expecting:
        await promises.expect(tx, expecting, stamp.at)
    done = {order.id: order for order, facts in told if _DONE.intersection(facts)}
    by_time: dict[datetime, list[WorkOrder]] = {}
    for order in done.values():
        by_time.setdefault(order.steps.repaired_at or stamp.at, []).append(order)
    for at, restored in by_time.items():
        await promises.settle(tx, [order.id for order in restored], at)
        await guarantees.end(tx, [order.id for order in restored], at)
    alike: dict[tuple[Fact, ...], list[WorkOrder]] = {}
    for order, facts in told:
        alike.setdefault(tuple(facts), []).append(order)
    for same, orders in alike.items():
        await clocks.all_happened(tx, stamp, orders, same, stamp.at)
