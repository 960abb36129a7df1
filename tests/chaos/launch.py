"""A service that dies at a named point: `python -m tests.chaos.launch intake after-commit 3`.

The product knows nothing of it: one function of the mechanism is wrapped before the service runs.
What dies at a point dies without a word, as by SIGKILL: exit code 137. At `coma` it stops instead,
until somebody sends it SIGCONT.
"""

import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import outbox
from shared.db import Database, Tx
from shared.idempotency import Once
from shared.kafka import KafkaSender

KILLED = 137


class Fuse:
    """Burns through the n-th time, and then does its worst."""

    def __init__(self, times: int) -> None:
        self._left = times

    def burn(self, worst: Callable[[], object] = lambda: os._exit(KILLED)) -> None:
        self._left -= 1
        if self._left == 0:
            worst()


def after_commit(fuse: Fuse, service: str) -> None:
    """A creating request is stored; its caller will not hear of it."""
    answer, begin = Once.answer, Database.begin
    creating: list[Tx] = []

    def noticed(self: Once, *args: Any, **named: Any) -> Any:
        creating.append(self.tx)
        return answer(self, *args, **named)

    @asynccontextmanager
    async def watched(self: Database) -> AsyncIterator[Tx]:
        async with begin(self) as tx:
            yield tx
        if any(tx is other for other in creating):
            fuse.burn()

    Once.answer, Database.begin = noticed, watched  # type: ignore[method-assign,assignment]


def before_mark(fuse: Fuse, service: str) -> None:
    """The relay's events are in Kafka; the outbox still holds them as unsent."""
    send_all = KafkaSender.send_all

    async def watched(self: KafkaSender, rows: Sequence[Any]) -> list[BaseException | None]:
        outcomes = await send_all(self, rows)
        fuse.burn()
        return outcomes

    KafkaSender.send_all = watched  # type: ignore[method-assign]


def after_mark(fuse: Fuse, service: str) -> None:
    """What is marked as sent must have been: nobody will send it again."""
    mark_sent = outbox.mark_sent

    async def watched(connection: AsyncConnection, seqs: list[int]) -> None:
        await mark_sent(connection, seqs)
        fuse.burn()

    outbox.mark_sent = watched


def coma(fuse: Fuse, service: str) -> None:
    """The relay has read what is unsent; it will send it when it wakes up, as if it were now."""
    send_all = KafkaSender.send_all

    async def watched(self: KafkaSender, rows: Sequence[Any]) -> list[BaseException | None]:
        fuse.burn(lambda: os.kill(os.getpid(), signal.SIGSTOP))
        return await send_all(self, rows)

    KafkaSender.send_all = watched  # type: ignore[method-assign]


def before_offset(fuse: Fuse, service: str) -> None:
    """A batch is applied and committed; Kafka will give it again."""
    commit = AIOKafkaConsumer.commit

    async def watched(self: AIOKafkaConsumer, *args: Any) -> None:
        fuse.burn()
        await commit(self, *args)

    AIOKafkaConsumer.commit = watched


def after_offset(fuse: Fuse, service: str) -> None:
    """What Kafka will not give again must have been applied."""
    commit = AIOKafkaConsumer.commit

    async def watched(self: AIOKafkaConsumer, *args: Any) -> None:
        await commit(self, *args)
        fuse.burn()

    AIOKafkaConsumer.commit = watched


def before_record(fuse: Fuse, service: str) -> None:
    """The gateway has answered; that it took the message is written nowhere."""
    use_cases = importlib.import_module(f"services.{service}.use_cases")
    record = use_cases.record

    async def watched(*args: Any) -> None:
        fuse.burn()
        await record(*args)

    use_cases.record = watched  # type: ignore[attr-defined]


POINTS: dict[str, Callable[[Fuse, str], None]] = {
    "after-commit": after_commit,
    "before-mark": before_mark,
    "after-mark": after_mark,
    "before-offset": before_offset,
    "after-offset": after_offset,
    "before-record": before_record,
    "coma": coma,
}


def main(service: str, point: str, times: str) -> None:
    app = importlib.import_module(f"services.{service}.main").app
    POINTS[point](Fuse(int(times)), service)
    app(["all"])


if __name__ == "__main__":
    main(*sys.argv[1:])
