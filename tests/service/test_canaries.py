"""Personal data stays where it belongs: in no log line, metric, Kafka key or problem."""

import logging
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.conftest import Running
from tests.service.given import a_call
from tests.service.notify.conftest import to_whom
from tests.service.world import World

pytestmark = pytest.mark.anyio

NAME, PHONE, HOUSE = "金丝雀", "15912345678", "77号9室"
CANARIES = (NAME, PHONE, HOUSE)
CALL = a_call(
    caller={"name": NAME, "phone": PHONE},
    location={"region": "320505", "area": "urban", "address": f"临湖区鸟鸣路{HOUSE}"},
)


@pytest.fixture
async def world(settings, keys):
    world = World(settings, keys)
    await world.begin_anew()
    yield world
    await world.close()


@asynccontextmanager
async def no_row_fits(running: Running, table: str) -> Any:
    """PostgreSQL then tells, with the whole row, what it minds."""
    async with running.database.begin() as tx:
        await tx.run(f"ALTER TABLE {table} ADD CONSTRAINT canary CHECK (false) NOT VALID")
    try:
        yield
    finally:
        async with running.database.begin() as tx:
            await tx.run(f"ALTER TABLE {table} DROP CONSTRAINT canary")


async def file_it(world: World, **changes: Any) -> str:
    """What intake answers, good or bad, asked for again and looked up by phone."""
    client, agent = world.services["intake"].client, world.who("agent")
    keyed = agent | {"idempotency-key": "canary"}
    answers = [
        await client.post("/v1/cases", json=CALL | changes, headers=keyed),
        await client.post("/v1/cases", json=CALL | changes, headers=keyed),
        await client.get(f"/v1/cases?phone={PHONE}", headers=agent),
        await client.get(f"/v1/cases?phone={PHONE}x", headers=agent),
    ]
    return "".join(answer.text for answer in answers)


async def everybody_hears(world: World, times: int = 6) -> None:
    for _ in range(times):
        for name in world.services:
            await world.relay(name)
        for hearer in world.hearers:
            await hearer.poll(world.pipe, 100)


def free_of_canaries(where: str, text: str) -> None:
    assert [canary for canary in CANARIES if canary in text] == [], where


async def test_no_canary_gets_out(world, caplog, capfd):
    for name in ("shared", "services"):
        caplog.set_level(logging.DEBUG, logger=name)
    intake, workorders, notify = world.services.values()
    said = ""
    async with no_row_fits(intake, "cases"):
        said += await file_it(world)
    said += await file_it(world, type=NAME, description=1)
    said += await file_it(world, location={"region": NAME + PHONE, "street": HOUSE})
    said += await file_it(world, **{PHONE: HOUSE})
    said += await file_it(world)
    async with no_row_fits(workorders, "work_orders"), no_row_fits(notify, "recipients"):
        await everybody_hears(world)
    for running in world.services.values():
        rows = await running.rows("SELECT cause FROM parked")
        free_of_canaries("a cause", "".join(row.cause for row in rows))
    assert len(await workorders.rows("SELECT 1 FROM parked")) == 1

    free_of_canaries("an answer", said)
    free_of_canaries("the log", caplog.text)
    free_of_canaries("stderr", "".join(capfd.readouterr()))
    assert "inbox.parked" in caplog.text and "http.failed" in caplog.text
    keys = [key for log in world.pipe.log.values() for key, _ in log]
    free_of_canaries("a key", "".join(keys))
    for running in world.services.values():
        free_of_canaries("a metric", (await running.client.get("/metrics")).text)
        audit = await running.rows("SELECT CAST(audit AS text) AS line FROM audit")
        free_of_canaries("an audit row", "".join(row.line for row in audit))


async def test_they_were_there_all_the_time(world):
    await file_it(world)
    await everybody_hears(world, times=2)
    intake, workorders, notify = world.services.values()
    [case] = await intake.rows("SELECT * FROM cases")
    assert (case.caller_name, case.caller_phone) == (NAME, PHONE)
    [order] = await workorders.rows("SELECT address FROM work_orders")
    assert order.address.endswith(HOUSE)
    [message] = await notify.rows("SELECT address FROM messages")
    assert to_whom(message) == PHONE
