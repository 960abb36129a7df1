"""A filled service in a loop of its own, for tests that are no coroutines."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from deploy.docs.assembled import make
from tests.conftest import Running, Start
from tests.contracts import worlds


@dataclass(frozen=True)
class Served:
    """A running service and the way into its loop."""

    running: Running
    portal: BlockingPortal
    headers: worlds.Headers

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            return await self.running.client.request(method, url, **more)

        return self.portal.call(asked)

    def places(self, path: str) -> list[str]:
        return self.portal.call(worlds.places, self.running, path, self.headers)


Serve = Callable[[str], AbstractContextManager[Served]]


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio", {"use_uvloop": True}) as portal:
        yield portal


@pytest.fixture
def serve(portal: BlockingPortal, start: Start, token: worlds.Headers) -> Serve:
    """`with serve("intake") as served`: in a database with something in it."""

    @contextmanager
    def serving(name: str) -> Iterator[Served]:
        with portal.wrap_async_context_manager(start(make(name))) as running:
            portal.call(worlds.begin, running, token)
            yield Served(running, portal, token)

    return serving
