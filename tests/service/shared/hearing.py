"""A listener that does what the event's description says, and writes down what it did."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from shared.audit import record
from shared.contracts.intake import CaseAccepted
from shared.db import Begin, Tx
from shared.errors import Conflict, NotYet
from shared.inbox import Delivery, Heard, Message, Tries, deliver, listeners
from shared.stamp import Stamp
from tests.conftest import NINE, Running
from tests.service.given import accepted, as_message

A, B, C = uuid4(), uuid4(), uuid4()
PERSON = "王小明"


class NotNow(Conflict):
    """Not like this."""


class Listening:
    """`moods`: what happens to an event of that description; without one it is applied."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.moods: dict[str, Callable[[], None]] = {
            "refused": _raises(NotNow("not like this")),
            "crashes": _raises(ZeroDivisionError(PERSON)),
            "early": _raises(NotYet("the one before is missing")),
        }
        self.heard: Heard = listeners((CaseAccepted, self._handle))
        self.tries = Tries()

    async def _handle(self, tx: Tx, event: CaseAccepted, stamp: Stamp) -> None:
        record(tx, stamp, "applied", event.number)
        self.moods.get(event.description, lambda: None)()

    async def hear(
        self, *messages: Message, now: datetime = NINE, begin: Begin | None = None
    ) -> Delivery:
        begin = begin or self.running.database.begin
        return await deliver(begin, self.heard, messages, now, self.tries)

    async def hear_all(self, *messages: Message) -> int:
        """Poll until everything is done. Returns how often it had to wait."""
        waits = 0
        while True:
            reached = await self.hear(*messages)
            messages = tuple(m for m in messages if m.offset >= reached.next_offset)
            if not messages:
                return waits
            assert reached.wait is not None
            waits += 1
            assert waits < 20

    async def applied(self) -> list[str]:
        query = "SELECT about FROM audit WHERE action = 'applied' ORDER BY id"
        return [row.about for row in await self.running.rows(query)]

    async def parked(self) -> list[Any]:
        return await self.running.rows("SELECT * FROM parked ORDER BY id")


def message(offset: int, name: str, case_id: UUID, mood: str = "") -> Message:
    event = accepted(case_id=case_id, number=name, description=mood)
    return as_message(event, offset)


def malformed(offset: int, case_id: UUID) -> Message:
    """One that lacks what its contract promises, and holds what must not be repeated."""
    good = message(offset, PERSON, case_id)
    return dataclasses.replace(good, value=good.value.replace(b'"case_id"', b'"no_case"'))


def _raises(error: Exception) -> Callable[[], None]:
    def raises() -> None:
        raise error

    return raises
