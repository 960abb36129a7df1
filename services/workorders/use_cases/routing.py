"""Where an order goes: decided here and nowhere else, with reasons that are kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.workorders.domain.conditions import words_about
from services.workorders.domain.deciding import by_hand, decide, kept, unruled
from services.workorders.domain.moves import UNCLAIMED
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.policy import Fact
from services.workorders.domain.routing import Candidate, Case, Cause, Decision, Pending
from services.workorders.events import orders as events
from services.workorders.store import decisions, orders, shifts, situation
from services.workorders.store.decisions import Decided
from services.workorders.store.situation import Situation
from services.workorders.use_cases.moved import note, say, settle
from shared.db import Tx
from shared.errors import Conflict
from shared.stamp import Stamp

ROUTING_BELL = "routing"
_UNRULED = timedelta(minutes=1)  # until rules are looked for again
_AT_ONCE = 50  # orders routed again in one transaction: their teams wait for it


class NoSuchTeam(Conflict):
    """There is no such team for this order."""


class ReturnedIt(Conflict):
    """That team gave the order back in this round; only a supervisor may send it there again."""


async def dispatch(
    tx: Tx, stamp: Stamp, order: WorkOrder, who: Situation | None = None, *, cause: Cause
) -> WorkOrder:
    """Dispatched to the team that should have it; pending, with the reason, when there is none.

    The order is not saved here. `who`: the situation, if it is known already.
    """
    who = who or await situation.now(tx, order, stamp.at)
    case = _case(tx, stamp, order, who)
    if not cause.begins_a_round:
        case = await _with_its_past(tx, order, case)
    return await _dispatched(tx, stamp, order, who, case, cause)


async def send(tx: Tx, stamp: Stamp, order: WorkOrder, team: str, why: str) -> WorkOrder:
    """Dispatched to this team, for somebody said so. Raises NoSuchTeam, ReturnedIt."""
    decision = await _by_hand(tx, stamp, order, team, why)
    assert decision.routing is not None
    order = order.dispatch(decision.routing)
    decisions.add(tx, stamp, order, Cause.BY_HAND, decision)
    order = say(tx, stamp, order, "dispatched", events.dispatched(order, stamp.at), team=team)
    return order


async def reassign(tx: Tx, stamp: Stamp, order: WorkOrder, team: str, reason: str) -> WorkOrder:
    """Another team has it now, for somebody said so. Raises NoSuchTeam, ReturnedIt."""
    decision = await _by_hand(tx, stamp, order, team, reason)
    return _reassigned(tx, stamp, order, Cause.BY_HAND, decision, reason)


async def check_serves(tx: Tx, stamp: Stamp, order: WorkOrder, team: str) -> None:
    """Raises NoSuchTeam when that team does not serve there."""
    _serving(await situation.now(tx, order, stamp.at), order, team)


def back_to_the_team(tx: Tx, stamp: Stamp, order: WorkOrder, why: str) -> WorkOrder:
    """Nobody handles it any more; its team keeps it."""
    order = order.give_back(why)
    assert order.routing is not None
    decisions.add(tx, stamp, order, Cause.OFF_SHIFT, kept(order.routing))
    event = events.reassigned(order, stamp.at, order.team, why)
    team = order.team
    return say(tx, stamp, order, "reassigned", event, before=team, team=team, reason=why)


async def follow_named(tx: Tx, stamp: Stamp, order: WorkOrder, target: str) -> WorkOrder:
    """A returned order: to the team that was named, if it can have it; else by the rules.

    Raises NoSuchTeam when the named team does not serve there.
    """
    who = await situation.now(tx, order, stamp.at)
    _serving(who, order, target)
    case = await _with_its_past(tx, order, _case(tx, stamp, order, who))
    case = replace(case, named=target)
    return await _dispatched(tx, stamp, order, who, case, Cause.RETURNED)


async def reconsider(
    tx: Tx, stamp: Stamp, order: WorkOrder, cause: Cause, reason: str
) -> tuple[WorkOrder, Sequence[Fact]]:
    """More is known of an order than when it was sent: if nobody has claimed it, decided again.

    It goes elsewhere only when the rules now choose another team, and to none that had it before in
    this round; where a person's word sent it, it stays. Not saved here. Returns what became true.
    """
    if order.status not in UNCLAIMED:
        return order, ()
    who = await situation.now(tx, order, stamp.at)
    if order.routing is None:
        case = await _with_its_past(tx, order, _case(tx, stamp, order, who))
        order = await _dispatched(tx, stamp, order, who, case, cause)
        return order, [Fact.DISPATCHED] if order.team else ()
    past = _had_it(await decisions.of_order(tx, order.id))
    if _by_word(past):
        decisions.add(tx, stamp, order, cause, kept(order.routing))
        return order, ()
    case = _where_it_is(_case(tx, stamp, order, who), order, past)
    decision = _decide(tx, order, _without_it(who, order), case)
    if decision.routing is None or decision.team == order.team:
        decisions.add(tx, stamp, order, cause, decision)
        return (order.keep(decision.routing) if decision.routing else order), ()
    return _reassigned(tx, stamp, order, cause, decision, reason), [Fact.DISPATCHED]


async def look_again(tx: Tx, stamp: Stamp, limit: int) -> list[datetime]:
    """Orders that nobody claimed in time, and those without a team. Returns when each was due."""
    due = []
    for order in await orders.lock_to_route(tx, stamp.at, min(limit, _AT_ONCE)):
        assert order.route_at is not None
        due.append(order.route_at)
        if order.routing is None:
            await _try_again(tx, stamp, order)
        else:
            await _take_fallback(tx, stamp, order)
    return due


async def wake(tx: Tx, stamp: Stamp, serves: Sequence[str]) -> None:
    """Who works in these regions has changed: orders without a team there are routed again."""
    if await orders.route_waiting(tx, serves, stamp.at):
        tx.ring(ROUTING_BELL)


async def _dispatched(
    tx: Tx, stamp: Stamp, order: WorkOrder, who: Situation, case: Case, cause: Cause
) -> WorkOrder:
    decision = _decide(tx, order, who, case)
    decisions.add(tx, stamp, order, cause, decision)
    if decision.routing is None:
        return order.wait(await _pending(tx, who, case, decision))
    order = order.dispatch(decision.routing)
    order = say(tx, stamp, order, "dispatched", events.dispatched(order, stamp.at), team=order.team)
    return order


async def _try_again(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    """Still nobody: kept as it is, without another decision when the reasons are the same."""
    who = await situation.now(tx, order, stamp.at)
    case = await _with_its_past(tx, order, _case(tx, stamp, order, who))
    decision = _decide(tx, order, who, case)
    if decision.routing is None:
        pending = await _pending(tx, who, case, decision)
        if order.pending is None or pending.because != order.pending.because:
            decisions.add(tx, stamp, order, Cause.WAITING, decision)
        await orders.save(tx, order.wait(pending))
        return
    order = order.dispatch(decision.routing)
    decisions.add(tx, stamp, order, Cause.WAITING, decision)
    order = say(tx, stamp, order, "dispatched", events.dispatched(order, stamp.at), team=order.team)
    await settle(tx, stamp, order, Fact.DISPATCHED)


async def _take_fallback(tx: Tx, stamp: Stamp, order: WorkOrder) -> None:
    who = await situation.now(tx, order, stamp.at)
    case = await _with_its_past(tx, order, _case(tx, stamp, order, who), unclaimed=True)
    decision = _decide(tx, order, who, case)
    if decision.routing is None:
        decisions.add(tx, stamp, order, Cause.UNCLAIMED, decision)
        note(tx, stamp, order, "unclaimed")
        await orders.save(tx, order.stay("unclaimed, but there is nobody else for it"))
        return
    order = _reassigned(tx, stamp, order, Cause.UNCLAIMED, decision, "not claimed in time")
    await settle(tx, stamp, order, Fact.DISPATCHED)


def _reassigned(
    tx: Tx, stamp: Stamp, order: WorkOrder, cause: Cause, decision: Decision, reason: str
) -> WorkOrder:
    assert decision.routing is not None
    before = order.team
    order = order.reassign(decision.routing)
    decisions.add(tx, stamp, order, cause, decision)
    event = events.reassigned(order, stamp.at, before, reason)
    team = order.team
    return say(tx, stamp, order, "reassigned", event, before=before, team=team, reason=reason)


async def _by_hand(tx: Tx, stamp: Stamp, order: WorkOrder, team: str, why: str) -> Decision:
    who = await situation.now(tx, order, stamp.at)
    chosen = _serving(who, order, team)
    if team in _returned_it(order) and stamp.role != "supervisor":
        raise ReturnedIt(team=team)
    return by_hand(chosen, why)


def _serving(who: Situation, order: WorkOrder, team: str) -> Candidate:
    """Raises NoSuchTeam."""
    for candidate in who.teams:
        if candidate.code == team and candidate.reach(order.site.region) is not None:
            return candidate
    raise NoSuchTeam(team=team)


def _decide(tx: Tx, order: WorkOrder, who: Situation, case: Case) -> Decision:
    if who.ruling is None:
        return unruled()
    rules, conditions = who.ruling.rules, who.ruling.conditions
    represented = case.representative is not None
    words = words_about(order, case.at, tx.zone, order.classes, represented)
    return decide(case, rules, who.teams, conditions.about(words).hold)


def _case(tx: Tx, stamp: Stamp, order: WorkOrder, who: Situation) -> Case:
    return Case(
        region=order.site.region,
        area=order.site.area,
        level=order.level,
        at=stamp.at,
        today=tx.day_of(stamp.at),
        spread=order.id.hex,
        tried=_returned_it(order),
        returned=_returned_it(order),
        representative=who.representative,
    )


async def _with_its_past(tx: Tx, order: WorkOrder, case: Case, *, unclaimed: bool = False) -> Case:
    """With the teams that had it in this round, and (unclaimed) the step that was waited for."""
    had_it = _had_it(await decisions.of_order(tx, order.id))
    tried = {one.team for one in had_it if one.team} | _returned_it(order)
    last = had_it[-1] if unclaimed and had_it else None
    if last is not None and last.rule is not None and last.step is not None:
        case = replace(case, waited=(last.rule, last.step))
    return replace(case, tried=frozenset(tried))


def _where_it_is(case: Case, order: WorkOrder, past: Sequence[Decided]) -> Case:
    """With the team that has it, which may keep it, and those that it does not go back to."""
    tried = {one.team for one in past if one.team} | case.tried
    named = order.handback.target if order.handback else None
    case = replace(case, tried=frozenset(tried - {order.team}), holder=order.team)
    if named == order.team:
        case = replace(case, named=named)
    moved_on = [one for one in past if one.cause is Cause.UNCLAIMED]
    if moved_on and moved_on[-1].rule is not None and moved_on[-1].step is not None:
        case = replace(case, waited=(moved_on[-1].rule, moved_on[-1].step - 1))
    return case


def _without_it(who: Situation, order: WorkOrder) -> Situation:
    """Its team, without the burden of this very order."""
    teams = [
        replace(team, load=max(0, team.load - 1)) if team.code == order.team else team
        for team in who.teams
    ]
    return replace(who, teams=tuple(teams))


def _had_it(decided: Sequence[Decided]) -> list[Decided]:
    """The decisions of this round by which some team had it."""
    return [one for one in decisions.of_round(decided) if one.team is not None]


def _by_word(past: Sequence[Decided]) -> bool:
    """No rule, but a person, sent it where it is."""
    sent = [one for one in past if one.cause is not Cause.OFF_SHIFT]
    return bool(sent) and sent[-1].rule is None


def _returned_it(order: WorkOrder) -> frozenset[str]:
    return frozenset(order.handback.teams if order.handback else ())


async def _pending(tx: Tx, who: Situation, case: Case, decision: Decision) -> Pending:
    """Tried again when the next shift starts there, at the latest after the rules' time."""
    if who.ruling is None:
        return Pending(decision.because, case.at + _UNRULED)
    latest = case.at + who.ruling.rules.retry
    starts_at = await shifts.next_start(tx, situation.prefixes(case.region), case.at)
    return Pending(decision.because, min(latest, starts_at or latest))
