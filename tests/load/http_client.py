"""A load generator that costs little itself: raw HTTP/1.1, kept alive, loopback only."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Seen:
    """Latencies in seconds by status, and when the run began and ended."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / (self.ended - self.began)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The bytes of one request."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    match = _LENGTH.search(head)
    if match:
        await reader.readexactly(int(match[1]))
    return int(head[9:12])


async def flood(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Seen:
    """As many as the server takes, for `seconds`, on so many connections."""
    seen = Seen(began=time.perf_counter())
    end = seen.began + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            status = await _one(reader, writer, next(requests))
            seen.note(status, time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    seen.ended = time.perf_counter()
    return seen


async def steady(
    port: int,
    requests: Iterator[bytes],
    rate: float,
    seconds: float,
    on_answer: Callable[[int, float], None] | None = None,
    connections: int = 64,
) -> Seen:
    """An open load: `rate` a second, come what may; latency counts from the due time."""
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    seen = Seen(began=time.perf_counter())

    async def send(number: int, due: float) -> None:
        connection = await idle.get()
        status = await _one(*connection, next(requests))
        idle.put_nowait(connection)
        seen.note(status, time.perf_counter() - due)
        if on_answer:
            on_answer(number, time.time())

    tasks = []
    for number in range(int(rate * seconds)):
        due = seen.began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number, due)))
    await asyncio.gather(*tasks)
    seen.ended = time.perf_counter()
    while not idle.empty():
        idle.get_nowait()[1].close()
    return seen
