"""What was parked is tried again: by itself when it was only early, by hand when it was poison."""

from datetime import timedelta

import pytest

from shared import inbox
from tests.conftest import NINE
from tests.service.shared.hearing import A, B, Listening, message

pytestmark = pytest.mark.anyio


@pytest.fixture
def listening(workorders) -> Listening:
    return Listening(workorders)


async def release(listening: Listening, later: float = 0, *, all_of_them: bool = False):
    now = NINE + timedelta(seconds=later)
    begin = listening.running.database.begin
    return await inbox.release(begin, listening.heard, now, all_of_them=all_of_them)


async def test_what_came_early_is_applied_when_its_time_has_come(listening):
    await listening.hear_all(message(0, "a1", A, "early"), message(1, "a2", A))
    [first, _] = await listening.parked()
    assert NINE < first.retry_at <= NINE + timedelta(seconds=5)
    assert await release(listening) == (0, 0), "not yet due"
    listening.moods.clear()
    assert await release(listening, later=5) == (2, 0)
    assert await listening.applied() == ["a1", "a2"]
    assert await release(listening, later=500) == (0, 0)


async def test_what_is_still_too_early_waits_longer_each_time(listening):
    await listening.hear_all(message(0, "a1", A, "early"), message(1, "a2", A))
    later, pauses = 5.0, []
    for _ in range(4):
        assert await release(listening, later) == (0, 2)
        first, _ = await listening.parked()
        pauses.append(first.retry_at - NINE - timedelta(seconds=later))
        assert await release(listening, later) == (0, 0)
        later += 1000
    assert pauses == sorted(set(pauses)) and pauses[-1] <= timedelta(minutes=5)
    assert await listening.applied() == []


async def test_poison_waits_for_a_person_and_others_do_not_wait_for_it(listening):
    batch = (message(0, "a1", A, "refused"), message(1, "a2", A), message(2, "b1", B, "early"))
    await listening.hear_all(*batch)
    listening.moods.pop("early")
    assert await release(listening, later=1000) == (1, 0)
    assert await listening.applied() == ["b1"]
    assert await release(listening, later=2000, all_of_them=True) == (0, 2)
    listening.moods.clear()
    assert await release(listening, later=3000, all_of_them=True) == (2, 0)
    assert await listening.applied() == ["b1", "a1", "a2"]


async def test_a_key_goes_on_until_its_next_poison(listening):
    moods = ("refused", "", "crashes", "")
    await listening.hear_all(*(message(n, f"a{n}", A, mood) for n, mood in enumerate(moods)))
    listening.moods.pop("refused")
    assert await release(listening, all_of_them=True) == (2, 2)
    assert await listening.applied() == ["a0", "a1"]
    assert [row.cause for row in await listening.parked()][2:] == [
        "ZeroDivisionError",
        "behind a parked message of its key",
    ]


async def test_a_released_message_that_comes_again_does_nothing(listening):
    one = message(0, "a1", A, "early")
    await listening.hear_all(one)
    listening.moods.clear()
    await release(listening, later=5)
    await listening.hear_all(one, message(1, "a2", A))
    assert await listening.applied() == ["a1", "a2"]
    assert len(await listening.parked()) == 1


async def test_by_hand_no_key_is_left_out_however_many_there_are(listening, monkeypatch):
    monkeypatch.setattr(inbox, "_KEYS_AT_ONCE", 2)
    batch = [message(n, f"{n}", A.__class__(int=n), "refused") for n in range(5)]
    await listening.hear_all(*batch)
    assert await release(listening, all_of_them=True) == (0, 5)
    listening.moods.clear()
    assert await release(listening, all_of_them=True) == (5, 0)


async def test_an_outage_while_releasing_changes_nothing(listening):
    await listening.hear_all(message(0, "a1", A, "early"))
    listening.moods["early"] = lambda: (_ for _ in ()).throw(ConnectionError())
    with pytest.raises(ConnectionError):
        await release(listening, later=5)
    [row] = await listening.parked()
    assert (row.tries, row.released_at) == (0, None)
