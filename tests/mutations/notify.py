"""Mutations of notify."""

import asyncio
from dataclasses import replace
from typing import Any

from services.notify import store as notify_store
from services.notify import use_cases as notify_use_cases
from services.notify.api import messages as notify_shown
from services.notify.api import receipts as notify_receipts
from services.notify.domain import lattice, message, people, segments, words
from services.notify.store import messages as notify_messages
from shared.db import Tx
from tests.mutations.breaking import Mutations, put


def receipt_rank_may_fall() -> None:
    for module in (lattice, message):
        put(module, "fold", lambda known, heard: heard)


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


def a_reporters_phone_is_only_masked() -> None:
    seen = notify_shown.shown
    put(notify_shown, "shown", lambda one: seen(replace(one, confidential=False)))


_CONFIDENTIAL = "tests/service/test_confidential.py"

# Each with the tests that must notice.
MUTATIONS: Mutations = {
    receipt_rank_may_fall: "tests/unit/notify/test_notify_lattice.py",
    every_try_is_the_last_one: "tests/unit/notify/test_notify_lattice.py",
    early_receipts_are_left_alone: "tests/service/notify/test_receipts.py",
    each_receipt_in_a_commit_of_its_own: "tests/service/notify/test_receipts.py",
    receipts_answered_before_the_commit: "tests/service/notify/test_receipts.py",
    a_reporters_phone_is_only_masked: _CONFIDENTIAL,
    pairs_are_split: "tests/unit/notify/test_notify_segments.py",
    long_texts_are_sent: "tests/service/notify/test_segments.py",
    each_case_is_a_customer: "tests/service/notify/test_outages.py",
    every_etr_is_news: "tests/service/notify/test_outages.py",
    past_etrs_are_handed_over: "tests/service/notify/test_outages.py",
}
