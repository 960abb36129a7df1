"""A batch of one partition: applied once, in order; what is poison is parked, the rest flows on."""

import asyncio
import dataclasses
import logging
from contextlib import asynccontextmanager

import pytest

from shared import inbox
from tests.conftest import NINE
from tests.service.shared.hearing import PERSON, A, B, C, Listening, malformed, message

pytestmark = pytest.mark.anyio


@pytest.fixture
def listening(workorders) -> Listening:
    return Listening(workorders)


async def test_a_batch_is_applied_in_order_in_one_transaction(listening):
    begun = 0

    @asynccontextmanager
    async def counted():
        nonlocal begun
        begun += 1
        async with listening.running.database.begin() as tx:
            yield tx

    batch = [message(n, f"{n}", A) for n in range(5)]
    assert (await listening.hear(*batch, begin=counted)).next_offset == 5
    assert begun == 1 and await listening.applied() == ["0", "1", "2", "3", "4"]


async def test_the_same_message_five_times_at_once_acts_once(listening):
    one = message(0, "a", A)
    await asyncio.gather(*(listening.hear(one) for _ in range(5)))
    await listening.hear(one, one)
    assert await listening.applied() == ["a"]


async def test_what_is_none_of_ours_is_passed_by(listening):
    foreign = message(0, "a", A)
    foreign = dataclasses.replace(foreign, value=foreign.value.replace(b"accepted.v1", b"sung.v9"))
    assert (await listening.hear(foreign, message(1, "b", A))).next_offset == 2
    assert await listening.applied() == ["b"] and await listening.parked() == []


@pytest.mark.parametrize(
    ("poison", "cause", "tries"),
    [
        ("malformed", "does not fit its contract: case_id: missing", 0),
        ("refused", "NotNow: not like this", 0),
        ("crashes", "ZeroDivisionError", 3),
        ("early", "NotYet: the one before is missing", 3),
    ],
)
async def test_a_poison_message_in_the_middle(listening, poison, cause, tries):
    bad = malformed(2, B) if poison == "malformed" else message(2, "b1", B, poison)
    others = {0: ("a1", A), 1: ("c1", C), 3: ("b2", B), 4: ("a2", A), 5: ("b3", B)}
    batch = [message(n, name, case) for n, (name, case) in others.items()]
    batch.insert(2, bad)
    assert await listening.hear_all(*batch) == tries
    assert await listening.applied() == ["a1", "c1", "a2"]
    parked = await listening.parked()
    assert [row.offset for row in parked] == [2, 3, 5]
    first, *behind = parked
    assert (first.cause, bytes(first.message), first.key) == (cause, bad.value, bad.key)
    assert {row.cause for row in behind} == {"behind a parked message of its key"}

    listening.moods.clear()
    if poison == "malformed":  # it stays poison: by hand, what was meant takes its place
        good = message(2, "b1", B).value
        repaired = "UPDATE parked SET message = :good WHERE id = :id RETURNING 1"
        await listening.running.rows(repaired, good=good, id=first.id)
    begin = listening.running.database.begin
    assert await inbox.release(begin, listening.heard, NINE, all_of_them=True) == (3, 0)
    assert (await listening.applied())[3:] == ["b1", "b2", "b3"]


async def test_a_batch_of_nothing_but_poison(listening):
    batch = [message(n, f"{n}", A if n % 2 else B, "refused") for n in range(6)]
    await listening.hear_all(*batch)
    assert len(await listening.parked()) == 6 and await listening.applied() == []


async def test_a_redelivered_poison_is_parked_once(listening):
    poison = message(0, "a", A, "refused")
    await listening.hear_all(poison)
    await listening.hear_all(poison, message(1, "a2", A))
    await listening.hear_all(poison, message(1, "a2", A))
    causes = [row.cause for row in await listening.parked()]
    assert causes[0] == "NotNow: not like this" and len(causes) == 3


async def test_a_crash_that_passes_is_no_poison(listening):
    one = message(0, "a", A, "crashes")
    waits = [(await listening.hear(one)).wait for _ in range(3)]
    assert waits == sorted(waits) and len(set(waits)) == 3
    listening.moods.clear()
    assert (await listening.hear(one)).wait is None
    assert await listening.applied() == ["a"] and await listening.parked() == []


@pytest.mark.parametrize("outage", [ConnectionRefusedError(), TimeoutError(), OSError()])
async def test_an_outage_parks_nothing_however_long(listening, outage):
    @asynccontextmanager
    async def away():
        raise outage
        yield

    batch = [message(0, "a", A), message(1, "b", B)]
    for _ in range(12):
        reached = await listening.hear(*batch, begin=away)
        assert reached.next_offset == 0 and reached.wait
    assert await listening.parked() == []
    assert (await listening.hear(*batch)).next_offset == 2
    assert await listening.applied() == ["a", "b"]


async def test_the_cause_and_the_log_name_no_person(listening, caplog):
    caplog.set_level(logging.INFO)
    await listening.hear_all(malformed(0, A), message(1, PERSON, B, "crashes"))
    assert len(await listening.parked()) == 2
    assert all(PERSON not in row.cause for row in await listening.parked())
    assert PERSON not in caplog.text
