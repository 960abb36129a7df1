"""Who is told what, once; and why somebody is not told."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared import inbox
from shared.contracts import workorders as said
from tests.conftest import NINE
from tests.service.notify.conftest import (
    CASE,
    NUMBER,
    ORDER,
    accepted,
    arrived,
    as_message,
    hear,
    order_fact,
    raised,
    status,
    to_whom,
)

pytestmark = pytest.mark.anyio


async def test_an_accepted_case_is_told_once_although_the_event_comes_five_times(notify):
    message = as_message(accepted())
    await hear(notify, message, message)
    await hear(notify, message)
    await hear(notify, accepted(), accepted())
    [row] = await notify.rows("SELECT * FROM messages")
    assert row.dedupe_key == f"case-accepted:{CASE}"
    assert row.text == (
        "【瓦特供电】您的诉求已受理，编号2611-2000-0001-00。进展将以短信告知，详询95598。"
    )
    assert (row.status, row.category, row.region) == ("queued", "transactional", "320505")


async def test_every_step_of_the_order_is_told(notify):
    await hear(notify, accepted())
    etr_at = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
    await hear(
        notify,
        order_fact(said.OrderDeparted, 3, departed_at=NINE),
        arrived(4),
        order_fact(said.EtrSet, 5, etr_at=etr_at, set_at=NINE),
        order_fact(said.EtrSet, 6, etr_at=etr_at + timedelta(minutes=5), set_at=NINE),
        order_fact(said.OrderReplied, 7, replied_at=NINE, cause="fuse"),
        order_fact(said.OrderReopened, 8, level=2, reopened_at=NINE, reason="again dark"),
        arrived(9, level=2),
        order_fact(said.OrderArchived, 10, level=2, archived_at=NINE, satisfaction="satisfied"),
    )
    rows = await notify.rows("SELECT template, text, dedupe_key FROM messages ORDER BY ctid")
    assert [row.template.removesuffix(".v1") for row in rows] == [
        "case-accepted",
        "order-departed",
        "order-arrived",
        "etr-set",
        "etr-set",
        "order-replied",
        "order-reopened",
        "order-arrived",
        "order-archived",
    ]
    assert "预计11月21日18:30恢复供电" in rows[3].text and "18:35" in rows[4].text
    assert rows[2].dedupe_key == f"order-arrived:{ORDER}:1"
    assert rows[3].dedupe_key == f"etr-set:{ORDER}:5"
    assert all(row.text.startswith("【瓦特供电】") and len(row.text) <= 70 for row in rows)


async def test_an_arrival_before_its_case_is_only_early(notify):
    tries = inbox.Tries()
    early = as_message(arrived())
    waits = [await hear(notify, early, tries=tries) for _ in range(4)]
    assert all(w.wait for w in waits[:3]) and waits[3].wait is None
    [parked] = await notify.rows("SELECT cause, retry_at FROM parked")
    assert parked.cause.startswith("NotYet") and parked.retry_at is not None

    await hear(notify, accepted())
    heard, later = notify.service.heard, NINE + timedelta(minutes=10)
    assert await inbox.release(notify.database.begin, heard, later) == (1, 0)
    assert await status(notify) == ["queued", "queued"]


async def test_an_escalation_is_told_to_the_one_supervisor_on_duty(notify):
    again = uuid4()
    await hear(notify, raised(), raised(), raised(digest_id=again))
    rows = await notify.rows("SELECT * FROM messages ORDER BY ctid")
    assert [to_whom(row) for row in rows] == ["15400000035"] * 2
    assert [row.dedupe_key for row in rows] == [f"escalation-raised:{id}" for id in (ORDER, again)]
    assert rows[0].category == "emergency" and rows[0].audience == "supervisor"
    assert rows[0].case_id == CASE
    assert "共1项" in rows[0].text
    assert f"编号{NUMBER}到达现场（应于11月20日17:45前，第1次提醒）" in rows[0].text


async def test_what_was_gathered_is_one_message_that_lists_the_first(notify):
    numbers = [f"2611-2000-{n:04}-00" for n in range(5)]
    await hear(notify, raised(numbers=numbers, total=500))
    [row] = await notify.rows("SELECT * FROM messages")
    assert "共500项" in row.text and all(number in row.text for number in numbers)
    assert row.case_id is None and row.status == "queued"


async def test_what_is_raised_for_others_is_not_for_our_supervisors(notify):
    await hear(notify, raised(role="dispatcher"), raised(digest_id=uuid4(), by="board"))
    assert await notify.rows("SELECT 1 FROM messages") == []
    assert await notify.rows("SELECT 1 FROM parked") == []


async def test_the_longest_prefix_is_on_duty_and_somewhere_nobody_is(notify):
    await hear(notify, raised(digest_id=uuid4(), region="321001"))
    await hear(notify, raised(digest_id=uuid4(), region="440300"))
    rows = await notify.rows("SELECT address, status, reason FROM messages ORDER BY ctid")
    assert [(to_whom(row), row.status, row.reason) for row in rows] == [
        ("15400000032", "queued", None),
        (None, "skipped", "nobody is on duty for this region"),
    ]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (None, "no phone number"),
        ("051265001234", "not a mobile number"),
        ("65001234", "not a mobile number"),
    ],
)
async def test_who_has_no_mobile_is_skipped_and_that_is_written_down(notify, number, reason):
    await hear(notify, accepted(number))
    [row] = await notify.rows("SELECT * FROM messages")
    assert (row.status, row.reason, row.due_at) == ("skipped", reason, None)
    assert await notify.said() == []


async def test_a_fact_older_than_what_is_known_is_not_told(notify):
    await hear(notify, accepted())
    await hear(notify, order_fact(said.EtrSet, 6, etr_at=NINE + timedelta(hours=1), set_at=NINE))
    await hear(notify, order_fact(said.EtrSet, 5, etr_at=NINE + timedelta(hours=1), set_at=NINE))
    rows = await notify.rows("SELECT status, reason FROM messages ORDER BY ctid")
    assert tuple(rows[2]) == ("skipped", "overtaken by a newer fact")
    assert [row.status for row in rows[:2]] == ["queued", "queued"]


async def test_a_pause_is_told_unless_somebody_did_so_in_person(notify):
    await hear(notify, accepted())
    rest = {"suspended_at": NINE, "reason": "weather", "until": NINE + timedelta(hours=4)}
    await hear(
        notify,
        order_fact(said.OrderSuspended, 3, tell_customer=False, **rest),
        order_fact(said.OrderSuspended, 5, tell_customer=True, **rest),
    )
    [row] = await notify.rows("SELECT * FROM messages WHERE template = 'order-suspended.v1'")
    assert row.text == (
        "【瓦特供电】您反映的问题暂缓处理，预计11月20日21:00继续。编号2611-2000-0001-00。"
    )


async def test_who_was_never_reached_is_told_in_writing_once(notify):
    await hear(notify, accepted())
    missed = [
        order_fact(said.CallbackMissed, 8 + n, missed_at=NINE, attempts=n, failed=n == 3)
        for n in (1, 2, 3)
    ]
    await hear(notify, *missed)
    rows = await notify.rows("SELECT 1 FROM messages WHERE template = 'callback-missed.v1'")
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("by_phone", "action"), [(True, "请立即安排电话联系客户"), (False, "请立即关注")]
)
async def test_a_protected_customer_in_the_dark_is_told_to_the_supervisor_not_why(
    notify, by_phone, action
):
    fact = order_fact(
        said.ProtectedCustomerAffected, 1, affected_at=NINE, classes=("life_support",),
        call_by_phone=by_phone,
    )  # fmt: skip
    await hear(notify, fact, fact)
    [row] = await notify.rows("SELECT * FROM messages WHERE audience = 'supervisor'")
    assert row.text == (
        f"【瓦特供电】重点保障客户停电：编号2611-2000-0001-00（区域320505），{action}。"
    )
    assert row.category == "emergency" and "life" not in row.text
