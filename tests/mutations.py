"""Ways to break the mechanism on purpose; `python -m tests.mutate` shows that the tests notice.

A pytest plugin: `-p tests.mutations` with WATTLINE_MUTATION=<name> replaces something of ours
before the services are put together.
"""

import asyncio
import os
import traceback
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt
import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings

from services.intake.domain import Case
from services.notify import store as notify_store
from services.notify import use_cases as notify_use_cases
from services.notify.api import messages as notify_messages_door
from services.notify.api import receipts as notify_receipts
from services.notify.api import shown as notify_shown
from services.notify.domain import addresses, lattice, message, people, segments, words
from services.notify.store import messages as notify_messages
from services.notify.use_cases import telling
from services.workorders import consumers as workorders_consumers
from services.workorders.domain import clockwork, judging, pausing, protected
from services.workorders.domain.bulk import Action, Outcome
from services.workorders.domain.clock import Clock
from services.workorders.domain.order import WorkOrder
from services.workorders.store import bulk_jobs, calendars, clocks, groups, orders, outages
from services.workorders.use_cases import bulk_actions, retyping, routing
from services.workorders.use_cases import bulk_jobs as bulk_use_cases
from shared import (
    auth,
    http,
    idempotency,
    inbox,
    outbox,
    page,
    sealed,
    streaming,
    strict,
    telemetry,
)
from shared.calendar import Calendar, Definition
from shared.db import Tx
from shared.errors import Unauthenticated
from shared.tables import outbox as rows


def put(place: Any, name: str, new: Any) -> Any:
    """Replace what is there. Returns what it was."""
    old = getattr(place, name)
    setattr(place, name, new)
    return old


def marked_sent_before_sending() -> None:
    async def relay_once(connection: Any, sender: outbox.Sender, limit: int = 1000) -> int:
        waiting = (await connection.execute(outbox._unsent, {"limit": limit})).all()
        await outbox.mark_sent(connection, [row.seq for row in waiting])
        return await _send(sender, waiting)

    put(outbox, "relay_once", relay_once)


def relay_by_last_seq() -> None:
    async def relay_once(connection: Any, sender: Any, limit: int = 1000) -> int:
        newer = sa.select(rows).where(rows.c.seq > getattr(sender, "last", 0))
        waiting = (await connection.execute(newer.order_by(rows.c.seq).limit(limit))).all()
        sent = await _send(sender, waiting)
        if waiting:
            sender.last = waiting[-1].seq
        await outbox.mark_sent(connection, [row.seq for row in waiting])
        return sent

    put(outbox, "relay_once", relay_once)


def all_marked_after_an_error() -> None:
    async def relay_once(connection: Any, sender: outbox.Sender, limit: int = 1000) -> int:
        waiting = (await connection.execute(outbox._unsent, {"limit": limit})).all()
        try:
            return await _send(sender, waiting)
        finally:
            await outbox.mark_sent(connection, [row.seq for row in waiting])

    put(outbox, "relay_once", relay_once)


async def _send(sender: outbox.Sender, waiting: Sequence[Any]) -> int:
    outcomes = await sender.send_all(waiting) if waiting else []
    for error in outcomes:
        if error is not None:
            raise error
    return len(waiting)


def producer_kept_after_an_error() -> None:
    original = outbox.run_relay
    put(outbox, "run_relay", lambda db, new, stopping: original(db, cache(new), stopping))


def second_relay_without_the_lock() -> None:
    async def owned(connection: Any, stopping: Any) -> bool:
        return True

    put(outbox, "_own_the_relay", owned)


def no_inbox() -> None:
    async def claim(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
        return set(ids)

    put(inbox, "claim", claim)


def inbox_in_its_own_transaction() -> None:
    async def claim(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
        async with tx._connection.engine.begin() as another:
            return await original(Tx(another), ids)

    original = put(inbox, "claim", claim)


def no_skip_for_parked_keys() -> None:
    async def nobody(tx: Tx, messages: Sequence[inbox.Message]) -> set[tuple[str, str]]:
        return set()

    put(inbox, "_keys_with_parked", nobody)


def poison_is_dropped() -> None:
    async def park(*_: Any) -> None: ...

    put(inbox, "park", park)


def outage_taken_for_poison() -> None:
    put(inbox, "is_outage", lambda error: False)


def commit_after_the_answer() -> None:
    [depends] = http.Transaction.__metadata__  # type: ignore[attr-defined]
    object.__setattr__(depends, "scope", "request")


def no_idempotency() -> None:
    def answer(self: Any, body: Any, status: int = 201, version: int | None = None) -> Any:
        return idempotency._response(body.model_dump_json(), status, None)

    put(idempotency.Once, "answer", answer)


def keys_of_all_callers_in_one() -> None:
    def once(tx: Tx, scope: str, key: str, body_hash: bytes) -> Any:
        return original(tx, "everybody", key, body_hash)

    original = put(idempotency, "Once", once)


def lax_json() -> None:
    put(strict, "check", lambda body: None)


def region_not_checked() -> None:
    put(http, "region_scope", lambda column, region: sa.true())


def unverified_tokens() -> None:
    def verified(self: Any, token: str) -> Any:
        try:
            return jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise Unauthenticated from error

    put(auth.Keyring, "_verified", verified)


def values_in_the_log() -> None:
    put(telemetry, "_what_broke", lambda exc_info: "".join(traceback.format_exception(*exc_info)))


def timer_without_state_check() -> None:
    """What has breached is due for ever."""
    put(clocks, "_DUE", clocks._DUE.replace("c.wake_at", "c.due_at"))
    put(Clock, "overdue", lambda self, at: self.due_at is not None and self.due_at < at)


def two_workers_fire_the_same() -> None:
    put(clocks, "_DUE", clocks._DUE.replace("FOR UPDATE OF c SKIP LOCKED", ""))


def late_counts_as_met() -> None:
    put(clockwork, "_catch_up", lambda page: None)


def old_facts_count() -> None:
    original = Case.follow

    def follow(self: Case, status: Any, heard: Any) -> Case:
        forgetful = replace(self, progress=replace(self.progress, version=0))
        return original(forgetful, status, heard)

    put(Case, "follow", follow)


def receipt_rank_may_fall() -> None:
    for module in (lattice, message):
        put(module, "fold", lambda known, heard: heard)


def closing_time_rolls_to_the_next_opening() -> None:
    original = Calendar.add

    def add(self: Calendar, start: Any, budget: Any) -> Any:
        due = original(self, start, budget)
        number = bisect_left(self._closes, due)
        closing = number < len(self._closes) - 1 and self._closes[number] == due
        return self._opens[number + 1] if closing else due

    put(Calendar, "add", add)


def make_up_days_stay_closed() -> None:
    original = Definition.hours_on

    def hours_on(self: Definition, day: Any) -> Any:
        return original(self, day) if day.weekday() < 5 else self.week[day.weekday()]

    put(Definition, "hours_on", hours_on)


def editors_overwrite_one_another() -> None:
    put(calendars, "check_expected", lambda expected, version: None)


def an_ending_is_told_every_second() -> None:
    async def note_told(*_: Any) -> bool:
        return True

    put(calendars, "note_told", note_told)


def pairs_are_split() -> None:
    """Cut where a part is full, even between an escape and its character."""

    def filled(text: str, weights: list[int], capacity: int) -> Any:
        start = held = 0
        for place, weight in enumerate(weights):
            if held >= capacity:
                yield segments.Part(text[start:place], held)
                start, held = place, 0
            held += weight
        yield segments.Part(text[start:], held)

    put(segments, "_filled", filled)


def every_try_is_the_last_one() -> None:
    original = message.Message.hear

    def hear(self: Any, heard: Any, at: Any, patience: Any, number: int = 0) -> Any:
        return original(self, heard, at, patience, self.tries)

    put(message.Message, "hear", hear)


def early_receipts_are_left_alone() -> None:
    async def hear_early(*_: Any) -> list[Any]:
        return []

    put(notify_use_cases, "hear_early", hear_early)


def each_receipt_in_a_commit_of_its_own() -> None:
    put(notify_receipts, "_BATCH", 1)


def receipts_answered_before_the_commit() -> None:
    original, unheard = notify_receipts.Together.store, set()

    async def store(self: Any, *receipt: Any) -> None:
        unheard.add(asyncio.ensure_future(original(self, *receipt)))

    put(notify_receipts.Together, "store", store)


def long_texts_are_sent() -> None:
    put(words, "split", lambda text, rule: segments.split(""))


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


def each_case_is_a_customer() -> None:
    put(people.Recipient, "customer", property(lambda self: str(self.case_id)))


def every_etr_is_news() -> None:
    original = notify_store.expect

    async def expect(tx: Tx, *about: Any) -> int:
        return await original(tx, *about) or int(about[-1].timestamp())

    put(notify_store, "expect", expect)


def past_etrs_are_handed_over() -> None:
    claim = notify_messages._CLAIM
    claim = claim.replace("not_after <= $1)", "false)")
    put(notify_messages, "_CLAIM", claim.replace("AND (not_after IS NULL OR not_after > $1)", ""))


def a_refusal_undoes_its_neighbours() -> None:
    @asynccontextmanager
    async def apart(self: Tx) -> Any:
        yield

    put(Tx, "apart", apart)


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


def reporters_are_in_the_case() -> None:
    put(Case, "as_seen", lambda case: case)


def orders_keep_what_came_with_the_fact() -> None:
    put(workorders_consumers, "_known_here", lambda event: event)


def who_leads_the_unit_is_told() -> None:
    put(Case, "let_know", lambda case, role, scope: None)


def a_reporters_phone_is_only_masked() -> None:
    seen = notify_shown.shown

    def shown(one: Any, addresses: Any) -> Any:
        return seen(replace(one, confidential=False), addresses)

    put(notify_messages_door, "shown", shown)


def an_addressee_in_confidence_is_shown() -> None:
    seen = notify_shown.shown_addressee

    def shown(one: Any, addresses: Any) -> Any:
        return seen(replace(one, confidential=False), addresses)

    put(notify_messages_door, "shown_addressee", shown)


def addresses_lie_in_clear() -> None:
    put(sealed.Sealer, "seal", lambda self, value, purpose: value.encode())
    put(sealed.Sealer, "open", lambda self, kept, purpose: kept.decode())


def people_are_named_by_a_digest() -> None:
    """Which whoever tries all phone numbers can undo."""

    def index(self: Any, value: str, purpose: str) -> str:
        return sha256(value.encode()).hexdigest()[:32]

    put(sealed.Sealer, "index", index)


def one_thing_opens_as_another() -> None:
    seal, opened = sealed.Sealer.seal, sealed.Sealer.open
    put(sealed.Sealer, "seal", lambda self, value, purpose: seal(self, value, ""))
    put(sealed.Sealer, "open", lambda self, kept, purpose: opened(self, kept, ""))


def who_is_named_twice_is_written_to_twice() -> None:
    address = telling._address

    def each(tx: Tx, stamp: Any, desk: Any, request: Any, to: Any, key: str) -> Any:
        if key.startswith("request:"):
            address(tx, stamp, desk, request, to, f"{key}:again")
        return address(tx, stamp, desk, request, to, key)

    put(telling, "_address", each)


def line_breaks_in_addresses_pass() -> None:
    put(addresses, "_one_line", lambda said: said)


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
    original = WorkOrder.follow

    def follow(self: WorkOrder, reply: Any, at: Any) -> WorkOrder:
        order = original(self, reply, at)
        return replace(order, steps=replace(order.steps, repaired_at=at))

    put(WorkOrder, "follow", follow)


def followers_hear_what_nobody_reviewed() -> None:
    put(WorkOrder, "reviewed_reply", property(lambda self: self.reply))


def polls_read_the_table() -> None:
    put(clocks, "_ANY_DUE", "SELECT 1 FROM clocks WHERE wake_at < $1 LIMIT 1")


def a_county_is_sorted() -> None:
    put(http, "_DIGITS", 0)


def outages_are_looked_through_one_by_one() -> None:
    put(outages, "_PROVINCE", 6)


def what_nobody_began_to_read_is_not_ended() -> None:
    async def aclose(self: streaming.Begun) -> None:
        if self._first is None:
            await original(self)

    original = put(streaming.Begun, "aclose", aclose)


def bytes_that_are_no_text_pass() -> None:
    put(strict, "_dirty", lambda raw: False)


def any_cursor_is_read() -> None:
    put(page, "BadCursor", ValueError)


_PLANS = "tests/service/workorders/test_plans.py"
_HOSTILE = "tests/service/workorders/test_hostile.py"
_SHARED = "tests/service/shared"
_CONFIDENTIAL = "tests/service/test_confidential.py"
_BULK = "tests/service/workorders/test_bulk_jobs.py"
_RECONSIDERED = "tests/service/workorders/test_reconsidered.py"
_RELABELLED = "tests/service/workorders/test_relabelled.py"
_FOLLOWING = "tests/service/workorders/test_following.py"
_TROUBLE = "tests/service/test_trouble.py"

# Each with the tests that must notice.
MUTATIONS: dict[Callable[[], None], str] = {
    marked_sent_before_sending: _TROUBLE,
    no_inbox: _TROUBLE,
    inbox_in_its_own_transaction: _TROUBLE,
    timer_without_state_check: _TROUBLE,
    all_marked_after_an_error: f"{_SHARED}/test_relay.py",
    relay_by_last_seq: f"{_SHARED}/test_relay.py",
    producer_kept_after_an_error: f"{_SHARED}/test_relay.py",
    second_relay_without_the_lock: f"{_SHARED}/test_relay.py",
    no_skip_for_parked_keys: f"{_SHARED}/test_batch_door.py",
    poison_is_dropped: f"{_SHARED}/test_batch_door.py",
    outage_taken_for_poison: f"{_SHARED}/test_commit_fails.py",
    commit_after_the_answer: f"{_SHARED}/test_commit_fails.py",
    no_idempotency: f"{_SHARED}/test_idempotency.py",
    keys_of_all_callers_in_one: f"{_SHARED}/test_idempotency.py",
    lax_json: f"{_SHARED}/test_bad_input.py",
    region_not_checked: f"{_SHARED}/test_bad_input.py",
    unverified_tokens: f"{_SHARED}/test_tokens.py",
    values_in_the_log: "tests/service/test_canaries.py",
    two_workers_fire_the_same: f"{_SHARED}/test_time_door.py",
    late_counts_as_met: "tests/unit/workorders/test_clocks_stop.py",
    old_facts_count: "tests/service/intake/test_following.py",
    receipt_rank_may_fall: "tests/unit/notify/test_notify_lattice.py",
    closing_time_rolls_to_the_next_opening: "tests/unit/shared/test_working_time_elsewhere.py",
    make_up_days_stay_closed: "tests/unit/shared/test_published_holidays.py",
    editors_overwrite_one_another: "tests/service/workorders/test_calendars.py",
    an_ending_is_told_every_second: "tests/service/workorders/test_calendars.py",
    if_match_is_not_looked_at: "tests/service/workorders/test_if_match.py",
    only_the_last_handler_counts: "tests/service/workorders/test_closing.py",
    pauses_begin_when_asked_for: "tests/service/workorders/test_pauses.py",
    one_approves_ones_own_request: "tests/service/workorders/test_pauses.py",
    protection_never_ends: "tests/service/workorders/test_protected.py",
    health_is_shown_to_all: "tests/service/workorders/test_protected.py",
    every_try_is_the_last_one: "tests/unit/notify/test_notify_lattice.py",
    early_receipts_are_left_alone: "tests/service/notify/test_receipts.py",
    each_receipt_in_a_commit_of_its_own: "tests/service/notify/test_receipts.py",
    receipts_answered_before_the_commit: "tests/service/notify/test_receipts.py",
    a_refusal_undoes_its_neighbours: _BULK,
    two_workers_take_the_same_items: _BULK,
    bulk_jobs_see_every_region: _BULK,
    undo_overrules_what_came_since: _BULK,
    reporters_are_in_the_case: "tests/service/intake/test_confidential.py",
    orders_keep_what_came_with_the_fact: _CONFIDENTIAL,
    who_leads_the_unit_is_told: "tests/service/intake/test_confidential.py",
    a_reporters_phone_is_only_masked: _CONFIDENTIAL,
    an_addressee_in_confidence_is_shown: "tests/service/notify/test_asking.py",
    addresses_lie_in_clear: "tests/service/notify/test_sealed_addresses.py",
    people_are_named_by_a_digest: "tests/service/notify/test_sealed_addresses.py",
    one_thing_opens_as_another: "tests/unit/shared/test_sealed.py",
    who_is_named_twice_is_written_to_twice: "tests/service/notify/test_asking.py",
    line_breaks_in_addresses_pass: "tests/service/notify/test_asking.py",
    what_is_learned_moves_no_order: _RECONSIDERED,
    danger_sends_it_back_to_who_had_it: _RECONSIDERED,
    another_type_keeps_its_clocks: _RELABELLED,
    promises_follow_a_new_name: _RELABELLED,
    what_is_over_is_waited_for: _RELABELLED,
    only_faults_are_followed: _FOLLOWING,
    a_reply_to_anything_restores_power: _FOLLOWING,
    followers_hear_what_nobody_reviewed: _FOLLOWING,
    polls_read_the_table: _PLANS,
    a_county_is_sorted: _PLANS,
    outages_are_looked_through_one_by_one: _PLANS,
    what_nobody_began_to_read_is_not_ended: "tests/service/workorders/test_stream.py",
    bytes_that_are_no_text_pass: _HOSTILE,
    any_cursor_is_read: _HOSTILE,
    pairs_are_split: "tests/unit/notify/test_notify_segments.py",
    long_texts_are_sent: "tests/service/notify/test_segments.py",
    each_case_is_a_customer: "tests/service/notify/test_outages.py",
    every_etr_is_news: "tests/service/notify/test_outages.py",
    past_etrs_are_handed_over: "tests/service/notify/test_outages.py",
}
BY_NAME = {mutate.__name__.replace("_", "-"): mutate for mutate in MUTATIONS}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Break what WATTLINE_MUTATION names. One example that fails is enough: it is not shrunk."""
    settings.register_profile(
        "mutation",
        max_examples=500,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        database=None,
    )
    settings.load_profile("mutation")
    BY_NAME[os.environ["WATTLINE_MUTATION"]]()
