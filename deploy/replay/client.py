"""Wattline over HTTP as the replay needs it: file a call, look up what became of it."""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ValidationError

from deploy.replay.calls import Call

_TRIES, _FIRST_PAUSE, _LONGEST_PAUSE = 10, 0.25, 8.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_NO_ANSWER, _CONNECTIONS, _MOST = 10.0, 32, 200
_DOORS = {"intake": "/v1/cases", "workorders": "/v1/work-orders", "notify": "/v1/messages"}


class NotThere(Exception):
    """A service does not answer, or does not let us in; the message is one line for people."""


class NotFiled(Exception):
    """A call did not become a case, however often it was tried."""

    def __init__(self, reason: str, retries: int) -> None:
        super().__init__(reason)
        self.retries = retries


class NotRead(Exception):
    """A look-up was not answered; look again later."""


class FiledCase(BaseModel):
    id: UUID
    accepted_at: AwareDatetime


class KnownCase(BaseModel):
    class Location(BaseModel):
        transformer: str | None = None

    id: UUID
    location: Location


class Order(BaseModel):
    id: UUID
    status: str = ""

    @property
    def stands_alone(self) -> bool:
        """Somebody is sent for it: it follows no other order."""
        return self.status != "merged"


class Sms(BaseModel):
    id: UUID
    template: str
    text: str
    status: str
    delivered_at: datetime | None = None


Item = TypeVar("Item", bound=BaseModel)


class _Page(BaseModel, Generic[Item]):
    items: list[Item]


class Wattline:
    """The three services; `urls` and `token` say where and who we are.

    A few connections for each: httpx looks through all of a pool's at every request.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        token: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._doors = {name: urls[name].rstrip("/") + path for name, path in _DOORS.items()}
        self._http = {name: _client(token, transport) for name in _DOORS}

    async def close(self) -> None:
        for client in self._http.values():
            await client.aclose()

    async def check(self) -> None:
        """Raises NotThere for the first service that does not answer us as it should."""
        for name, door in self._doors.items():
            try:
                answer = await self._http[name].get(door, params={"limit": 1})
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise NotThere(f"{name} is not there: {door} ({_said(error)})") from error
            if answer.status_code != 200:
                raise NotThere(f"{name} does not let us in: {door} ({_reason(answer)})")

    async def file(self, call: Call) -> tuple[FiledCase, int]:
        """The case and how many tries were repeats: all with one key, so there is one case.

        Raises NotFiled when it is refused, or has been tried often enough.
        """
        for repeats in range(_TRIES):
            if repeats:
                await asyncio.sleep(_pause(repeats))
            try:
                answer = await self._http["intake"].post(
                    self._doors["intake"],
                    json=call.body,
                    headers={"idempotency-key": call.key},
                )
                if answer.status_code == 201:
                    return FiledCase.model_validate_json(answer.content), repeats
                reason = _reason(answer)
                if answer.status_code not in _AGAIN:
                    break
            except (httpx.HTTPError, ValidationError) as error:
                reason = _said(error)
        raise NotFiled(reason, repeats)

    async def messages(self, case_id: UUID) -> list[Sms]:
        """What was said about the case, newest first. Raises NotRead."""
        return await self._look("notify", _Page[Sms], case_id=str(case_id))

    async def orders(self, case_id: UUID) -> list[Order]:
        """The work orders of the case. Raises NotRead."""
        return await self._look("workorders", _Page[Order], case_id=str(case_id))

    async def cases(self, call: Call) -> list[KnownCase]:
        """What this caller has filed about this fault. Raises NotRead."""
        found = await self._look("intake", _Page[KnownCase], phone=call.phone)
        return [case for case in found if case.location.transformer == call.transformer]

    async def _look(self, name: str, shape: type[_Page[Item]], **wanted: str) -> list[Item]:
        params: dict[str, Any] = {"limit": _MOST, **wanted}
        try:
            answer = await self._http[name].get(self._doors[name], params=params)
            if answer.status_code != 200:
                raise NotRead(f"{name} answered {_reason(answer)}")
            return shape.model_validate_json(answer.content).items
        except (httpx.HTTPError, ValidationError) as error:
            raise NotRead(f"{name}: {_said(error)}") from error


def _client(token: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        headers={"authorization": f"Bearer {token}"},
        limits=httpx.Limits(max_connections=_CONNECTIONS),
        timeout=httpx.Timeout(_NO_ANSWER, pool=None),
        trust_env=False,
    )


def _pause(repeats: int) -> float:
    """Doubling, and spread so that those who failed together don't return together."""
    longest: float = min(_FIRST_PAUSE * 2 ** (repeats - 1), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)


def _reason(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{answer.status_code} {problem['detail'] or problem['title']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"


def _said(error: Exception) -> str:
    """One line, also for those errors of httpx that say nothing."""
    if isinstance(error, ValidationError):
        return "an answer of another shape"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
