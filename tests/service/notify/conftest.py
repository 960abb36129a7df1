"""Notify as it runs, a real gateway on a free port, and what the other services may say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.gateway import Faults, Gateway
from deploy.gateway import Settings as GatewaySettings
from services.notify.domain.addresses import Channel
from services.notify.domain.people import DutyContact
from services.notify.main import NotifySettings, service
from services.notify.store import Claimed, add_duty_contacts
from services.notify.timers.handing_over import Clear
from services.notify.use_cases import QUEUED_BELL
from shared.contracts import workorders
from shared.contracts.envelope import Event, wrap
from shared.contracts.intake import Caller, CaseAccepted, Location
from shared.due import fire_due
from shared.inbox import Delivery, Message, Tries, deliver
from shared.stamp import Stamp
from tests.conftest import NINE, Running

PHONE = "13800138001"
ADDRESSES = NotifySettings().addresses
CASE, ORDER = uuid4(), uuid4()
NUMBER = "2611-2000-0001-00"
SILENT = Faults(drop_dlr=True)
HANGING = Faults(hang_seconds=0.6, drop_dlr=True)
impatient = pytest.mark.parametrize("notify", [0.3], indirect=True)


def accepted(phone: str | None = PHONE, case_id: UUID = CASE, region: str = "320505") -> Event:
    return CaseAccepted(
        case_id=case_id,
        number=NUMBER,
        case_type="fault_report",
        channel="phone",
        accepted_at=NINE,
        caller=Caller(name="王小明", phone=phone),
        location=Location(region=region, area="urban"),
    )


def order_fact(fact: type[Event], /, version: int = 3, level: int = 1, **more: object) -> Event:
    about = {"work_order_id": ORDER, "case_id": CASE, "case_number": NUMBER, "region": "320505"}
    return fact.model_validate({**about, "version": version, "level": level, **more})


def arrived(version: int = 3, level: int = 1) -> Event:
    return order_fact(workorders.OrderArrived, version, level, arrived_at=NINE)


def raised(
    digest_id: UUID = ORDER, region: str = "320505", numbers: Sequence[str] = (NUMBER,), **more: Any
) -> Event:
    """A supervisor is to be told that somebody should be on site by now, for each of `numbers`."""
    items = [
        {
            "clock_id": uuid4(),
            "work_order_id": uuid4(),
            "case_id": CASE if number == NUMBER else uuid4(),
            "case_number": number,
            "kind": "arrival",
            "because": "breached",
            "repetition": 1,
            "due_at": NINE + timedelta(minutes=45),
        }
        for number in numbers
    ]
    about = {
        "recipient": f"supervisor:{region}",
        "digest_id": digest_id,
        "role": "supervisor",
        "by": "sms",
        "region": region,
        "raised_at": NINE,
        "window_ends_at": NINE + timedelta(minutes=10),
        "total": len(items),
        "warned": 0,
        "breached": len(items),
        "kinds": {"arrival": len(items)},
        "items": items,
    }
    return workorders.EscalationRaised.model_validate(about | more)


def as_message(event: Event) -> Message:
    envelope = wrap(event, Stamp(by="agent-1", at=NINE))
    return Message(event.topic, 0, 0, event.key, envelope.model_dump_json().encode())


async def hear(notify: Running, *events: Event | Message, tries: Tries | None = None) -> Delivery:
    """The events arrive, each in an envelope of its own."""
    messages = [as_message(e) if isinstance(e, Event) else e for e in events]
    return await deliver(
        notify.database.begin, notify.service.heard, messages, NINE, tries or Tries()
    )


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110 (the other side is a database)
            await asyncio.sleep(0.01)


async def status(notify: Running) -> list[str]:
    """Of all messages, by what they are about."""
    query = "SELECT status FROM messages ORDER BY dedupe_key"
    return [row.status for row in await notify.rows(query)]


def to_whom(row: Any) -> str | None:
    """To whom a message goes, in clear."""
    return None if row.address is None else ADDRESSES.opened(Channel.SMS, row.address)


def in_clear(claimed: Claimed) -> Clear:
    """As the gateway is to have it."""
    phone = ADDRESSES.opened(claimed.channel, claimed.address)
    return Clear(claimed.id, claimed.number, phone, claimed.text)


async def lapse(notify: Running, clock, **later: float) -> int:
    """Time passes; what nobody ended ends."""
    clock.now += timedelta(**later)
    return await fire_due(notify.database, notify.service.timers[0], clock.now)


@asynccontextmanager
async def handing_over(notify: Running) -> AsyncIterator[None]:
    """The worker's own loop runs."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(notify.service.loops[0](notify.database, stopping))
        try:
            yield
        finally:
            stopping.set()
            await wake(notify)


async def wake(notify: Running) -> None:
    async with notify.database.begin() as tx:
        tx.ring(QUEUED_BELL)


async def hand_over(notify: Running) -> None:
    """What is due now is handed over and written down."""
    waiting = (
        "SELECT 1 FROM messages WHERE status = 'submitting' OR status = 'queued' AND due_at <= "
    )

    async def done() -> bool:
        return not await notify.rows(
            waiting + "CAST(:now AS timestamptz)", now=notify.app.state.clock()
        )

    async with handing_over(notify):
        await until(done)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """It sends no receipts by itself; tests bring them, in the order they like."""
    async with Gateway(GatewaySettings(dlr_retries=0)) as gateway:
        gateway.network.faults = SILENT
        yield gateway


@pytest.fixture
async def notify(start, postgres, keys, gateway, clock, request) -> AsyncIterator[Running]:
    """Its parameter: how many seconds it waits for the gateway."""
    settings = NotifySettings(
        postgres=postgres,
        jwks=keys / "jwks.json",
        sms_url=gateway.sms_url,
        sms_seconds=getattr(request, "param", 5),
        sms_in_flight=4,
        sms_tries=3,
        callback_url="http://notify",
    )
    async with start(service(settings, clock)) as running:
        async with running.database.begin() as tx:
            on_duty = (("32", "省值班", "15400000032"), ("3205", "市值班", "15400000035"))
            who = [DutyContact(region, name, ADDRESSES.phone(on)) for region, name, on in on_duty]
            await add_duty_contacts(tx, who)
        yield running
