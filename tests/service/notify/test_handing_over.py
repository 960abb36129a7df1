"""Messages go to the gateway between transactions; every doubt is written down and decided."""

import asyncio
from datetime import timedelta

import pytest

from deploy.gateway import Faults
from services.notify import use_cases
from services.notify.domain.message import Attempt, Patience
from services.notify.store import Claimed
from shared.ids import new_id
from shared.stamp import Stamp
from tests.conftest import NINE
from tests.service.notify.conftest import (
    HANGING,
    PHONE,
    SILENT,
    accepted,
    arrived,
    hand_over,
    handing_over,
    hear,
    impatient,
    in_clear,
    lapse,
    raised,
    status,
    until,
    wake,
)

pytestmark = pytest.mark.anyio


async def verdicts(notify) -> list[str]:
    return [row.verdict for row in await notify.rows("SELECT verdict FROM attempts ORDER BY id")]


async def receipt(notify, gateway, code: int, reply: str = "ACK/", sms: int = 0) -> None:
    """The gateway reports, to the address that it was given."""
    url = gateway.sent[sms].dlr_url.replace("%d", str(code)).replace("%A", reply)
    answer = await notify.client.get(url)
    assert answer.status_code == 200, answer.text


async def test_a_message_is_handed_over_with_its_words(notify, gateway):
    await hear(notify, accepted())
    await hand_over(notify)
    [sms] = gateway.sent
    assert (sms.to, sms.sender, sms.coding, sms.dlr_mask) == (PHONE, "95598", 2, 31)
    assert sms.text.startswith("【瓦特供电】您的诉求已受理")
    [row] = await notify.rows("SELECT * FROM messages")
    assert (row.status, row.tries, row.handed_at) == ("accepted", 1, NINE)
    [attempt] = await notify.rows("SELECT * FROM attempts")
    assert (attempt.verdict, attempt.answer) == ("taken", "202 0: Accepted for delivery")
    assert await notify.said() == ["message-sent"]


async def test_the_bell_wakes_the_loop_at_once(notify, gateway):
    """Unrung it would look once a second: the quickest of a few tells, on a busy machine too."""
    took = []
    async with handing_over(notify):
        await asyncio.sleep(0.1)
        clock = asyncio.get_running_loop().time
        for many in range(1, 6):
            began = clock()
            await hear(notify, accepted(case_id=new_id(NINE)))

            async def sent(least: int = many) -> bool:
                return len(gateway.sent) >= least

            await until(sent)
            took.append(clock() - began)
    assert min(took) < 0.3


@pytest.mark.parametrize("faults", [Faults(http_status=503), None], ids=["503", "nobody listens"])
async def test_a_gateway_that_was_down_gets_each_message_once(notify, gateway, clock, faults):
    async def down_and_up() -> None:
        await hand_over(notify)
        assert await status(notify) == ["queued"] and gateway.sent == []

    await hear(notify, accepted())
    if faults:
        gateway.network.faults = faults
        await down_and_up()
        gateway.network.faults = SILENT
    else:
        await gateway.__aexit__()
        await down_and_up()
        await gateway.__aenter__()
    [row] = await notify.rows("SELECT due_at FROM messages")
    assert timedelta(seconds=0.5) <= row.due_at - NINE <= timedelta(seconds=1)
    clock.now += timedelta(seconds=1)
    await hand_over(notify)
    await hand_over(notify)
    assert len(gateway.sent) == 1 and await status(notify) == ["accepted"]
    assert await verdicts(notify) == ["not_taken", "taken"]


async def test_who_is_never_taken_is_given_up(notify, gateway, clock):
    gateway.network.faults = Faults(http_status=503)
    await hear(notify, accepted())
    for _ in range(3):
        await hand_over(notify)
        clock.now += timedelta(minutes=1)
    assert await status(notify) == ["rejected"]
    assert await notify.said() == ["message-failed"]


async def test_what_the_gateway_refuses_is_not_tried_again(notify, gateway):
    gateway.network.faults = Faults(http_status=400)
    await hear(notify, accepted())
    await hand_over(notify)
    [row] = await notify.rows("SELECT status, reason FROM messages")
    assert row.status == "rejected" and row.reason.startswith("400")
    assert await verdicts(notify) == ["refused"] and await notify.said() == ["message-failed"]


async def test_a_message_waits_for_a_link_that_an_operator_stopped(notify, gateway, clock):
    gateway.network.faults = Faults(http_status=403)  # Not routable. Do not try again.
    await hear(notify, accepted())
    await hand_over(notify)
    assert await verdicts(notify) == ["not_taken"] and await status(notify) == ["queued"]
    gateway.network.faults = SILENT
    clock.now += timedelta(seconds=1)
    await hand_over(notify)
    assert len(gateway.sent) == 1 and await verdicts(notify) == ["not_taken", "taken"]


@impatient
@pytest.mark.parametrize(
    "faults",
    [HANGING, Faults(refuse=True), Faults(http_status=500)],
    ids=["time-out", "connection lost", "500"],
)
async def test_in_doubt_a_message_of_at_most_once_is_not_sent_twice(notify, gateway, clock, faults):
    gateway.network.faults = faults
    await hear(notify, accepted())
    await hand_over(notify)
    assert await status(notify) == ["unknown"] and await verdicts(notify) == ["unclear"]
    assert await notify.said() == []
    gateway.network.faults = SILENT
    clock.now += timedelta(minutes=5)
    await hand_over(notify)
    assert len(gateway.sent) <= 1


@impatient
async def test_a_late_receipt_ends_the_doubt(notify, gateway, clock):
    gateway.network.faults = HANGING
    await hear(notify, accepted())
    await hand_over(notify)
    assert await lapse(notify, clock, minutes=14) == 0
    await receipt(notify, gateway, 8)
    assert await status(notify) == ["sent"]
    await receipt(notify, gateway, 1, "stat:DELIVRD")
    assert await status(notify) == ["delivered"]
    assert await notify.said() == ["message-sent", "message-delivered"]


@impatient
async def test_doubt_that_nobody_ends_is_said_and_the_late_truth_too(notify, gateway, clock):
    gateway.network.faults = HANGING
    await hear(notify, accepted())
    await hand_over(notify)
    assert await lapse(notify, clock, minutes=15) == 1
    assert await lapse(notify, clock, minutes=15) == 0
    assert await status(notify) == ["unknown"] and await notify.said() == ["message-failed"]
    await receipt(notify, gateway, 1, "stat:DELIVRD")
    assert await notify.said() == ["message-failed", "message-sent", "message-delivered"]


@impatient
async def test_in_doubt_an_emergency_is_sent_again_but_not_for_ever(notify, gateway, clock):
    gateway.network.faults = HANGING
    await hear(notify, raised())
    for _ in range(5):
        await hand_over(notify)
        clock.now += timedelta(minutes=1)
    assert len(gateway.sent) == 3 and await verdicts(notify) == ["unclear"] * 3
    [row] = await notify.rows("SELECT status, resends, tries FROM messages")
    assert tuple(row) == ("unknown", 2, 3)


async def claim_and_die(notify, clock) -> list[Claimed]:
    async with notify.database.begin() as tx:
        return await use_cases.claim(tx, clock.now, Patience(), 10)


async def test_a_lease_that_ran_out_is_doubt(notify, gateway, clock):
    await hear(notify, accepted(), raised())
    assert len(await claim_and_die(notify, clock)) == 2
    assert await lapse(notify, clock, seconds=29) == 0
    assert await lapse(notify, clock, seconds=1) == 2
    assert await status(notify) == ["unknown", "queued"]
    assert await verdicts(notify) == ["lost", "lost"]
    clock.now += timedelta(seconds=1)
    await hand_over(notify)
    assert [sms.to for sms in gateway.sent] == ["15400000035"]


async def test_news_that_comes_before_our_own_record_counts(notify, gateway, clock):
    await hear(notify, accepted())
    [claimed] = await claim_and_die(notify, clock)
    async with notify.service.loops[0].__self__.gateway.line() as line:
        outcome = await line.send(in_clear(claimed))
    await receipt(notify, gateway, 8)
    await receipt(notify, gateway, 1, "stat:DELIVRD")
    assert await verdicts(notify) == [] and await status(notify) == ["delivered"]

    attempt = Attempt(claimed.id, claimed.number, NINE, NINE, outcome)
    async with notify.database.begin() as tx:
        await use_cases.record(tx, Stamp("loop", NINE), [attempt], Patience())
    assert await verdicts(notify) == ["taken"] and await status(notify) == ["delivered"]
    assert await notify.said() == ["message-sent", "message-delivered"]


async def test_without_a_final_receipt_a_message_becomes_unknown(notify, gateway, clock):
    await hear(notify, accepted())
    await hand_over(notify)
    await receipt(notify, gateway, 8)
    assert await lapse(notify, clock, hours=71) == 0
    assert await lapse(notify, clock, hours=1) == 1
    [row] = await notify.rows("SELECT status, reason FROM messages")
    assert tuple(row) == ("unknown", "no final receipt")
    assert await notify.said() == ["message-sent", "message-failed"]


async def test_told_to_stop_it_gives_back_what_it_has_not_sent(notify, gateway):
    gateway.network.faults = Faults(hang_seconds=1, drop_dlr=True)
    await hear(notify, accepted(), *(arrived(level=level) for level in range(1, 10)))
    async with handing_over(notify):

        async def all_lanes() -> bool:
            return len(gateway.sent) >= 4

        await until(all_lanes)
    assert sorted(set(await status(notify))) == ["accepted", "queued"]
    rows = await notify.rows("SELECT tries FROM messages WHERE status = 'queued'")
    assert {row.tries for row in rows} == {0}


async def test_a_process_that_slept_through_its_lease_does_not_send_on_it(notify, gateway, clock):
    await hear(notify, accepted())
    clock.jumps = [timedelta(0), timedelta(seconds=31)]  # claimed, then stopped for a while
    async with handing_over(notify):

        async def taken() -> bool:
            return await status(notify) == ["accepted"]

        await until(taken)
    assert len(gateway.sent) == 1
    assert await verdicts(notify) == ["put_back", "taken"]


async def test_two_workers_hand_over_each_message_once(notify, gateway):
    await hear(notify, accepted(), *(arrived(level=level) for level in range(1, 100)))
    async with handing_over(notify), handing_over(notify):
        await wake(notify)

        async def all_taken() -> bool:
            return await status(notify) == ["accepted"] * 100

        await until(all_taken)
    assert len({sms.dlr_url for sms in gateway.sent}) == len(gateway.sent) == 100


async def test_what_the_gateway_did_is_told_as_part_of_what_caused_it(notify, gateway):
    await hear(notify, accepted())
    await hand_over(notify)
    await receipt(notify, gateway, 1)
    [cause] = await notify.rows("SELECT event_id FROM inbox")
    rows = await notify.rows(
        "SELECT fact->>'causationid' AS cause, fact->>'sequence' AS sequence"
        " FROM (SELECT seq, envelope::json AS fact FROM outbox) AS said ORDER BY seq"
    )
    assert [(row.cause, row.sequence) for row in rows] == [
        (str(cause.event_id), "1"),
        (str(cause.event_id), "2"),
    ]
