"""Clocks are changed from outside: other limits, a correction, a rebuild from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.workorders.domain import clockwork, correcting
from services.workorders.domain.clock import Clock, State, Terms
from services.workorders.domain.correcting import CorrectionId, Proposal
from services.workorders.domain.counted import Correction, Mode, runs_of
from services.workorders.domain.ledger import Page, fold
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Pack
from services.workorders.events import clocks as events
from services.workorders.store import calendars, clocks, corrections, ledgers, orders
from services.workorders.store.clocks import About
from services.workorders.use_cases import firing
from services.workorders.use_cases.open_clocks import terms_by
from shared.audit import record
from shared.db import Tx
from shared.http import check_expected
from shared.ids import new_id
from shared.outbox import publish
from shared.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Change:
    """A clock before and after; the same where the new policies say nothing else about it."""

    before: Clock
    after: Clock
    order: WorkOrder

    @property
    def breaches(self) -> bool:
        """It will have breached by the change, and had not."""
        return self.before.state is not State.BREACHED and self.after.state is State.BREACHED

    @property
    def recovers(self) -> bool:
        """It had breached, and will not have."""
        return self.before.state is State.BREACHED and self.after.state is not State.BREACHED


async def would_become(
    tx: Tx, stamp: Stamp, ids: Sequence[UUID], packs: Sequence[Pack], mode: Mode
) -> list[Change]:
    """What `retarget` would make of these clocks. Nothing is locked or written."""
    found = await clocks.these(tx, ids)
    return [change for change, _ in await _retargeted(tx, stamp, found, packs, mode, "preview")]


async def retarget(
    tx: Tx, stamp: Stamp, ids: Sequence[UUID], packs: Sequence[Pack], mode: Mode, reason: str
) -> list[Change]:
    """Let these clocks run by `packs` from now on; what they have rested is kept."""
    found = await clocks.lock_these(tx, ids)
    changes = await _retargeted(tx, stamp, found, packs, mode, reason)
    pages = [page for _, page in changes]
    await _write_back(tx, stamp, {clock.id: about for clock, about in found}, pages)
    return [change for change, _ in changes]


async def propose_correction(
    tx: Tx,
    stamp: Stamp,
    id: UUID,
    region: str,
    expected: int | None,
    told: Correction,
    reason: str,
) -> Proposal:
    """Say how it was in truth. Raises CorrectionPending, NotCorrectable, ImpossibleCorrection."""
    clock, _ = await clocks.lock(tx, id, region)
    check_expected(expected, clock.entries)
    correcting.check(clock, told, stamp.at)
    proposal = Proposal(CorrectionId(new_id(stamp.at)), clock.id, told, reason, stamp.by, stamp.at)
    await corrections.add(tx, proposal)
    record(tx, stamp, "clock.correction_proposed", clock.order_id, clock=str(clock.id))
    return proposal


async def confirm_correction(
    tx: Tx, stamp: Stamp, id: UUID, region: str, expected: int | None
) -> Clock:
    """It counts from now on. Raises NothingProposed, SecondPersonNeeded."""
    clock, about = await clocks.lock(tx, id, region)
    check_expected(expected, clock.entries)
    proposal = (await corrections.pending(tx, id)).confirm(stamp.by, stamp.at)
    correcting.check(clock, proposal.correction, stamp.at)
    await corrections.save(tx, proposal)
    page = Page(clock, stamp.by, stamp.at)
    lines = (await ledgers.of_clocks(tx, [id]))[id]
    newest = await clocks.newest_generations(tx, [id])
    clockwork.correct(
        page,
        proposal.correction,
        runs_of(lines),
        newest[id] + 1,
        proposal.reason,
        proposal.proposed_by,
    )
    await _write_back(tx, stamp, {clock.id: about}, [page])
    corrected = events.corrected(clock, page.clock, about.facts(), stamp.at, proposal.reason)
    publish(tx, corrected, stamp, sequence=about.said)
    record(tx, stamp, "clock.corrected", clock.order_id, clock=str(clock.id))
    return _now(page)


async def reject_correction(tx: Tx, stamp: Stamp, id: UUID, region: str, because: str) -> Proposal:
    """It was not so after all. Raises NothingProposed."""
    clock, _ = await clocks.lock(tx, id, region)
    proposal = (await corrections.pending(tx, id)).reject(stamp.by, stamp.at, because)
    await corrections.save(tx, proposal)
    record(tx, stamp, "clock.correction_rejected", clock.order_id, clock=str(clock.id))
    return proposal


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the ledger makes of a clock. `different`: where the row said something else."""

    clock: Clock
    different: dict[str, tuple[Any, Any]]


async def rebuild(tx: Tx, stamp: Stamp, ids: Sequence[UUID]) -> list[Rebuilt]:
    """Make these clocks anew from their ledgers. A row that differs is replaced, and audited."""
    found = await clocks.lock_these(tx, ids)
    lines = await ledgers.of_clocks(tx, [clock.id for clock, _ in found])
    rebuilt = [_compared(clock, fold(clock.whose, lines[clock.id])) for clock, _ in found]
    wrong = [one for one in rebuilt if one.different]
    await clocks.replace(tx, [one.clock for one in wrong])
    for one in wrong:
        names = ", ".join(sorted(one.different))
        record(tx, stamp, "clock.rebuilt", one.clock.order_id, clock=str(one.clock.id), was=names)
    return rebuilt


def _compared(stored: Clock, rebuilt: Clock) -> Rebuilt:
    pairs = {name: (getattr(stored, name), getattr(rebuilt, name)) for name in clocks.COMPARED}
    return Rebuilt(rebuilt, {name: pair for name, pair in pairs.items() if pair[0] != pair[1]})


async def _retargeted(
    tx: Tx,
    stamp: Stamp,
    found: Sequence[tuple[Clock, About]],
    packs: Sequence[Pack],
    mode: Mode,
    reason: str,
) -> list[tuple[Change, Page]]:
    ids = [clock.id for clock, _ in found]
    its_orders = await orders.of_ids(tx, {clock.order_id for clock, _ in found})
    newest = await clocks.newest_generations(tx, ids)
    lines = await ledgers.of_clocks(tx, ids) if mode is Mode.FROM_CREATION else {}
    names = {limit.target.calendar for pack in packs for limit in pack.limits}
    known = await calendars.latest(tx, names)
    changes = []
    for clock, _ in found:
        page = Page(clock, stamp.by, stamp.at)
        order = its_orders[clock.order_id]
        terms = _terms_now(clock, order, packs, known)
        if terms is not None and not _same(terms, clock.terms) and not _as_told(clock):
            assert terms.limit is not None
            runs = runs_of(lines.get(clock.id, ()))
            target, generation = terms.limit.target, newest[clock.id] + 1
            clockwork.retarget(page, terms, target, mode, runs, generation, reason)
        changes.append((Change(clock, page.clock, order), page))
    return changes


def _terms_now(clock: Clock, order: WorkOrder, packs: Sequence[Pack], known: Any) -> Terms | None:
    """What `packs` say about such a clock on such an order; None when they say nothing."""
    for pack in packs:
        for limit in pack.limits:
            if limit.clock == clock.kind and limit.fits(
                order.case_type, order.site.area, order.classes
            ):
                return terms_by(pack, limit, packs, known[limit.target.calendar])
    return None


def _same(new: Terms, old: Terms) -> bool:
    """Nothing that a clock runs by is different: no line is written about a mere new name."""
    return (new.limit, new.ladder, new.calendar) == (old.limit, old.ladder, old.calendar)


def _as_told(clock: Clock) -> bool:
    """The customer was told another time than the limit's: that stands, whatever policies say."""
    target = clock.terms.limit.target if clock.terms.limit else None
    return target is not None and target.time is not None and target.time != clock.budget


async def _write_back(
    tx: Tx, stamp: Stamp, abouts: dict[Any, About], pages: Sequence[Page]
) -> None:
    written = [page for page in pages if page.lines]
    if not written:
        return
    await clocks.save(tx, written)
    tx.ring(firing.CLOCK_BELL)
    punctual = await firing.punctuality_now(tx, stamp)
    for page in written:
        firing.say(tx, stamp, page, abouts[page.clock.id], punctual)


def _now(page: Page) -> Clock:
    clock: Clock = page.clock
    return clock
