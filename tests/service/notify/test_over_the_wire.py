"""The gateway calls us back over real HTTP, by its own script."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn

from deploy.gateway import Gateway
from deploy.gateway import Settings as GatewaySettings
from services.notify.main import NotifySettings, service
from services.notify.seed import seed
from tests.service.notify.conftest import ADDRESSES, accepted, hand_over, hear, status, until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(app, listener):
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server._serve(sockets=[listener]))  # without its signal handlers
        yield
        server.should_exit = True


@pytest.mark.parametrize(
    ("phone", "end"),
    [
        ("13800138001", "delivered"),
        ("13800138002", "undelivered"),
        ("13800138003", "sent"),
        ("13800138004", "expired"),
        ("13800138006", "rejected"),
        ("13800138009", "rejected"),
    ],
)
async def test_the_network_has_its_say(start, postgres, keys, clock, phone, end):
    listener = socket.create_server(("127.0.0.1", 0))
    async with Gateway(GatewaySettings(dlr_delay=0.02)) as gateway:
        settings = NotifySettings(
            postgres=postgres,
            jwks=keys / "jwks.json",
            sms_url=gateway.sms_url,
            callback_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        )
        async with start(service(settings, clock)) as notify, served(notify.app, listener):
            await hear(notify, accepted(phone))
            await hand_over(notify)

            async def ended() -> bool:
                return await status(notify) == [end]

            await until(ended)


async def test_the_demo_contacts_are_added_once(notify):
    added = await seed(notify.database, ADDRESSES)
    assert added > 0
    assert await seed(notify.database, ADDRESSES) == 0
