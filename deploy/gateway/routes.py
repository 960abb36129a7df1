"""The gateway's HTTP: Kannel's sendsms, what was received, and the switches for tests."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.gateway.callbacks import TAKEN, Callbacks
from deploy.gateway.faults import NO_FAULTS, Faults
from deploy.gateway.journal import REMEMBERED, Journal, as_json
from deploy.gateway.network import Network
from deploy.gateway.page import listing, page
from deploy.gateway.sendsms import parameters

ON_THE_PAGE = 50


class Reply(BaseModel):
    """An SMS that a customer sends to us."""

    model_config = ConfigDict(extra="forbid")

    sender: Annotated[str, Field(alias="from", pattern=r"^\+?[0-9]{1,20}$")]
    to: Annotated[str, Field(pattern=r"^\+?[0-9]{1,20}$")] = "95598"
    text: Annotated[str, Field(max_length=2000)]


class Filter(BaseModel):
    to: str = ""
    contains: str = ""
    limit: Annotated[int, Field(ge=1, le=REMEMBERED)] = 100


class Routes:
    def __init__(self, network: Network, journal: Journal, callbacks: Callbacks) -> None:
        self._network = network
        self._journal = journal
        self._callbacks = callbacks

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/cgi-bin/sendsms", self._sendsms),
                Route("/", self._page),
                Route("/messages", self._messages),
                Route("/sent", self._sent),
                Route("/sent", self._forget, methods=["DELETE"]),
                Route("/counts", self._counts),
                Route("/simulate/mo", self._reply, methods=["POST"]),
                Route("/simulate/faults", self._faults),
                Route("/simulate/faults", self._break, methods=["POST"]),
                Route("/simulate/faults", self._heal, methods=["DELETE"]),
            ],
            exception_handlers={ValidationError: _invalid},
            max_body_size=100_000,
        )

    async def _sendsms(self, request: Request) -> Response:
        given = parameters(request.scope["query_string"])
        faults = self._network.faults_for(given)
        if faults.refuse:
            return await _dropped(request)
        answer = self._network.submit(given)
        try:
            await asyncio.sleep(faults.hang_seconds)
        except asyncio.CancelledError:  # the gateway stops
            return await _dropped(request)
        return Response(
            answer.body, answer.status, {"cache-control": "no-cache"}, media_type="text/html"
        )

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(page(self._journal.find("", "", ON_THE_PAGE)))

    async def _messages(self, request: Request) -> Response:
        return HTMLResponse(listing(self._journal.find("", "", ON_THE_PAGE)))

    async def _sent(self, request: Request) -> Response:
        asked = Filter.model_validate(dict(request.query_params))
        found = self._journal.find(asked.to, asked.contains, asked.limit)
        return JSONResponse([as_json(message) for message in found])

    async def _forget(self, request: Request) -> Response:
        self._journal.forget()
        return Response(status_code=204)

    async def _counts(self, request: Request) -> Response:
        return JSONResponse(
            {
                "submitted": self._journal.taken["sms"],
                "mails": self._journal.taken["mail"],
                "by_status": self._journal.answers,
                "receipts": self._journal.receipts,
                "callbacks_ok": self._callbacks.ok,
                "callbacks_failed": self._callbacks.failed,
                "callbacks_waiting": self._callbacks.waiting,
            }
        )

    async def _reply(self, request: Request) -> Response:
        reply = Reply.model_validate_json(await request.body())
        if self._network.mo_url is None:
            return JSONResponse({"error": "The gateway was started without --mo-url."}, 409)
        status = await self._network.reply(reply.sender, reply.to, reply.text)
        return JSONResponse({"status": status}, 200 if status in TAKEN else 502)

    async def _faults(self, request: Request) -> Response:
        return JSONResponse(self._network.faults.model_dump())

    async def _break(self, request: Request) -> Response:
        self._network.faults = Faults.model_validate_json(await request.body())
        return await self._faults(request)

    async def _heal(self, request: Request) -> Response:
        self._network.faults = NO_FAULTS
        return Response(status_code=204)


async def _dropped(request: Request) -> Response:
    """To be returned when nobody is there any more to receive it."""
    request.state.drop()
    await asyncio.sleep(0.01)  # until the server has noticed
    return Response()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)
    return JSONResponse(error.errors(include_url=False, include_context=False), 422)
