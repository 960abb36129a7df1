"""The Kafka door and the producer: every await bounded, nothing kept that has failed once."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
)

from shared import telemetry
from shared.db import Database
from shared.inbox import Delivery, Heard, Message, Tries, deliver

log = structlog.get_logger(__name__)

_SEND_SECONDS, _STOP_SECONDS = 15.0, 3.0
_BATCH = 200
_STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
_COMMIT_SECONDS, _LATE_COMMITS = 5.0, 3
_NO_LONGER_OURS = (CommitFailedError, IllegalStateError)
_send = AIOKafkaConnection.send


def _send_or_say_why_not(self: Any, request: Any, expect_response: bool = True) -> Any:
    """On a connection just closed uvloop raises RuntimeError, where aiokafka minds OSError only.

    Its metadata task would end of it, and all that waits for news of the cluster wait for ever, in
    silence. Source: github.com/aio-libs/aiokafka/issues/1038.
    """
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(str(error)) from error


AIOKafkaConnection.send = _send_or_say_why_not


class KafkaSender:
    """An idempotent producer for the relay. After any error it is of no use: make a new one."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=f"{name}-relay",
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            request_timeout_ms=10_000,
        )

    async def start(self) -> None:
        await self._producer.start()

    async def send_all(self, rows: Sequence[Any]) -> list[BaseException | None]:
        """Send every row (topic, key, envelope), many in flight; an outcome each, in order.

        A time-out means unknown: the row may arrive all the same.
        """
        async with asyncio.timeout(_SEND_SECONDS):
            futures = [
                await self._producer.send(
                    row.topic, row.envelope.encode(), row.key.encode(), headers=_STRUCTURED
                )
                for row in rows
            ]
        done, _ = await asyncio.wait(futures, timeout=_SEND_SECONDS)
        return [f.exception() if f in done else TimeoutError() for f in futures]

    async def stop(self) -> None:
        await quietly(self._producer.stop())


async def quietly(step: Coroutine[Any, Any, Any]) -> None:
    """One step of a shutdown: bounded, and its failure does not skip the next step."""
    try:
        await asyncio.wait_for(step, _STOP_SECONDS)
    except (Exception, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        log.info("kafka.stop_failed", error=type(error).__name__)


def _text(key: bytes) -> str:
    """A key as PostgreSQL can keep it: whoever sent it, it must not stop the partition."""
    return key.decode("utf-8", "replace").replace("\x00", "\ufffd")


class Consumer:
    """One consumer of a service's group: in order per partition, partitions side by side.

    Offsets move only after the database has committed. A partition whose head can't be applied
    yet waits alone.
    """

    def __init__(
        self,
        database: Database,
        heard: Heard,
        bootstrap: str,
        group: str,
        clock: Callable[[], datetime],
        member: str | None = None,
    ) -> None:
        """`member` names this worker for good: restarted, it gets its partitions back at once."""
        self._member = member
        self._database, self._heard, self._clock = database, heard, clock
        self._bootstrap, self._group = bootstrap, group
        self._topics = sorted({listener.event.topic for listener in heard.values()})
        self._tries = Tries()
        self._resting: dict[TopicPartition, float] = {}
        self._owed: dict[TopicPartition, int] = {}
        self._reached: dict[TopicPartition, int] = {}
        self._late = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until `stopping`. Any Kafka error: a new consumer, after a pause."""
        pause = 0.2
        while not stopping.is_set() and self._topics:
            consumer = self._new_consumer()
            try:
                async with asyncio.timeout(30):
                    await consumer.start()
                pause = 0.2
                while not stopping.is_set():
                    await self._round(consumer)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("consumer.failed", error=type(error).__name__, again_in_s=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                await quietly(consumer.stop())

    def _new_consumer(self) -> AIOKafkaConsumer:
        self._resting.clear()
        self._owed.clear()
        self._late = 0
        self._reached.clear()
        telemetry.LAG.clear()
        return AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            group_instance_id=self._member,
            client_id=f"{self._group}-worker",
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # what the inbox has seen does nothing
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            max_poll_records=_BATCH * 4,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metadata_max_age_ms=10_000,
            fetch_max_wait_ms=200,
        )

    async def _round(self, consumer: AIOKafkaConsumer) -> None:
        """One poll: apply what came, commit how far each partition got."""
        self._wake_rested(consumer)
        polled = await consumer.getmany(timeout_ms=200)
        telemetry.LAST_POLL.set_to_current_time()
        telemetry.CAUGHT_UP.set(not polled and self._knows_the_end(consumer))
        self._measure_lag(consumer)
        if not polled:
            await self._commit(consumer)
            return
        parts = list(polled.items())
        reached = await asyncio.gather(*(self._apply(records) for _, records in parts))
        for (partition, _), delivery in zip(parts, reached, strict=True):
            self._after(consumer, partition, delivery)
        offsets = {
            partition: delivery.next_offset
            for (partition, records), delivery in zip(parts, reached, strict=True)
            if delivery.next_offset > records[0].offset and partition in consumer.assignment()
        }
        self._owed.update(offsets)
        await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what is owed. A broker that does not answer is asked again, by this same consumer:
        a new one would have to wait until the group has given the old one up. But not for ever:
        the fault may be the consumer's own. Raises TimeoutError."""
        owed = {p: offset for p, offset in self._owed.items() if p in consumer.assignment()}
        self._owed = owed
        if not owed:
            return
        try:
            await asyncio.wait_for(consumer.commit(owed), _COMMIT_SECONDS)
            self._owed, self._late = {}, 0
        except TimeoutError:
            self._late += 1
            log.warning("consumer.commit_late", times=self._late)
            if self._late == _LATE_COMMITS:
                raise
        except _NO_LONGER_OURS:  # its next owner repeats it
            self._owed = {}

    async def _apply(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> Delivery:
        messages = [
            Message(r.topic, r.partition, r.offset, _text(r.key or b""), r.value or b"")
            for r in records
        ]
        for start in range(0, len(messages), _BATCH):
            some = messages[start : start + _BATCH]
            reached = await deliver(
                self._database.begin, self._heard, some, self._clock(), self._tries
            )
            if reached.wait is not None:
                return reached
        return reached

    def _measure_lag(self, consumer: AIOKafkaConsumer) -> None:
        """Of every partition that we hold and have read from; of others nothing."""
        ours = consumer.assignment()
        if lost := self._reached.keys() - ours:
            self._reached = {p: at for p, at in self._reached.items() if p not in lost}
            telemetry.LAG.clear()
        for partition, reached in self._reached.items():
            behind = max(0, (consumer.highwater(partition) or 0) - reached)
            telemetry.LAG.labels(partition.topic, str(partition.partition)).set(behind)

    def _knows_the_end(self, consumer: AIOKafkaConsumer) -> bool:
        """Every partition of ours was asked, and none rests before a message that failed."""
        ours = consumer.assignment()
        asked = all(consumer.highwater(partition) is not None for partition in ours)
        return bool(ours) and asked and not self._resting

    def _after(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, reached: Delivery
    ) -> None:
        self._reached[partition] = reached.next_offset
        with contextlib.suppress(IllegalStateError):
            if reached.wait is not None:
                consumer.seek(partition, reached.next_offset)
                consumer.pause(partition)
                self._resting[partition] = time.monotonic() + reached.wait.total_seconds()

    def _wake_rested(self, consumer: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        for partition in [p for p, until in self._resting.items() if until <= now]:
            del self._resting[partition]
            with contextlib.suppress(IllegalStateError):
                consumer.resume(partition)
