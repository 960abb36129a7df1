"""The SMS gateway: Kannel's sendsms, or what speaks like it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from services.notify.domain.message import MessageId, Outcome, Verdict

_ALL_RECEIPTS = 31  # delivered, not delivered, buffered, taken by the network, refused by it
_UCS2 = 2
_TAKEN, _REFUSED = 202, (400, 403)
_SURELY_NOT_TAKEN = range(400, 500)
_BUSY = 503
_READ, _READ_SECONDS = 200, 1  # bytes of an answer that are worth keeping, and waiting for
_IDLE_SECONDS = 2  # shorter than any server's patience: no request meets a connection just closed


class Sms(Protocol):
    @property
    def id(self) -> MessageId: ...
    @property
    def phone(self) -> str: ...
    @property
    def text(self) -> str: ...


class Gateway(Protocol):
    """Where messages are handed over. Open it, then send as many at a time as it has lanes."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    async def send(self, sms: Sms) -> Outcome:
        """Hand one over, in bounded time. Raises nothing: doubt is an outcome too."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """How we are known to the gateway."""

    url: str
    username: str
    password: SecretStr
    sender: str


class Kannel:
    """Kannel 1.4.5 over HTTP. Source: handbook/notify.md, section 3.

    The transport is used directly: httpx's client would log the address, and with it the phone.
    """

    def __init__(
        self,
        account: Account,
        receipt_url: Callable[[MessageId], str],
        lanes: int,
        seconds: float,
    ) -> None:
        self._account, self._receipt_url = account, receipt_url
        self._lanes, self._seconds = lanes, seconds
        fixed = {
            "username": account.username,
            "password": account.password.get_secret_value(),
            "from": account.sender,
            "coding": _UCS2,
            "charset": "UTF-8",
            "dlr-mask": _ALL_RECEIPTS,
        }
        self._start = f"{account.url}?{urlencode(fixed)}&"
        self._extensions = {"timeout": httpx.Timeout(seconds, connect=seconds / 2).as_dict()}

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=self._lanes, keepalive_expiry=_IDLE_SECONDS)
        self._transport = httpx.AsyncHTTPTransport(limits=limits)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transport.aclose()

    async def send(self, sms: Sms) -> Outcome:
        asked = {"to": sms.phone, "text": sms.text, "dlr-url": self._receipt_url(sms.id)}
        request = httpx.Request("GET", self._start + urlencode(asked), extensions=self._extensions)
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._transport.handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome(Verdict.NOT_TAKEN, type(error).__name__)
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            return Outcome(Verdict.UNCLEAR, type(error).__name__)
        return Outcome(_verdict(response.status_code), await self._read(response))

    async def _read(self, response: httpx.Response) -> str:
        """The status has decided; what can't be read of the rest does not matter."""
        said = b""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                async for chunk in response.aiter_raw():
                    said += chunk
                    if len(said) > _READ:
                        break
                await response.aclose()
        except (httpx.HTTPError, OSError, TimeoutError):
            pass
        words = said[:_READ].decode("ascii", "replace").strip()
        return f"{response.status_code} {words}".replace("\x00", "").strip()


def _verdict(status: int) -> Verdict:
    if status == _TAKEN:
        return Verdict.TAKEN
    if status in _REFUSED:
        return Verdict.REFUSED
    if status in _SURELY_NOT_TAKEN or status == _BUSY:
        return Verdict.NOT_TAKEN
    return Verdict.UNCLEAR
