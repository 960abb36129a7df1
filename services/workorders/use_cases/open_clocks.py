"""The clocks of some orders, open to be written about; written back all at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.workorders.domain import clockwork
from services.workorders.domain.clock import Clock, ClockId, Terms, What, Whose
from services.workorders.domain.counted import Mode
from services.workorders.domain.ledger import Page
from services.workorders.domain.limit import Fact, Limit, Merged, Reopening
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Pack, limits_started
from services.workorders.store import calendars, clocks, orders
from services.workorders.store.clocks import About
from services.workorders.use_cases import firing
from shared.calendar import Calendar, NoCalendar
from shared.contracts.intake import Promise
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp

# Nothing is waited for any more when one of these is true of an order.
_OVER = frozenset({Fact.ARCHIVED, Fact.CANCELLED})
_Started = list[tuple[Pack, Limit]]


class OpenClocks:
    """Locked clocks as pages of their ledgers. `close` writes back, and says what is to be said."""

    def __init__(
        self, tx: Tx, stamp: Stamp, orders: Iterable[WorkOrder], found: Iterable[Clock] = ()
    ) -> None:
        self._tx, self._stamp = tx, stamp
        self._orders = {order.id: order for order in orders}
        self._pages: list[Page] = []
        self._stored: set[UUID] = set()
        self._take(found)

    @classmethod
    async def of(cls, tx: Tx, stamp: Stamp, *orders: WorkOrder) -> "OpenClocks":
        """Every clock of these orders, and every one that does as theirs do."""
        found = await clocks.lock_of(tx, [order.id for order in orders])
        return cls(tx, stamp, orders, found)

    def own(self, order: WorkOrder) -> list[Page]:
        return [page for page in self._pages if page.clock.order_id == order.id]

    def touched_by(self, order: WorkOrder) -> list[Page]:
        """Its own, and those that do as they do."""
        return [p for p in self._pages if order.id in (p.clock.order_id, p.clock.mirrors)]

    def stop(self, order: WorkOrder, fact: Fact) -> None:
        """Met, or breached when it is too late; an order that is over leaves nothing running."""
        for page in self.touched_by(order):
            if fact in page.clock.terms.stops:
                clockwork.stop(page)
        if fact in _OVER:
            for page in self.own(order):
                clockwork.give_up(page, fact)

    async def start(
        self,
        order: WorkOrder,
        packs: Sequence[Pack],
        fact: Fact,
        at: datetime,
        promised: Sequence[Promise] = (),
        *,
        fresh: bool = False,
    ) -> None:
        """Start what `fact` starts on the order, and (unless it is new) on its followers."""
        found = limits_started(packs, fact, order.case_type, order.site.area, order.classes)
        if not found:
            return
        told = {promise.kind: promise.due_at for promise in promised}
        await self._start(order, packs, found, at, told)
        if not fresh and any(limit.merged is Merged.MIRRORS for _, limit in found):
            await self._start_on_followers(order, packs, fact, at)

    async def resume(self, page: Page, at: datetime | None = None) -> None:
        """It goes on, by a newer version of its calendar when its own has ended meanwhile."""
        try:
            clockwork.resume(page, at)
        except NoCalendar:
            terms: Terms = page.clock.terms
            newest = await calendars.latest(self._tx, [terms.calendar.name])
            by = replace(terms, calendar=newest[terms.calendar.name])
            clockwork.resume(page, at, by)

    async def begin(
        self,
        order: WorkOrder,
        packs: Sequence[Pack],
        found: Iterable[tuple[Pack, Limit, datetime]],
    ) -> list[Page]:
        """Start these, each since then, as clocks of their own."""
        begun = []
        for pack, limit, at in found:
            terms = await self._terms(packs, pack, limit)
            page = self._new_page(order, limit)
            self._begin(page, order, terms, at, None, self._next_generation(order, limit.clock))
            begun.append(page)
        return begun

    async def retarget(
        self, page: Page, order: WorkOrder, packs: Sequence[Pack], by: tuple[Pack, Limit], why: str
    ) -> None:
        """It runs by this limit from now on, with what it has used; it rests if that one does."""
        terms = await self._terms(packs, *by)
        generation = self._next_generation(order, page.clock.kind)
        clockwork.retarget(page, terms, by[1].target, Mode.FROM_CHANGE, (), generation, why)
        if order.suspension is None:
            return
        if terms.rests_for(order.suspension.reason):
            clockwork.pause(page, order.suspension.reason)
        else:
            await self.resume(page)

    async def close(self) -> None:
        fresh = [page for page in self._pages if page.clock.id not in self._stored]
        written = [p for p in self._pages if p.lines and p.clock.id in self._stored]
        clocks.add(self._tx, fresh)
        await clocks.save(self._tx, written)
        if fresh or written:
            self._tx.ring(firing.CLOCK_BELL)
        await self._say(fresh + written)

    def _take(self, found: Iterable[Clock]) -> list[Page]:
        by, at = self._stamp.by, self._stamp.at
        pages = [Page(clock, by, at) for clock in found if clock.id not in self._stored]
        self._pages += pages
        self._stored |= {page.clock.id for page in pages}
        return pages

    async def _start(
        self,
        order: WorkOrder,
        packs: Sequence[Pack],
        found: _Started,
        at: datetime,
        told: dict[str, datetime],
    ) -> list[Page]:
        known = await calendars.latest(self._tx, {one.target.calendar for _, one in found})
        started = []
        for pack, limit in found:
            page, generation = self._page_for(order, limit)
            if page is not None:
                terms = terms_by(pack, limit, packs, known[limit.target.calendar])
                self._begin(page, order, terms, at, told.get(limit.clock), generation)
                started.append(page)
        return started

    async def _start_on_followers(
        self, master: WorkOrder, packs: Sequence[Pack], fact: Fact, at: datetime
    ) -> None:
        """What the master's crew begins now, it begins for those who wait behind it, too."""
        followers = await orders.following(self._tx, master.id)
        if not followers:
            return
        self._orders |= {one.id: one for one in followers}
        self._take(await clocks.lock_of(self._tx, [one.id for one in followers]))
        for one in followers:
            found = limits_started(packs, fact, one.case_type, one.site.area, one.classes)
            mirrored = [(pack, it) for pack, it in found if it.merged is Merged.MIRRORS]
            for page in await self._start(one, packs, mirrored, at, {}):
                clockwork.follow(page, master.id)

    def _page_for(self, order: WorkOrder, limit: Limit) -> tuple[Page | None, int]:
        """Where its start is written, and which generation; no page when nothing is started."""
        same = [page for page in self.own(order) if page.clock.kind == limit.clock]
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
        return self._new_page(order, limit), generation

    def _new_page(self, order: WorkOrder, limit: Limit) -> Page:
        id = ClockId(new_id(self._stamp.at))
        page = Page(Whose(id, order.id, limit.clock), self._stamp.by, self._stamp.at)
        self._pages.append(page)
        return page

    def _next_generation(self, order: WorkOrder, kind: str) -> int:
        clocks_of_it = [page.clock for page in self.own(order) if isinstance(page.clock, Clock)]
        return 1 + max((one.generation for one in clocks_of_it if one.kind == kind), default=0)

    async def _terms(self, packs: Sequence[Pack], pack: Pack, limit: Limit) -> Terms:
        known = await calendars.latest(self._tx, [limit.target.calendar])
        return terms_by(pack, limit, packs, known[limit.target.calendar])

    def _begin(
        self,
        page: Page,
        order: WorkOrder,
        terms: Terms,
        at: datetime,
        told: datetime | None,
        generation: int,
    ) -> None:
        if told is not None:
            terms, budget = clockwork.as_told(terms, at, told)
        else:
            assert terms.limit is not None
            budget = clockwork.budget_of(terms.limit.target, terms.calendar, at)
        clockwork.start(page, terms, budget, at, generation, order.team)
        if order.suspension is not None and terms.rests_for(order.suspension.reason):
            clockwork.pause(page, order.suspension.reason, max(at, order.suspension.since))

    async def _say(self, pages: Sequence[Page]) -> None:
        loud = [page for page in pages if any(line.what is What.BREACHED for line in page.lines)]
        if not loud:
            return
        if others := {page.clock.order_id for page in loud} - self._orders.keys():
            self._orders |= await orders.of_ids(self._tx, others)
        punctual = await firing.punctuality_now(self._tx, self._stamp)
        for page in loud:
            its_order = About.of(self._orders[page.clock.order_id])
            firing.say(self._tx, self._stamp, page, its_order, punctual)


def terms_by(pack: Pack, limit: Limit, packs: Sequence[Pack], calendar: Calendar) -> Terms:
    """What a clock of this limit of `pack` runs by; its ladder is one of those in force."""
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
