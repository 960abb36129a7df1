"""What may happen to a receipt between the gateway and our door, done on purpose.

An HTTP proxy on loopback. The gateway is told the address of the detour instead of the door's.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

HOST, PATIENCE = "127.0.0.1", 10.0
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Fate(NamedTuple):
    """What becomes of one request: handed on `times` times, the first `after` so many seconds.

    The gateway is answered at once with a success; `asks_again`: with a closed connection.
    """

    times: int = 1
    after: float = 0.0
    asks_again: bool = False


LOST, AGAIN = Fate(times=0), Fate(times=0, asks_again=True)
Decide = Callable[[bytes], Fate]


def straight(_: bytes) -> Fate:
    return Fate()


def any_way(seed: int) -> Decide:
    """Late, often, in any order and with the gateway asked again: but each gets through."""
    chance = random.Random(seed)

    def decide(_: bytes) -> Fate:
        if chance.random() < 0.15:
            return AGAIN
        return Fate(times=chance.choice([1, 1, 2, 3]), after=chance.uniform(0, 1.5))

    return decide


@dataclass
class Detour:
    """`decide` chooses the fate of each request; `lost` counts those that never get through."""

    door: int
    port: int = 0
    decide: Decide = straight
    lost: int = 0
    answers: list[int] = field(default_factory=list)
    _on_the_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.split(b"\r\n", 1)[0]
            fate = self.decide(line)
            self.lost += fate == LOST
            for number in range(fate.times):
                task = asyncio.create_task(self._hand_on(line, fate.after * (1 + number / 2)))
                self._on_the_way.add(task)
                task.add_done_callback(self._on_the_way.discard)
            if not fate.asks_again:
                writer.write(OK)
                await writer.drain()
        writer.close()

    async def _hand_on(self, line: bytes, after: float) -> None:
        """Until the door takes it: the detour loses nothing that it did not mean to lose."""
        await asyncio.sleep(after)
        async with asyncio.timeout(PATIENCE):
            while (answer := await self._ask(line)) >= 500:  # noqa: ASYNC110 (a door in another process)
                await asyncio.sleep(0.2)
        self.answers.append(answer)

    async def _ask(self, line: bytes) -> int:
        try:
            reader, writer = await asyncio.open_connection(HOST, self.door)
            writer.write(line + b"\r\nhost: door\r\nconnection: close\r\n\r\n")
            answer = await reader.readuntil(b"\r\n")
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            return 503
        return int(answer.split()[1])

    async def quiet(self) -> None:
        """Nothing is on its way."""
        while self._on_the_way:
            await asyncio.wait(list(self._on_the_way))


@asynccontextmanager
async def detour(door: int, decide: Decide = straight) -> AsyncIterator[Detour]:
    way = Detour(door, decide=decide)
    server = await asyncio.start_server(way.serve, HOST, 0)
    way.port = server.sockets[0].getsockname()[1]
    async with server:
        yield way
        await way.quiet()
