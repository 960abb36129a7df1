"""Every example of a fact is understood and applied by everyone who hears it."""

import pytest

from deploy.docs.assembled import make, names
from tests.contracts import worlds

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", names())
async def test_nothing_that_was_ever_said_is_parked(name, start, token) -> None:
    async with start(make(name)) as running:
        await worlds.begin(running, token)
        assert [row.cause for row in await running.rows("SELECT cause FROM parked")] == []
        [heard] = await running.rows("SELECT count(*) AS messages FROM inbox")
        assert heard.messages >= len(worlds.examples(set(running.service.heard)))
