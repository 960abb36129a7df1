"""The commit itself fails: whoever waits is told so, nothing is stored, the connection lives on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from services.intake.main import service
from shared.due import fire_due
from shared.inbox import Tries
from tests.conftest import Running
from tests.service.conftest import hear
from tests.service.given import a_call, accepted, as_message

pytestmark = pytest.mark.anyio

REFUSED = "RAISE EXCEPTION 'not today'"
CUT_OFF = "PERFORM pg_terminate_backend(pg_backend_pid())"


@asynccontextmanager
async def commits_fail(running: Running, table: str, how: str) -> AsyncIterator[None]:
    """Every transaction that has written into `table` fails when it commits."""
    body = f"BEGIN {how}; RETURN NULL; END".replace("'", "''")
    async with running.database.begin() as tx:
        await tx.run(f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
        await tx.run(
            f"CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fails()"
        )
    try:
        yield
    finally:
        async with running.database.begin() as tx:
            await tx.run("DROP FUNCTION fails CASCADE")


async def stored(running: Running, *tables: str) -> list[int]:
    return [len(await running.rows(f"SELECT 1 FROM {table}")) for table in tables]


@pytest.mark.parametrize(("how", "status"), [(REFUSED, 500), (CUT_OFF, 503)])
async def test_the_caller_is_told_and_the_next_request_is_served(
    start, settings, token, how, status
):
    async with start(service(settings), pool_size=1) as intake:
        headers = token("agent") | {"idempotency-key": "k"}
        async with commits_fail(intake, "cases", how):
            answer = await intake.client.post("/v1/cases", json=a_call(), headers=headers)
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            looked = await intake.client.get("/v1/cases", headers=token("agent"))
            assert looked.status_code == 200 and looked.json()["items"] == []
        assert await stored(intake, "cases", "outbox", "audit", "idempotency") == [0, 0, 0, 0]
        again = await intake.client.post("/v1/cases", json=a_call(), headers=headers)
        assert again.status_code == 201
        assert await stored(intake, "cases", "outbox", "audit", "idempotency") == [1, 1, 1, 1]


async def test_the_consumer_does_not_go_on_and_parks_nothing_while_the_database_is_away(
    workorders,
):
    message, tries = as_message(accepted(), offset=7), Tries()
    async with commits_fail(workorders, "work_orders", CUT_OFF):
        for _ in range(6):
            reached = await hear(workorders, message, tries=tries)
            assert reached.next_offset == 7 and reached.wait
    assert await stored(workorders, "work_orders", "clocks", "inbox", "parked") == [0, 0, 0, 0]


async def test_the_timer_leaves_its_clocks_armed(workorders, clock):
    await hear(workorders, as_message(accepted()))
    clock.now += timedelta(hours=1)
    timer = workorders.service.timers[0]
    async with commits_fail(workorders, "clocks", REFUSED):
        with pytest.raises(DBAPIError):
            await fire_due(workorders.database, timer, clock.now)
    rows = await workorders.rows("SELECT 1 FROM clocks WHERE state = 'armed'")
    assert len(rows) == 2 and "clock-breached" not in await workorders.said()
    assert await fire_due(workorders.database, timer, clock.now) == 2
