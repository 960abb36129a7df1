"""The gateway in one piece: `async with Gateway() as gateway:` runs it inside a test."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from deploy.gateway.callbacks import Callbacks
from deploy.gateway.journal import Journal, Ledger, Mail, Sms
from deploy.gateway.mail import MailServer
from deploy.gateway.network import Network
from deploy.gateway.routes import Routes
from deploy.gateway.settings import ON_FREE_PORTS, Settings

HOST = "127.0.0.1"


class Gateway:
    """Left and entered again, it listens on the same ports and still knows what it has sent.

    `network` takes faults and the MO address: `gateway.network.faults = Faults(refuse=True)`.
    """

    def __init__(self, settings: Settings = ON_FREE_PORTS) -> None:
        self._ledger = settings.ledger
        self._callbacks = Callbacks(settings.dlr_retries, settings.dlr_retry_after)
        self.journal = Journal()
        self.network = Network(self.journal, self._callbacks, settings)
        self._routes = Routes(self.network, self.journal, self._callbacks)
        self.http_port = settings.http_port
        self.smtp_port = settings.smtp_port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.http_port}"

    @property
    def sms_url(self) -> str:
        return f"{self.url}/cgi-bin/sendsms"

    @property
    def sent(self) -> list[Sms]:
        """Oldest first."""
        return [message for message in self.journal.messages if isinstance(message, Sms)]

    @property
    def mails(self) -> list[Mail]:
        """Oldest first."""
        return [message for message in self.journal.messages if isinstance(message, Mail)]

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as parts:
            http = parts.enter_context(_listen(self.http_port))
            smtp = parts.enter_context(_listen(self.smtp_port))
            self.http_port, self.smtp_port = http.getsockname()[1], smtp.getsockname()[1]
            if self._ledger:
                self.journal.ledger = Ledger(self._ledger)
                parts.push_async_callback(self.journal.ledger.close)
            await parts.enter_async_context(self._callbacks)
            await parts.enter_async_context(MailServer(smtp, self.journal.add))
            await parts.enter_async_context(HttpServer(http, self._routes))
            self._parts = parts.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise OSError(f"port {port} cannot be had: {error.strerror}") from error


class Line(HttpToolsProtocol):
    """A connection that the application may drop without a word."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["drop"] = self.transport.abort


class HttpServer(uvicorn.Server):
    def __init__(self, listener: socket.socket, routes: Routes) -> None:
        super().__init__(
            uvicorn.Config(
                routes.app(),
                http=Line,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._listener = listener

    async def __aenter__(self) -> Self:
        self._ready = asyncio.Event()
        self._serving = asyncio.create_task(self.serve(sockets=[self._listener]))
        await self._ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.should_exit = True
        await self._serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals belong to the process, not to this part of it
