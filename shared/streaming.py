"""Answers of unknown length, sent as they come: bounded by what the other side reads, or ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

_SEND_SECONDS = 30.0


class Streamed(StreamingResponse):
    """One chunk at a time. Who reads nothing for half a minute is hung up on.

    What goes wrong on the way breaks the connection off: a reader sees that it has not all.
    """

    def __init__(
        self,
        request: Request,
        chunks: "Begun",
        media_type: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        request.state.streams = True
        self._chunks = chunks
        unbuffered = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(chunks, headers=unbuffered | (headers or {}), media_type=media_type)

    async def stream_response(self, send: Send) -> None:
        async def bounded(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        async with aclosing(self._chunks):
            await super().stream_response(bounded)


class Begun:
    """Chunks of which the first is there already.

    Closing it ends them also when nobody has asked for the first one yet: a generator around them
    would not have begun, and so would end nothing.
    """

    def __init__(self, first: bytes, others: AsyncGenerator[bytes, None]) -> None:
        self._first: bytes | None = first
        self._others = others

    def __aiter__(self) -> "Begun":
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        return await anext(self._others) if first is None else first

    async def aclose(self) -> None:
        await self._others.aclose()


async def begun(chunks: AsyncGenerator[bytes, None]) -> Begun:
    """The same chunks, the first one made already: what goes wrong before it is still refused."""
    return Begun(await anext(chunks), chunks)
