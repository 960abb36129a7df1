"""The same request again is the same case and the same answer; anything else is refused."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from services.intake.main import service
from shared.service import forget_old
from tests.conftest import NINE, Running
from tests.service.given import a_call

pytestmark = pytest.mark.anyio


async def post(intake: Running, headers: dict[str, str], key: str = "k", **changes: Any):
    keyed = headers | {"idempotency-key": key}
    return await intake.client.post("/v1/cases", json=a_call(**changes), headers=keyed)


async def cases(intake: Running) -> int:
    return len(await intake.rows("SELECT 1 FROM cases"))


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


async def test_again_gives_the_same_answer_with_its_etag(intake, token):
    first = await post(intake, token("agent"))
    again = await post(intake, token("agent"))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["etag"] == first.headers["etag"] == '"1"'
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await cases(intake) == 1 and await intake.said() == ["case-accepted"]


async def test_fifty_at_once_are_one_case(start, settings, token):
    async with start(service(settings), pool_size=50) as intake:
        headers = token("agent")
        answers = await asyncio.gather(*(post(intake, headers) for _ in range(50)))
        assert set(Counter(a.status_code for a in answers)) <= {201, 409}
        told = [answer.content for answer in answers if answer.status_code == 201]
        assert told and len(set(told)) == 1
        [case] = await intake.rows("SELECT id FROM cases")
        assert str(case.id).encode() in told[0]
        late = await post(intake, headers)
        assert (late.status_code, late.content) == (201, told[0])
        assert await intake.said() == ["case-accepted"]


async def test_another_body_under_the_same_key_is_refused(intake, token):
    await post(intake, token("agent"))
    other = await post(intake, token("agent"), description="别的事")
    assert problem_of(other) == (422, "/problems/key-reused")
    assert await cases(intake) == 1


async def test_without_a_key_nothing_is_created(intake, token):
    answer = await intake.client.post("/v1/cases", json=a_call(), headers=token("agent"))
    assert problem_of(answer) == (400, "/problems/key-missing")
    assert await cases(intake) == 0


async def test_another_callers_key_is_another_case(intake, token):
    first = await post(intake, token("agent", subject="agent-1"))
    second = await post(intake, token("agent", subject="agent-2"))
    assert first.json()["id"] != second.json()["id"]
    assert await cases(intake) == 2


async def test_what_was_refused_is_not_kept(intake, token):
    nowhere = await post(intake, token("agent"), location={})
    assert problem_of(nowhere) == (422, "/problems/where-is-it")
    assert await intake.rows("SELECT 1 FROM idempotency") == []
    assert (await post(intake, token("agent"))).status_code == 201


async def test_a_kept_answer_is_forgotten_after_two_days(intake, token):
    first = await post(intake, token("agent"))
    await intake.rows("UPDATE idempotency SET at = :at RETURNING 1", at=NINE)
    await forget_old(intake.database, NINE)
    assert (await post(intake, token("agent"))).json()["id"] == first.json()["id"]
    await intake.rows("UPDATE idempotency SET at = at - interval '49 hours' RETURNING 1")
    await forget_old(intake.database, NINE)
    assert (await post(intake, token("agent"))).json()["id"] != first.json()["id"]
