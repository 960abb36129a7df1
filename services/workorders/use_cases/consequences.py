"""What else follows when an order moves: promises are settled, those who follow it are told."""

from collections.abc import Sequence

from services.workorders.domain.moves import ENDED
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact
from services.workorders.store import groups, guarantees, looks, promises
from shared.db import Tx
from shared.stamp import Stamp

_NEWS = frozenset(
    {
        Fact.ETR_SET,
        Fact.REPAIRED,
        Fact.REPLIED,
        Fact.REVIEWED,
        Fact.CANCELLED,
        Fact.ARCHIVED,
    }
)
_DONE = frozenset({Fact.REPAIRED, Fact.REPLIED})


async def follow(tx: Tx, stamp: Stamp, order: WorkOrder, facts: Sequence[Fact]) -> None:
    """`facts` became true of the order, which is saved."""
    news = _NEWS.intersection(facts)
    if not news:
        return
    if Fact.ETR_SET in news:
        await promises.expect(tx, [order], stamp.at)
    if _DONE & news:
        done_at = order.steps.repaired_at or stamp.at
        await promises.settle(tx, [order.id], done_at)
        await guarantees.end(tx, [order.id], done_at)
    elif order.status in ENDED:
        await promises.withdraw(tx, [order.id], stamp.at)
        await guarantees.end(tx, [order.id], stamp.at)
    if order.is_merged:
        return
    if order.is_fault or order.id in await groups.followed(tx, [order.id]):
        looks.ask(tx, stamp, order_id=order.id)
