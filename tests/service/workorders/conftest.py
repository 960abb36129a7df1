"""The field, for all stories in this folder."""

import pytest

from tests.service.workorders.field import Field


@pytest.fixture
def field(workorders, token) -> Field:
    return Field(workorders, token)
