"""A gateway on free ports, and somebody who hears its callbacks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from deploy.gateway import Gateway, Settings


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110 (across processes)
            await asyncio.sleep(0.01)


class Hearer:
    """Answers each callback with the next of `answers`, and with 200 when none is left."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                query = urlsplit(head.split()[1].decode()).query
                self.heard.append(dict(parse_qsl(query, True, errors="surrogateescape")))
                status = self.answers.pop(0) if self.answers else 200
                writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def hears(self, count: int) -> list[dict[str, str]]:
        """The first `count` callbacks, when they have come and no further one follows them."""

        async def enough() -> bool:
            return len(self.heard) >= count

        await until(enough)
        await asyncio.sleep(0.1)
        assert len(self.heard) == count, self.heard
        return self.heard

    async def codes(self, count: int) -> list[int]:
        return [int(callback["code"]) for callback in await self.hears(count)]


@pytest.fixture
async def hearer() -> AsyncIterator[Hearer]:
    hearer = Hearer()
    server = await asyncio.start_server(hearer.talk, "127.0.0.1", 0)
    hearer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/receipts"
    yield hearer
    server.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway(Settings(dlr_delay=0.02, dlr_retries=2, dlr_retry_after=0.05)) as gateway:
        yield gateway


class Sender:
    """Submits as Wattline's notify service does."""

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient) -> None:
        self._gateway = gateway
        self._client = client

    async def send(self, to: str = "13800000001", text: str = "hello", **more: str) -> str:
        """Kannel's answer, status and words."""
        given = {"username": "notify", "password": "secret", "to": to, "text": text, **more}
        given = {name.replace("_", "-"): value for name, value in given.items() if value}
        answer = await self._client.get(self._gateway.sms_url, params=given)
        return f"{answer.status_code} {answer.text}"


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        yield client


@pytest.fixture
def sender(gateway: Gateway, client: httpx.AsyncClient) -> Sender:
    return Sender(gateway, client)
