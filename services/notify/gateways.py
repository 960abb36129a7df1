"""The SMS gateway: Kannel's sendsms, or what speaks like it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from services.notify.domain.message import MessageId, Outcome, Verdict

_ALL_RECEIPTS = 31  # delivered, not delivered, buffered, taken by the network, refused by it
_UCS2 = 2
_TAKEN, _REFUSED = 202, (400, 403)
_NO_LINK = "403 Not routable"
_SURELY_NOT_TAKEN = range(400, 500)
_BUSY = 503
_READ, _READ_SECONDS = 200, 1  # bytes of an answer that are worth keeping, and waiting for
# Idle for less than any server's patience: no request meets a connection that was just closed.
_ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=2)


class Sms(Protocol):
    @property
    def id(self) -> MessageId: ...
    @property
    def number(self) -> int: ...
    @property
    def phone(self) -> str: ...
    @property
    def text(self) -> str: ...


class Line(Protocol):
    """A way to the gateway that carries one message at a time."""

    async def send(self, sms: Sms) -> Outcome:
        """Hand it over, in bounded time. Raises nothing: doubt is an outcome too."""
        ...


class Gateway(Protocol):
    """Where messages are handed over, over as many lines as one likes."""

    def line(self) -> AbstractAsyncContextManager[Line]: ...


@dataclass(frozen=True, slots=True)
class Account:
    """How we are known to the gateway; `smsc`: the link we want, empty if it is to choose."""

    url: str
    username: str
    password: SecretStr
    sender: str
    smsc: str = ""


class Kannel:
    """Kannel 1.4.5 over HTTP. Source: handbook/notify.md, section 3."""

    def __init__(
        self, account: Account, receipt_url: Callable[[MessageId, int], str], seconds: float
    ) -> None:
        self._url, self._receipt_url, self._seconds = httpx.URL(account.url), receipt_url, seconds
        fixed = {
            "username": account.username,
            "password": account.password.get_secret_value(),
            "from": account.sender,
            "coding": _UCS2,
            "charset": "UTF-8",
            "dlr-mask": _ALL_RECEIPTS,
            **({"smsc": account.smsc} if account.smsc else {}),
        }
        self._target = f"{self._url.path}?{urlencode(fixed)}&"
        self._timeout = httpx.Timeout(seconds, connect=seconds / 2).as_dict()
        self._trust = httpx.create_ssl_context() if self._url.scheme == "https" else False

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connection of its own, kept alive: httpx walks through a shared pool at every call."""
        async with httpx.AsyncHTTPTransport(verify=self._trust, limits=_ONE_CONNECTION) as way:
            yield _KannelLine(way, self._request, self._seconds)

    def _request(self, sms: Sms) -> httpx.Request:
        """The phone and the text are in the target only, never in an address that may be logged."""
        receipt_url = self._receipt_url(sms.id, sms.number)
        asked = {"to": sms.phone, "text": sms.text, "dlr-url": receipt_url}
        target = (self._target + urlencode(asked)).encode()
        extensions = {"timeout": self._timeout, "target": target}
        return httpx.Request("GET", self._url, extensions=extensions)


class _KannelLine:
    def __init__(
        self,
        way: httpx.AsyncHTTPTransport,
        request: Callable[[Sms], httpx.Request],
        seconds: float,
    ) -> None:
        self._way, self._request, self._seconds = way, request, seconds

    async def send(self, sms: Sms) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._way.handle_async_request(self._request(sms))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome(Verdict.NOT_TAKEN, type(error).__name__)
        except Exception as error:  # whatever it was: it may have been sent
            return Outcome(Verdict.UNCLEAR, type(error).__name__)
        answer = await _read(response)
        return Outcome(_verdict(response.status_code, answer), answer)


async def _read(response: httpx.Response) -> str:
    """The answer in short. Its status has decided; what can't be read of the rest is no matter."""
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
    words = said[:_READ].decode("ascii", "replace").replace("\x00", "")
    return f"{response.status_code} {words}".strip()


def _verdict(status: int, answer: str) -> Verdict:
    """`Do not try again`, it says, when an operator has stopped the link: we do, it may start."""
    if status == _TAKEN:
        return Verdict.TAKEN
    if status in _REFUSED and not answer.startswith(_NO_LINK):
        return Verdict.REFUSED
    if status in _SURELY_NOT_TAKEN or status == _BUSY:
        return Verdict.NOT_TAKEN
    return Verdict.UNCLEAR
