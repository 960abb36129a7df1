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
        chunks: AsyncGenerator[bytes, None],
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


async def begun(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same chunks, the first one made already: what goes wrong before it is still refused."""
    first = await anext(chunks)

    async def all_of_them() -> AsyncGenerator[bytes, None]:
        async with aclosing(chunks):
            yield first
            async for chunk in chunks:
                yield chunk

    return all_of_them()
