"""Mutations of the HTTP door, of what is written about it and of working time."""

import traceback
from bisect import bisect_left
from contextlib import asynccontextmanager
from typing import Any

import jwt
import sqlalchemy as sa

from shared import auth, http, idempotency, page, streaming, strict, telemetry
from shared.calendar import Calendar, Definition
from shared.db import Tx
from shared.errors import Unauthenticated
from tests.mutations.breaking import Mutations, put


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


def a_refusal_undoes_its_neighbours() -> None:
    @asynccontextmanager
    async def apart(self: Tx) -> Any:
        yield

    put(Tx, "apart", apart)


def a_county_is_sorted() -> None:
    put(http, "_DIGITS", 0)


def what_nobody_began_to_read_is_not_ended() -> None:
    async def aclose(self: streaming.Begun) -> None:
        if self._first is None:
            await original(self)

    original = put(streaming.Begun, "aclose", aclose)


def bytes_that_are_no_text_pass() -> None:
    put(strict, "_dirty", lambda raw: False)


def any_cursor_is_read() -> None:
    put(page, "BadCursor", ValueError)


def words_that_nobody_reads_pass() -> None:
    put(auth, "check_words", lambda request: None)


_PLANS = "tests/service/workorders/test_plans.py"
_HOSTILE = "tests/service/workorders/test_hostile.py"
_SHARED = "tests/service/shared"
_BULK = "tests/service/workorders/test_bulk_jobs.py"

# Each with the tests that must notice.
MUTATIONS: Mutations = {
    commit_after_the_answer: f"{_SHARED}/test_commit_fails.py",
    no_idempotency: f"{_SHARED}/test_idempotency.py",
    keys_of_all_callers_in_one: f"{_SHARED}/test_idempotency.py",
    lax_json: f"{_SHARED}/test_bad_input.py",
    region_not_checked: f"{_SHARED}/test_bad_input.py",
    unverified_tokens: f"{_SHARED}/test_tokens.py",
    values_in_the_log: "tests/service/test_canaries.py",
    closing_time_rolls_to_the_next_opening: "tests/unit/shared/test_working_time_elsewhere.py",
    make_up_days_stay_closed: "tests/unit/shared/test_published_holidays.py",
    a_refusal_undoes_its_neighbours: _BULK,
    a_county_is_sorted: _PLANS,
    what_nobody_began_to_read_is_not_ended: "tests/service/workorders/test_stream.py",
    bytes_that_are_no_text_pass: _HOSTILE,
    any_cursor_is_read: _HOSTILE,
    words_that_nobody_reads_pass: f"{_SHARED}/test_bad_input_elsewhere.py",
}
