"""The customers of an outage hear of each stage once, whoever says so and however many cases."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notify import use_cases
from services.notify.domain.message import Patience
from shared.contracts import outages as area
from shared.contracts import workorders as said
from shared.contracts.intake import Location
from tests.conftest import NINE
from tests.service.notify.conftest import (
    CASE,
    PHONE,
    accepted,
    hand_over,
    hear,
    order_fact,
    to_whom,
)

pytestmark = pytest.mark.anyio

OUTAGE = uuid4()
ETR = NINE + timedelta(hours=3)
NEIGHBOUR, OTHER = uuid4(), "13800138002"


def a_case(case_id: UUID = CASE, phone: str | None = PHONE, transformer: str = "T-1") -> Any:
    where = Location(region="320505", area="urban", transformer=transformer)
    return accepted(phone, case_id).model_copy(update={"location": where})


def fact(kind: type, version: int, case_id: UUID = CASE, **more: Any) -> Any:
    about = {"case_id": case_id, "work_order_id": case_id, "outage_id": OUTAGE}
    return order_fact(kind, version, **about, **more)


def etr(version: int, at: Any, case_id: UUID = CASE, *, after: float = 0, nth: int | None = 1):
    set_at = NINE + timedelta(minutes=after)
    return fact(said.EtrSet, version, case_id, etr_at=at, set_at=set_at, outage_etr=nth)


def planned(version: int, stage: str | None, status: str = "announced", **more: Any) -> Any:
    begins = more.pop("begins_at", NINE + timedelta(days=8))
    about = {
        "outage_id": OUTAGE, "root_outage_id": OUTAGE, "kind": "planned", "status": status,
        "region": "320505", "transformers": ("T-1",), "begins_at": begins,
        "ends_at": more.pop("ends_at", begins + timedelta(hours=4)), "reason": "更换变压器",
        "version": version, "stage": stage,
    }  # fmt: skip
    if stage == "announced":
        return area.OutageOpened(**about, opened_at=NINE)
    if stage == "restored":
        return area.OutageRestored(**about, restored_at=NINE)
    change = more.pop("change", "described")
    return area.OutageUpdated(**about, updated_at=NINE, change=change, **more)


async def told(notify) -> list[tuple[str, str | None, str]]:
    rows = await notify.rows(
        "SELECT template, address, status FROM messages WHERE template LIKE '%outage%'"
        " OR template LIKE 'etr%' OR template LIKE 'order-re%' ORDER BY ctid"
    )
    return [
        (r.template.removesuffix(".v1").removeprefix("outage-"), to_whom(r), r.status) for r in rows
    ]


async def test_a_customer_with_two_cases_hears_of_an_etr_once_and_a_neighbour_too(notify):
    second = uuid4()
    await hear(notify, a_case(), a_case(second), a_case(NEIGHBOUR, OTHER))
    await hear(notify, etr(3, ETR, nth=None), etr(3, ETR, second), etr(3, ETR, NEIGHBOUR))
    assert await told(notify) == [("etr-set", PHONE, "queued"), ("etr-set", OTHER, "queued")]
    later = ETR + timedelta(hours=1)
    await hear(notify, etr(4, later, second, after=5, nth=2))
    await hear(notify, etr(4, later, after=5, nth=None), etr(5, ETR, after=9, nth=None))
    assert (await told(notify))[2:] == [("etr-changed", PHONE, "queued")] * 2
    texts = await notify.rows("SELECT text FROM messages WHERE template LIKE 'outage-etr-c%'")
    assert ["21:00" in row.text for row in texts] == [True, False], "there and back is news twice"


async def test_an_etr_that_was_overtaken_through_another_case_is_not_told(notify):
    second = uuid4()
    await hear(notify, a_case(), a_case(second))
    await hear(notify, etr(3, ETR), etr(4, ETR + timedelta(hours=1), after=5, nth=2))
    await hear(notify, etr(3, ETR, second, after=1))
    assert [stage for stage, _, _ in await told(notify)] == ["etr-set", "etr-changed"]


async def test_a_past_etr_is_not_told_and_leaves_the_next_one_the_first(notify):
    await hear(notify, a_case(), etr(3, NINE, after=-60))
    await hear(notify, etr(4, ETR, nth=2))
    assert await told(notify) == [("etr-set", PHONE, "skipped"), ("etr-set", PHONE, "queued")]
    [row] = await notify.rows("SELECT reason FROM messages WHERE status = 'skipped'")
    assert row.reason == "the time that it tells of is over"


@pytest.mark.parametrize("outage_id", [OUTAGE, None])
async def test_an_etr_that_waited_until_it_was_past_is_not_handed_over(notify, clock, outage_id):
    await hear(notify, a_case(), order_fact(
        said.EtrSet, 3, etr_at=ETR, set_at=NINE, outage_id=outage_id))  # fmt: skip
    clock.now = ETR - timedelta(seconds=1)
    async with notify.database.begin() as tx:
        assert len(await use_cases.claim(tx, clock(), Patience(), 10)) == 2
        await tx.run("UPDATE messages SET status = 'queued', due_at = $1", NINE)
    clock.now = ETR
    await hand_over(notify)
    rows = await notify.rows("SELECT template, status FROM messages ORDER BY ctid")
    assert {row.template.split(".")[0].split("-")[0]: row.status for row in rows} == {
        "case": "accepted",
        ("outage" if outage_id else "etr"): "skipped",
    }


async def test_restored_and_checked_are_told_once_each_whatever_says_so_first(notify):
    second = uuid4()
    await hear(notify, a_case(), a_case(second), a_case(NEIGHBOUR, OTHER))
    await hear(
        notify,
        fact(said.OrderReplied, 5, replied_at=NINE, cause="fuse"),  # its crew said no more
        fact(said.OrderRepaired, 4, second, repaired_at=NINE),
        fact(said.OrderRepaired, 4, NEIGHBOUR, repaired_at=NINE),
        fact(said.OrderReplied, 5, NEIGHBOUR, replied_at=NINE, cause="fuse"),
        fact(said.OrderReplied, 5, second, replied_at=NINE, cause="fuse"),
    )
    await hear(notify, fact(said.OrderReplied, 5, NEIGHBOUR, replied_at=NINE, cause="fuse"))
    assert sorted(await told(notify)) == [
        ("check-ok", PHONE, "queued"),
        ("check-ok", OTHER, "queued"),
        ("restored", PHONE, "queued"),
        ("restored", OTHER, "queued"),
    ]


async def test_an_order_of_no_outage_is_told_as_ever(notify):
    await hear(notify, a_case())
    alone = {"outage_id": None}
    await hear(
        notify,
        order_fact(said.OrderRepaired, 4, repaired_at=NINE, **alone),
        order_fact(said.OrderReplied, 5, replied_at=NINE, cause="fuse", **alone),
    )
    assert await told(notify) == [("order-replied", PHONE, "queued")]


async def test_a_case_that_can_not_be_told_takes_the_notice_from_no_other(notify):
    second = uuid4()
    await hear(notify, a_case(), a_case(second), fact(said.OrderArrived, 9, arrived_at=NINE))
    await hear(notify, fact(said.OrderRepaired, 4, repaired_at=NINE))
    await hear(notify, fact(said.OrderRepaired, 4, second, repaired_at=NINE))
    assert await told(notify) == [("restored", PHONE, "skipped"), ("restored", PHONE, "queued")]


async def test_a_planned_outage_is_told_to_whom_we_know_there_stage_by_stage(notify):
    elsewhere = uuid4()
    await hear(notify, a_case(), a_case(uuid4()), a_case(NEIGHBOUR, OTHER, "T-2"))
    await hear(notify, a_case(elsewhere, "13800138003", "T-2"))
    await hear(notify, fact(said.OrderLinked, 2, elsewhere, linked_at=NINE))
    new = NINE + timedelta(days=9)
    stages = [
        planned(1, "announced"),
        planned(2, "reminder"),
        planned(3, "changed", begins_at=new),
        planned(4, "reminder", begins_at=new),
        planned(5, "started", "active", begins_at=new, change="started"),
        planned(6, None, "active", change="widened"),
        planned(7, "restored", "restored", begins_at=new),
        planned(8, "check_ok", "closed", begins_at=new, change="closed"),
    ]
    await hear(notify, *stages)
    await hear(notify, *stages)
    heard = await told(notify)
    for phone in (PHONE, "13800138003"):
        assert [stage for stage, to, _ in heard if to == phone] == [
            "announced", "reminder", "changed", "reminder", "started", "restored",
        ]  # fmt: skip
    assert len(heard) == 12, "nobody else"
    assert {status for _, _, status in heard} == {"queued"}


async def test_the_end_that_was_announced_is_not_told_again_as_an_etr(notify):
    await hear(notify, a_case(), fact(said.OrderLinked, 2, linked_at=NINE))
    begins, ends = NINE - timedelta(minutes=5), NINE + timedelta(hours=4)
    await hear(
        notify,
        planned(5, "started", "active", begins_at=begins, ends_at=ends, etr_at=ends),
        etr(3, ends, after=1),
    )
    assert await told(notify) == [("started", PHONE, "queued")]
    later = ends + timedelta(hours=1)
    await hear(
        notify,
        planned(6, "changed", "active", begins_at=begins, ends_at=later),
        planned(7, "etr_changed", "active", begins_at=begins, ends_at=later, etr_at=later),
        etr(4, later, after=2, nth=2),
    )
    assert (await told(notify))[1:] == [("etr-changed", PHONE, "queued")]


async def test_a_fault_is_told_by_the_orders_own_facts_only(notify):
    await hear(notify, a_case())
    about = planned(3, "etr_set", "predicted", etr_at=ETR).model_copy(update={"kind": "fault"})
    await hear(notify, about)
    assert await told(notify) == []


async def test_a_long_reason_is_shortened_and_who_is_unlinked_hears_no_more(notify):
    await hear(notify, a_case(transformer="T-2"), fact(said.OrderLinked, 2, linked_at=NINE))
    long = planned(2, "announced").model_copy(update={"reason": "更换" * 200})
    await hear(notify, long)
    await hear(notify, fact(said.OrderUnmerged, 3, unmerged_at=NINE), planned(3, "reminder"))
    assert await told(notify) == [("announced", PHONE, "queued")]
    assert await notify.rows("SELECT 1 FROM parked") == []


async def test_all_in_an_area_are_addressees_of_one_request(notify):
    await hear(notify, a_case(), a_case(NEIGHBOUR, OTHER), a_case(uuid4(), None))
    await hear(notify, planned(1, "announced"))
    [request] = await notify.rows("SELECT * FROM requests WHERE fact = 'outage.announced'")
    assert request.category == "service" and request.case_id is None
    rows = await notify.rows(
        "SELECT m.status, m.lane FROM messages m JOIN addressees a"
        " ON a.request_id = m.request_id AND a.id = m.addressee WHERE a.request_id = :id",
        id=request.id,
    )
    assert sorted(tuple(row) for row in rows) == [("queued", 3), ("queued", 3), ("skipped", 3)]
