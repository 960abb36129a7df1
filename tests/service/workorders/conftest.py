"""The field, for all stories in this folder, and what must hold at the end of each."""

from collections import defaultdict
from collections.abc import AsyncIterator

import pytest

from tests.conftest import Running
from tests.service.workorders.calls import Calls
from tests.service.workorders.field import Field


@pytest.fixture
def field(workorders, token) -> Field:
    return Field(workorders, token)


@pytest.fixture
async def calls(workorders, clock, token) -> Calls:
    found = Calls(workorders, clock, token)
    await found.network()
    return found


@pytest.fixture
async def workorders(workorders: Running) -> AsyncIterator[Running]:
    """Whatever happened: what was said of an order or an outage was numbered 1, 2, 3."""
    yield workorders
    numbers = defaultdict(list)
    for row in await workorders.rows(
        "SELECT key, (envelope::json->>'sequence')::int AS number FROM outbox ORDER BY seq"
    ):
        if row.number:
            numbers[row.key].append(row.number)
    for key, found in numbers.items():
        assert found == sorted(found), f"{key} said {found}"
        assert set(found) == set(range(1, max(found) + 1)), f"{key} said {found}"
