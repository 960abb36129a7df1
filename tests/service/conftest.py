"""Intake and workorders as they run, each in an empty database of its own."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable

import pytest

from services.intake.main import service as intake_service
from services.workorders.main import WorkordersSettings
from services.workorders.main import service as workorders_service
from services.workorders.store.teams import add_teams
from shared.inbox import Delivery, Message, Tries, deliver
from shared.settings import Settings
from shared.stamp import Stamp
from tests.conftest import NINE, Running, Start
from tests.service.given import TEAMS


@pytest.fixture
async def intake(start: Start, settings: Settings) -> AsyncIterator[Running]:
    async with start(intake_service(settings)) as running:
        yield running


@pytest.fixture
async def workorders(start: Start, settings: Settings) -> AsyncIterator[Running]:
    """With the policies of this repository and three teams."""
    its_own = WorkordersSettings(postgres=settings.postgres, jwks=settings.jwks)
    async with start(workorders_service(its_own)) as running:
        await begin_work(running)
        yield running


async def begin_work(workorders: Running) -> None:
    assert workorders.service.on_start is not None
    async with workorders.database.begin() as tx:
        await workorders.service.on_start(tx, Stamp(by="start", at=NINE))
        await add_teams(tx, TEAMS)


async def hear(running: Running, *messages: Message, tries: Tries | None = None) -> Delivery:
    """What Kafka brings, at the service's own clock."""
    now = running.app.state.clock()
    begin, heard = running.database.begin, running.service.heard
    return await deliver(begin, heard, messages, now, tries or Tries())


@pytest.fixture
def cursor() -> Callable[[str], str]:
    """What a client would have to send to stand at this place of a list."""
    return lambda place: urlsafe_b64encode(place.encode()).decode()
