"""What the platform asks of a service: is it alive, may it take traffic; and what it forgets."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from services.intake.main import service
from shared import auth, strict
from shared.db import Database
from shared.service import build_app, forget_old
from tests.conftest import NINE
from tests.service.given import a_call

pytestmark = pytest.mark.anyio

NOWHERE = "postgresql://postgres@/intake?host=/nowhere"


@pytest.fixture
async def cut_off(settings, clock):
    """Intake while its database can't be reached."""
    database = Database(NOWHERE, pool_size=2)
    app = build_app(service(settings), database, auth.Keyring(settings.jwks, "intake"), clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield client
    await database.close()


async def test_alive_ready_and_measured(intake):
    assert (await intake.client.get("/healthz")).json() == {"status": "alive"}
    assert (await intake.client.get("/readyz")).json() == {"status": "ready"}
    measured = (await intake.client.get("/metrics")).text
    assert "wattline_outbox_unsent 0.0" in measured
    assert 'route="/healthz",status="200"' in measured


async def test_told_to_stop_it_is_not_ready_but_still_serves(intake, token):
    intake.app.state.ready = False
    answer = await intake.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await intake.client.get("/v1/cases", headers=token("agent"))).status_code == 200


async def test_without_its_database_it_says_so_at_once(cut_off, token):
    headers = token("agent") | {"idempotency-key": "k"}
    for answer in (
        await cut_off.get("/readyz"),
        await cut_off.get("/v1/cases", headers=headers),
        await cut_off.post("/v1/cases", json=a_call(), headers=headers),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "nowhere" not in answer.text
    assert (await cut_off.get("/healthz")).status_code == 200
    assert (await cut_off.get("/metrics")).status_code == 200


async def test_a_body_that_does_not_end_is_not_waited_for(intake, token, monkeypatch):
    monkeypatch.setattr(strict, "_BODY_SECONDS", 0.05)

    async def drops():
        yield b"{"
        await asyncio.sleep(0.2)
        yield b"}"

    headers = token("agent") | {"idempotency-key": "k", "content-type": "application/json"}
    answer = await intake.client.post("/v1/cases", content=drops(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (408, "/problems/too-slow")
    assert answer.headers["connection"] == "close"


OLD_ROWS = (
    "INSERT INTO outbox (topic, key, envelope, created_at, sent_at)"
    " VALUES ('t', 'sent', '', $1, $1), ('t', 'sent last', '', $1, $1),"
    " ('t', 'unsent', '', $1, NULL)",
    "INSERT INTO inbox VALUES (gen_random_uuid(), $1)",
    'INSERT INTO parked (topic, partition, "offset", key, message, digest, cause, parked_at, tries,'
    " released_at) VALUES ('t', 0, 1, 'released', '', 'a', '', $1, 0, $1),"
    " ('t', 0, 2, 'waiting', '', 'b', '', $1, 0, NULL)",
)


async def test_what_is_done_with_long_ago_is_forgotten_and_what_waits_never(intake):
    async with intake.database.begin() as tx:
        for statement in OLD_ROWS:
            await tx.run(statement, NINE - timedelta(days=31))
    await forget_old(intake.database, NINE)
    left = await intake.rows("SELECT key FROM outbox ORDER BY seq")
    assert [row.key for row in left] == ["sent last", "unsent"]  # the last one marks the place
    assert [row.key for row in await intake.rows("SELECT key FROM parked")] == ["waiting"]
    assert await intake.rows("SELECT 1 FROM inbox") == []
