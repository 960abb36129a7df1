"""A carrier over plain HTTP that does as it is told: `python -m deploy.kannel.carrier`.

It takes messages from Kannel's generic HTTP link and reports to it. The last digit of the receiver
chooses: 9 refused for good; 8 refused for now, every time; 2 buffered, then not delivered, said
twice; any other: delivered.
"""

import asyncio
import json
from contextlib import suppress
from itertools import count
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import typer

HOST = "127.0.0.1"
PAUSE = 0.3  # seconds before each report
DELIVERED, NOT_DELIVERED, BUFFERED = 1, 2, 4


class Carrier:
    """`reports`: the port of Kannel that takes reports."""

    def __init__(self, reports: int) -> None:
        self._reports, self._ids = f"http://{HOST}:{reports}/", count(1)
        self._reporting: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked = dict(parse_qsl(urlsplit(head.split()[1].decode("latin-1")).query))
            body = self._take(asked).encode()
            length = f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n" + length + body)
            await writer.drain()
        writer.close()

    def _take(self, asked: dict[str, str]) -> str:
        to = asked["to"]
        if to.endswith("9"):
            return "failure"
        if to.endswith("8"):
            return "retry later"
        id = f"C{next(self._ids)}"
        said = (BUFFERED, NOT_DELIVERED, NOT_DELIVERED) if to.endswith("2") else (DELIVERED,)
        print(json.dumps({"what": "taken", "to": to, "id": id}), flush=True)
        task = asyncio.create_task(self._report(asked, id, said))
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)
        return f"ok <id>{id}</id>"

    async def _report(self, asked: dict[str, str], id: str, said: tuple[int, ...]) -> None:
        fixed = {"username": "sim", "password": "simpw", "from": asked["from"], "to": asked["to"]}
        async with httpx.AsyncClient(timeout=3) as client:
            for code in said:
                await asyncio.sleep(PAUSE)
                error = "011" if code == NOT_DELIVERED else "000"
                about = {"dlr-mid": id, "dlr-mask": code, "dlr-err": error, "text": f"id:{id}"}
                with suppress(httpx.HTTPError):
                    await client.get(f"{self._reports}?{urlencode(fixed | about)}")


async def _serve(port: int, reports: int) -> None:
    server = await asyncio.start_server(Carrier(reports).serve, HOST, port)
    async with server:
        await server.serve_forever()


def main(
    port: int,
    reports: Annotated[int, typer.Argument(help="the port where Kannel takes reports")],
) -> None:
    """A carrier over plain HTTP that does as it is told."""
    asyncio.run(_serve(port, reports))


if __name__ == "__main__":
    typer.run(main)
