"""The field, for all stories in this folder."""

import pytest

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
