"""Mutations of workorders."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from services.workorders import consumers as workorders_consumers
from services.workorders.domain import clockwork, following, judging, pausing, protected
from services.workorders.domain.bulk import Action, Outcome
from services.workorders.domain.clock import Clock
from services.workorders.domain.order import WorkOrder
from services.workorders.store import (
    bulk_jobs,
    calendars,
    clocks,
    groups,
    orders,
    outages,
    situation,
)
from services.workorders.use_cases import bulk_actions, retyping, routing
from services.workorders.use_cases import bulk_jobs as bulk_use_cases
from shared.db import Tx
from tests.mutations.breaking import Mutations, put


def timer_without_state_check() -> None:
    """What has breached is due for ever."""
    put(clocks, "_DUE", clocks._DUE.replace("c.wake_at", "c.due_at"))
    put(Clock, "overdue", lambda self, at: self.due_at is not None and self.due_at < at)


def two_workers_fire_the_same() -> None:
    put(clocks, "_DUE", clocks._DUE.replace("FOR UPDATE OF c SKIP LOCKED", ""))


def late_counts_as_met() -> None:
    put(clockwork, "_catch_up", lambda page: None)


def editors_overwrite_one_another() -> None:
    put(calendars, "check_expected", lambda expected, version: None)


def an_ending_is_told_every_second() -> None:
    async def note_told(*_: Any) -> bool:
        return True

    put(calendars, "note_told", note_told)


def if_match_is_not_looked_at() -> None:
    put(orders, "check_expected", lambda expected, version: None)


def only_the_last_handler_counts() -> None:
    def not_own_work(order: Any, by: str) -> None:
        if by == order.handler:
            raise judging.OwnWork

    put(judging, "_not_own_work", not_own_work)


def pauses_begin_when_asked_for() -> None:
    original = pausing._rest
    put(pausing, "_rest", lambda asked, by, at: replace(original(asked, by, at), since=asked.at))


def one_approves_ones_own_request() -> None:
    original = pausing.approve
    put(pausing, "approve", lambda order, by, *more: original(order, f"not {by}", *more))


def protection_never_ends() -> None:
    put(protected.ProtectedCustomer, "valid", lambda self, at: self.valid_from <= at)


def health_is_shown_to_all() -> None:
    put(protected, "hides", lambda code, role: False)


def two_workers_take_the_same_items() -> None:
    async def lock_waiting(tx: Tx, id: Any, limit: int | None = None) -> Any:
        waiting = await bulk_jobs.items(tx, id, Outcome.WAITING, cursor=None, limit=limit or 9)
        return waiting

    put(bulk_jobs, "lock_waiting", lock_waiting)


def bulk_jobs_see_every_region() -> None:
    aim = bulk_use_cases.Aim
    put(bulk_use_cases, "Aim", lambda id, region, expected: aim(id, "", expected))


def undo_overrules_what_came_since() -> None:
    async def unsupervise(tx: Any, stamp: Any, aim: Any, before: Any, because: str) -> None:
        await bulk_actions.concerns.release(tx, stamp, aim, because)

    bulk_actions._OPPOSITES[Action.SUPERVISION] = unsupervise


def orders_keep_what_came_with_the_fact() -> None:
    put(workorders_consumers, "_known_here", lambda event: event)


def what_is_learned_moves_no_order() -> None:
    async def reconsider(tx: Tx, stamp: Any, order: Any, *more: Any) -> Any:
        return order, ()

    put(routing, "reconsider", reconsider)


def danger_sends_it_back_to_who_had_it() -> None:
    put(routing, "_where_it_is", lambda case, order, past: replace(case, holder=order.team))


def another_type_keeps_its_clocks() -> None:
    async def follow_type(*_: Any) -> None:
        pass

    put(retyping, "follow_type", follow_type)


def promises_follow_a_new_name() -> None:
    put(Clock, "promised", False)


def what_is_over_is_waited_for() -> None:
    put(retyping, "_to_begin", lambda order, asked, since, coming: [
        (*by, since[by[1].starts]) for by in asked.values() if by[1].starts in since
    ])  # fmt: skip


def only_faults_are_followed() -> None:
    async def followed(tx: Tx, ids: Any) -> set[UUID]:
        return set()

    put(groups, "followed", followed)


def a_reply_to_anything_restores_power() -> None:
    original = following.follow

    def follow(order: WorkOrder, reply: Any, at: Any) -> WorkOrder:
        followed = original(order, reply, at)
        return replace(followed, steps=replace(followed.steps, repaired_at=at))

    put(following, "follow", follow)


def followers_hear_what_nobody_reviewed() -> None:
    put(WorkOrder, "reviewed_reply", property(lambda self: self.reply))


def polls_read_the_table() -> None:
    put(clocks, "_ANY_DUE", "SELECT 1 FROM clocks WHERE wake_at < $1 LIMIT 1")


def outages_are_looked_through_one_by_one() -> None:
    put(outages, "_PROVINCE", 6)


_PLANS = "tests/service/workorders/test_plans.py"
_SHARED = "tests/service/shared"


def orders_of_one_batch_do_not_count() -> None:
    put(situation, "since", lambda tx, who, at: who)


def what_was_asked_ahead_outlives_a_change() -> None:
    class Kept(dict[Any, Any]):
        def clear(self) -> None:
            pass

        def pop(self, key: Any, *default: Any) -> Any:
            return self.get(key, *default)

    begun = Tx.__init__

    def init(self: Any, *args: Any, **more: Any) -> None:
        begun(self, *args, **more)
        self.ahead = Kept()

    put(Tx, "__init__", init)


_CONFIDENTIAL = "tests/service/test_confidential.py"
_BULK = "tests/service/workorders/test_bulk_jobs.py"
_RECONSIDERED = "tests/service/workorders/test_reconsidered.py"
_RELABELLED = "tests/service/workorders/test_relabelled.py"
_FOLLOWING = "tests/service/workorders/test_following.py"
_TROUBLE = "tests/service/test_trouble.py"

# Each with the tests that must notice.
MUTATIONS: Mutations = {
    timer_without_state_check: _TROUBLE,
    two_workers_fire_the_same: f"{_SHARED}/test_time_door.py",
    late_counts_as_met: "tests/unit/workorders/test_clocks_stop.py",
    editors_overwrite_one_another: "tests/service/workorders/test_calendars.py",
    an_ending_is_told_every_second: "tests/service/workorders/test_calendars.py",
    if_match_is_not_looked_at: "tests/service/workorders/test_if_match.py",
    only_the_last_handler_counts: "tests/service/workorders/test_closing.py",
    pauses_begin_when_asked_for: "tests/service/workorders/test_pauses.py",
    one_approves_ones_own_request: "tests/service/workorders/test_pauses.py",
    protection_never_ends: "tests/service/workorders/test_protected.py",
    health_is_shown_to_all: "tests/service/workorders/test_protected.py",
    two_workers_take_the_same_items: _BULK,
    bulk_jobs_see_every_region: _BULK,
    undo_overrules_what_came_since: _BULK,
    orders_keep_what_came_with_the_fact: _CONFIDENTIAL,
    what_is_learned_moves_no_order: _RECONSIDERED,
    danger_sends_it_back_to_who_had_it: _RECONSIDERED,
    another_type_keeps_its_clocks: _RELABELLED,
    promises_follow_a_new_name: _RELABELLED,
    what_is_over_is_waited_for: _RELABELLED,
    only_faults_are_followed: _FOLLOWING,
    a_reply_to_anything_restores_power: _FOLLOWING,
    followers_hear_what_nobody_reviewed: _FOLLOWING,
    polls_read_the_table: _PLANS,
    outages_are_looked_through_one_by_one: _PLANS,
    orders_of_one_batch_do_not_count: "tests/service/workorders/test_at_once.py",
    what_was_asked_ahead_outlives_a_change: "tests/service/workorders/test_at_once.py",
}
