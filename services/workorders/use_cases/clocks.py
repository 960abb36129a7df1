"""Clocks: what happens to an order starts, stops and rests them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock, ClockId, Terms, What, Whose
from services.workorders.domain.ledger import Page
from services.workorders.domain.limit import Fact, Limit, Merged, Reopening
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Pack, limits_started
from services.workorders.store import calendars, clocks, orders, references
from services.workorders.use_cases import firing
from shared.calendar import Calendar
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp

CLOCK_BELL = firing.CLOCK_BELL

# Nothing is waited for any more when one of these is true of an order.
_OVER = frozenset({Fact.ARCHIVED, Fact.CANCELLED})


async def happened(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact, at: datetime) -> None:
    """`fact` became true of the order: its clocks stop and start."""
    await all_happened(tx, stamp, order, (fact,), at)


async def all_happened(
    tx: Tx, stamp: Stamp, order: WorkOrder, facts: Sequence[Fact], at: datetime
) -> None:
    """These facts became true, one after the other."""
    if not facts:
        return
    packs = await references.packs_in_force(tx, stamp.at)
    desk = await _Desk.of(tx, stamp, order)
    for fact in facts:
        desk.stop(fact)
        await desk.start(packs, fact, at)
    await desk.close()


async def start(
    tx: Tx,
    stamp: Stamp,
    order: WorkOrder,
    packs: Sequence[Pack],
    fact: Fact,
    at: datetime,
    promised: Sequence[Promise] = (),
) -> None:
    """Arm the clocks that `fact` starts on an order that has none of their kinds yet.

    What the customer was promised is due as promised. No round trip for natural time.
    """
    desk = _Desk(tx, stamp, order, [])
    await desk.start(packs, fact, at, promised)
    await desk.close()


async def stop(tx: Tx, stamp: Stamp, order: WorkOrder, fact: Fact) -> None:
    """Met, or breached when the timer has not come by since it was due. Nothing starts."""
    desk = await _Desk.of(tx, stamp, order)
    desk.stop(fact)
    await desk.close()


async def pause(tx: Tx, stamp: Stamp, order: WorkOrder, reason: str) -> None:
    """The order is suspended: clocks whose limit names the reason rest, the others run on."""
    desk = await _Desk.of(tx, stamp, order)
    for page in desk.pages:
        if page.clock.terms.rests_for(reason):
            clockwork.pause(page, reason)
    await desk.close()


async def resume(tx: Tx, stamp: Stamp, order: WorkOrder, at: datetime | None = None) -> None:
    """The order goes on, since `at`: a suspension does not last longer than was said."""
    desk = await _Desk.of(tx, stamp, order)
    for page in desk.pages:
        if page.clock.paused_because != clockwork.MERGED:
            clockwork.resume(page, at=at)
    await desk.close()


async def follow_master(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    """The order follows another: its clocks run on, rest, or do as that one's do."""
    assert order.master_id is not None
    masters = (await clocks.of_orders(tx, [order.master_id]))[order.master_id]
    desk = await _Desk.of(tx, stamp, order)
    for page in desk.own():
        clockwork.resume(page)  # whatever suspended it ends by the merge
        rule = page.clock.terms.merged
        if rule is Merged.PAUSES:
            clockwork.pause(page, clockwork.MERGED)
        elif rule is Merged.MIRRORS:
            clockwork.follow(page, order.master_id)
            _as_it_stands(page, masters)
    await desk.close()


async def stand_alone(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    """The order follows nobody any more: its clocks are its own, and go on."""
    desk = await _Desk.of(tx, stamp, order)
    for page in desk.own():
        clockwork.resume(page)
        clockwork.stand_alone(page)
    await desk.close()


async def acknowledge(tx: Tx, stamp: Stamp, ids: Collection[UUID]) -> None:
    """Somebody has taken these up: their ladders are climbed no further."""
    pages = []
    for clock, _ in await clocks.lock_these(tx, list(ids)):
        page = Page(clock, stamp.by, stamp.at)
        clockwork.acknowledge(page)
        pages.append(page)
    await clocks.save(tx, pages)


def _as_it_stands(page: Page, masters: Iterable[Clock]) -> None:
    """What its master has done already, it has done too."""
    same = [clock for clock in masters if clock.kind == page.clock.kind]
    if not same:
        return
    last = max(same, key=lambda clock: clock.generation)
    if last.ended:
        clockwork.stop(page)
    elif last.paused_because is not None:
        clockwork.pause(page, last.paused_because)


class _Desk:
    """The clocks of one order, and those that do as they do, open to be written about."""

    def __init__(self, tx: Tx, stamp: Stamp, order: WorkOrder, found: Iterable[Clock]) -> None:
        self._tx, self._stamp, self._order = tx, stamp, order
        self.pages = [Page(clock, stamp.by, stamp.at) for clock in found]
        self._known = {page.clock.id for page in self.pages}

    @classmethod
    async def of(cls, tx: Tx, stamp: Stamp, order: WorkOrder) -> "_Desk":
        return cls(tx, stamp, order, await clocks.lock_of(tx, order.id))

    def own(self) -> list[Page]:
        return [page for page in self.pages if page.clock.order_id == self._order.id]

    def stop(self, fact: Fact) -> None:
        for page in self.pages:
            if fact in page.clock.terms.stops:
                clockwork.stop(page)
        if fact in _OVER:
            for page in self.own():
                clockwork.give_up(page, fact)

    async def start(
        self,
        packs: Sequence[Pack],
        fact: Fact,
        at: datetime,
        promised: Sequence[Promise] = (),
    ) -> None:
        order = self._order
        found = limits_started(packs, fact, order.case_type, order.site.area, order.classes)
        known = await calendars.latest(self._tx, {one.target.calendar for _, one in found})
        told = {promise.kind: promise.due_at for promise in promised}
        for pack, limit in found:
            terms = _terms(pack, limit, packs, known[limit.target.calendar])
            page, again = self._page_for(limit, at)
            if page is not None:
                self._begin(page, terms, limit, at, told.get(limit.clock), again)

    def _page_for(self, limit: Limit, at: datetime) -> tuple[Page | None, int]:
        """Where its start is written, and the generation; None when nothing is to be started."""
        same = [page for page in self.own() if page.clock.kind == limit.clock]
        last = max(same, key=lambda page: page.clock.generation, default=None)
        generation = last.clock.generation + 1 if last else 1
        if last is not None:
            if limit.reopening is Reopening.CONTINUE:
                if last.clock.ended:
                    clockwork.go_on(last, generation, "reopened")
                return None, generation
            clockwork.give_up(last, "started again")
            if limit.reopening is Reopening.RESTART:
                return last, generation
        id = ClockId(new_id(self._stamp.at))
        page = Page(Whose(id, self._order.id, limit.clock), self._stamp.by, self._stamp.at)
        self.pages.append(page)
        return page, generation

    def _begin(
        self,
        page: Page,
        terms: Terms,
        limit: Limit,
        at: datetime,
        told: datetime | None,
        generation: int,
    ) -> None:
        budget = clockwork.budget_of(limit.target, terms.calendar, at)
        if told is not None:
            terms, budget = clockwork.as_told(terms, at, told)
        clockwork.start(page, terms, budget, at, generation, self._order.team)
        suspension = self._order.suspension
        if suspension is not None and terms.rests_for(suspension.reason):
            clockwork.pause(page, suspension.reason)

    async def close(self) -> None:
        """Write it all back, and say what is to be said."""
        fresh = [page for page in self.pages if page.clock.id not in self._known]
        clocks.add(self._tx, fresh)
        written = [page for page in self.pages if page.clock.id in self._known and page.lines]
        await clocks.save(self._tx, written)
        if fresh or written:
            self._tx.ring(CLOCK_BELL)
        await self._say(fresh + written)

    async def _say(self, pages: Sequence[Page]) -> None:
        loud = [page for page in pages if any(line.what is What.BREACHED for line in page.lines)]
        if not loud:
            return
        of_others = {page.clock.order_id for page in loud} - {self._order.id}
        known = {self._order.id: self._order}
        if of_others:
            known |= await orders.of_ids(self._tx, of_others)
        late = await firing.punctuality_now(self._tx, self._stamp)
        for page in loud:
            firing.say(self._tx, self._stamp, page, firing.about(known[page.clock.order_id]), late)


def _terms(pack: Pack, limit: Limit, packs: Sequence[Pack], calendar: Calendar) -> Terms:
    """What a clock of this limit runs by from today on."""
    number = next(n for n, one in enumerate(pack.limits, start=1) if one is limit)
    ladder, ladder_from = None, None
    if limit.ladder is not None:
        its = next(one for one in reversed(packs) if limit.ladder in (one.ladders or {}))
        ladder, ladder_from = (its.ladders or {})[limit.ladder], (its.id, its.version)
    return Terms(
        pack.id,
        pack.version,
        number,
        limit.promised,
        limit.stops,
        calendar,
        limit,
        ladder_from,
        ladder,
    )
