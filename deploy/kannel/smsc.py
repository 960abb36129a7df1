"""A message centre that does as it is told: `python -m deploy.kannel.smsc 2775`.

SMPP 3.4 on loopback. The last digit of the receiver chooses what happens, see SCRIPTS. What it
hears and answers goes to its output, as JSON lines.
"""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import typer

from deploy.kannel import smpp
from deploy.kannel.smpp import Pdu, Submit

HOST = "127.0.0.1"
SOON, LATER = 0.3, 0.6  # seconds after the answer


@dataclass(frozen=True, slots=True)
class Script:
    """What happens to a message. `receipts`: after how many seconds, state and error."""

    receipts: tuple[tuple[float, str, str], ...] = ()
    receipt_first: bool = False
    refused: bool = False
    throttled_once: bool = False


_DELIVERED = Script(((SOON, "DELIVRD", "000"), (LATER, "DELIVRD", "000")))
SCRIPTS = {
    "2": Script(((SOON, "ENROUTE", "000"), (LATER, "UNDELIV", "011"))),
    "3": Script(((0, "DELIVRD", "000"),), receipt_first=True),
    "4": Script(((SOON, "EXPIRED", "001"), (LATER, "DELIVRD", "000"))),
    "6": Script(((SOON, "ACCEPTD", "000"), (LATER, "REJECTD", "045"))),
    "8": Script(_DELIVERED.receipts, throttled_once=True),
    "9": Script(refused=True),
}


def say(what: str, **facts: object) -> None:
    print(json.dumps({"what": what, **facts}, ensure_ascii=False), flush=True)


class Centre:
    """It remembers whom it has throttled, and numbers what it takes; no number comes twice."""

    def __init__(self) -> None:
        self._throttled: set[bytes] = set()
        self._ids = count(int(time.time() * 1000))
        self._numbers = count(1)
        self._reporting: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while (pdu := await smpp.read(reader)).command != smpp.UNBIND:
                await self._answer(pdu, writer)
            writer.write(pdu.answer().encoded())
        say("closed")
        writer.close()

    async def _answer(self, pdu: Pdu, writer: asyncio.StreamWriter) -> None:
        if pdu.command in smpp.BINDS:
            say("bound")
            writer.write(pdu.answer(b"centre\x00").encoded())
        elif pdu.command == smpp.ENQUIRE_LINK:
            writer.write(pdu.answer().encoded())
        elif pdu.command == smpp.SUBMIT:
            await self._submitted(pdu, Submit.of(pdu.body), writer)
        await writer.drain()

    async def _submitted(self, pdu: Pdu, submit: Submit, writer: asyncio.StreamWriter) -> None:
        script = SCRIPTS.get(chr(submit.to[-1]), _DELIVERED)
        status = self._status(script, submit)
        if status != smpp.OK:
            say("refused", to=submit.to.decode(), status=status)
            writer.write(pdu.answer(b"\x00", status).encoded())
            return
        id = str(next(self._ids))
        if script.receipt_first and submit.wants_receipt:
            await self._report(script, submit, id, writer)
        say("taken", to=submit.to.decode(), id=id, text=submit.text)
        writer.write(pdu.answer(id.encode() + b"\x00").encoded())
        if submit.wants_receipt and not script.receipt_first:
            task = asyncio.create_task(self._report(script, submit, id, writer))
            self._reporting.add(task)
            task.add_done_callback(self._reporting.discard)

    def _status(self, script: Script, submit: Submit) -> int:
        if script.refused:
            return smpp.INVALID_DESTINATION
        if script.throttled_once and submit.to not in self._throttled:
            self._throttled.add(submit.to)
            return smpp.THROTTLED
        return smpp.OK

    async def _report(
        self, script: Script, submit: Submit, id: str, writer: asyncio.StreamWriter
    ) -> None:
        began = time.monotonic()
        for after, state, error in script.receipts:
            await asyncio.sleep(max(0.0, began + after - time.monotonic()))
            now = time.strftime("%y%m%d%H%M")
            words = f"id:{id} sub:001 dlvrd:001 submit date:{now} done date:{now}"
            text = f"{words} stat:{state} err:{error} text:".encode() + submit.data[:20]
            writer.write(smpp.receipt(next(self._numbers), submit, text).encoded())
            with suppress(ConnectionError):
                await writer.drain()
            say("reported", id=id, state=state)


async def _serve(port: int) -> None:
    server = await asyncio.start_server(Centre().serve, HOST, port)
    async with server:
        await server.serve_forever()


def main(port: int) -> None:
    """A message centre that does as it is told."""
    asyncio.run(_serve(port))


if __name__ == "__main__":
    typer.run(main)
