"""Billing with a few streets of the demo's customers in it."""

from dataclasses import replace

import pytest

from services.billing.main import service
from services.billing.seed import Demo, seed

_CUSTOMERS = Demo.read()
FEW = replace(_CUSTOMERS, accounts=_CUSTOMERS.accounts[:40])


@pytest.fixture
async def billing(start, settings):
    async with start(service(settings)) as running:
        await seed(running.database, FEW)
        yield running


@pytest.fixture
def look(billing, token):
    """`await look("/5050000001", "agent", "3205")`: what such a caller gets to see."""

    async def looked(path: str, role: str = "agent", region: str = "", **query: str):
        headers = token(role, region)
        return await billing.client.get(f"/v1/accounts{path}", headers=headers, params=query)

    return looked
