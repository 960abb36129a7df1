"""Policies in the database: versions never change, each day has its own, changes are said."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.workorders.domain.policy import BadPolicy
from services.workorders.policies import read_packs
from services.workorders.use_cases.policies import use_policies
from shared.due import fire_due
from shared.stamp import Stamp
from tests.conftest import NINE, Running
from tests.service.conftest import hear
from tests.service.given import accepted, as_message

pytestmark = pytest.mark.anyio


HOUSE = [pack for pack in read_packs() if pack["id"] == "house"]


def pack(version: str, minutes: int, **more: Any) -> dict[str, Any]:
    arrival = {
        "clock": "arrival",
        "target": {"minutes": minutes},
        "starts": "accepted",
        "stops": ["arrived"],
        "promised": True,
        "source": "somebody",
        "certainty": "A",
        "when": {"type": "fault_report", "area": "urban"},
    }
    day = {"valid_from": "2026-01-01"}
    return {"id": "mine", "version": version, "limits": [arrival]} | day | more


async def use(workorders: Running, *packs: dict[str, Any], at: datetime = NINE) -> None:
    async with workorders.database.begin() as tx:
        await use_policies(tx, Stamp(by="start", at=at), [*HOUSE, *packs], "mine")


async def promised(workorders: Running) -> list[Any]:
    rows = await workorders.rows(
        "SELECT (envelope::json)->'data' AS fact FROM outbox"
        " WHERE (envelope::json)->>'type' LIKE '%promises-published%' ORDER BY seq"
    )
    return [
        (row.fact["policy_version"], [one["minutes"] for one in row.fact["promises"]])
        for row in rows[1:]
    ]


async def test_what_may_be_promised_is_said_when_it_changes_and_only_then(workorders):
    await use(workorders, pack("1", 45))
    await use(workorders, pack("1", 45))
    assert await promised(workorders) == [("1", [45])]
    await use(workorders, pack("1", 45), pack("2", 30, valid_from="2026-06-01"))
    assert await promised(workorders) == [("1", [45]), ("2", [30])]


async def test_a_version_that_was_edited_is_refused(workorders):
    await use(workorders, pack("1", 45))
    with pytest.raises(BadPolicy, match="mine 1 was edited"):
        await use(workorders, pack("1", 46))
    assert await promised(workorders) == [("1", [45])]


async def test_without_the_chosen_pack_nothing_starts(workorders):
    with pytest.raises(BadPolicy, match="no policy pack mine"):
        await use(workorders, deepcopy(pack("1", 45)) | {"id": "other"})


async def test_each_order_runs_by_the_version_of_its_day(workorders, clock):
    old = pack("old", 45, valid_to="2026-12-01")
    await use(workorders, old, pack("new", 30, valid_from="2026-12-01"))
    for at in (NINE, NINE + timedelta(days=30)):
        clock.now = at
        await hear(workorders, as_message(accepted(at=at, promises=())))
    rows = await workorders.rows("SELECT policy_version, kind FROM clocks ORDER BY started_at")
    assert [tuple(row) for row in rows] == [("old", "arrival"), ("new", "arrival")]
    assert await workorders.rows("SELECT 1 FROM parked") == []


async def test_on_its_first_day_the_next_version_is_promised_by_itself_and_once(workorders):
    old = pack("till-december", 45, valid_to="2026-12-01")
    await use(workorders, old, pack("from-december", 30, valid_from="2026-12-01"))
    policies = workorders.service.timers[2]
    for day in (0, 9, 10, 11, 12):
        await fire_due(workorders.database, policies, NINE + timedelta(days=day))
    assert await promised(workorders) == [("till-december", [45]), ("from-december", [30])]


async def test_before_its_first_day_a_pack_is_not_taken_into_use(workorders):
    with pytest.raises(BadPolicy, match="no version of mine is in force on 2026-11-20"):
        await use(workorders, pack("later", 45, valid_from="2027-01-01"))
    assert await promised(workorders) == []


async def test_a_day_begins_at_midnight_of_the_utilitys_own_clock(workorders, clock):
    old = pack("old", 45)
    await use(workorders, old, pack("new", 30, valid_from="2026-12-01"))
    midnight = datetime.fromisoformat("2026-12-01T00:00:00+08:00").astimezone(UTC)
    for at in (midnight - timedelta(seconds=1), midnight):
        clock.now = at
        await hear(workorders, as_message(accepted(at=at, promises=())))
    rows = await workorders.rows("SELECT policy_version FROM clocks ORDER BY started_at")
    assert [row.policy_version for row in rows] == ["old", "new"]


async def test_versions_that_claim_the_same_day_are_refused(workorders):
    with pytest.raises(BadPolicy, match="mine 2: begins on the same day as 1"):
        await use(workorders, pack("1", 45), pack("2", 30))
    assert await promised(workorders) == []
