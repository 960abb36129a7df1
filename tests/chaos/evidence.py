"""Collects a history: the recorder's log, four databases, the network's ledger, the topics."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer

from deploy.processes import NotReady
from deploy.suite import SERVICES, CannotStart, Suite
from tests.chaos.checker import History, Line, Said, violations
from tests.integration.world import ready

_LOOK_AGAIN, _SHOWN = 0.5, 20
_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_EVENTS = "SELECT envelope FROM outbox ORDER BY seq"
_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_PARKED = "SELECT count(*) FROM parked WHERE released_at IS NULL"
_OWN = {
    "intake": "SELECT id::text, description FROM cases",
    "workorders": "SELECT case_id::text FROM work_orders",
    "notify": "SELECT case_id::text, status FROM messages WHERE template LIKE 'case-accepted%'",
    "billing": "SELECT 1",
}


class Broken(AssertionError):
    """Something was lost, doubled or left open."""

    def __init__(self, seconds: float, wrong: Sequence[str], network: str) -> None:
        shown = "\n".join([*wrong[:_SHOWN], f"(the network: {network})"])
        super().__init__(f"{len(wrong)} violations after {seconds:.0f} s:\n{shown}")


@asynccontextmanager
async def opened(suite: Suite, service: str) -> AsyncIterator[Any]:
    """A connection of our own to a service's database."""
    connection = await asyncpg.connect(suite.settings.database_url(service), timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def rows(suite: Suite, service: str, query: str) -> list[Any]:
    async with opened(suite, service) as database:
        return list(await database.fetch(query))


async def patient_rows(suite: Suite, service: str, query: str, seconds: float = 30) -> list[Any]:
    """As soon as there are any, also from a server that is just recovering."""
    end = time.monotonic() + seconds
    while True:
        try:
            if some := await rows(suite, service, query):
                return some
        except _NO_ANSWER:
            pass
        assert time.monotonic() < end, f"{service}: nothing within {seconds:.0f} s"
        await asyncio.sleep(_LOOK_AGAIN)


async def found(suite: Suite, log: Sequence[Line]) -> History:
    """All but the topics."""
    said, unsent, parked, own = {}, {}, {}, {}
    for service in SERVICES:
        async with opened(suite, service) as database:
            said[service] = [_said(row[0]) for row in await database.fetch(_EVENTS)]
            unsent[service] = await database.fetchval(_UNSENT)
            parked[service] = await database.fetchval(_PARKED)
            own[service] = [tuple(row) for row in await database.fetch(_OWN[service])]
    return History(
        log=log,
        cases=[(id, said.removeprefix("key ")) for id, said in own["intake"]],
        orders=[case for (case,) in own["workorders"]],
        messages=own["notify"],
        sms=_handsets(suite.home / "sent.jsonl"),
        said=said,
        unsent=unsent,
        parked=parked,
    )


async def settled(
    suite: Suite,
    log: Sequence[Line],
    *,
    doubt: bool = False,
    quiet: bool = True,
    seconds: float = 60,
) -> History:
    """The history with its topics, when nothing is wrong and (`quiet`) nothing on its way any more.

    Raises Broken after `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        history, wrong = await _looked(suite, log, doubt=doubt, quiet=quiet)
        if history is not None and not wrong:
            return history
        if time.monotonic() > end:
            raise Broken(seconds, wrong, _network(suite))
        await asyncio.sleep(_LOOK_AGAIN)


async def _looked(
    suite: Suite, log: Sequence[Line], *, doubt: bool, quiet: bool
) -> tuple[History | None, list[str]]:
    """What there is and what is wrong with it; the topics only when the rest is as it should be."""
    try:
        history = await found(suite, log)
    except _NO_ANSWER as error:
        return None, [f"the database does not answer: {error!r}"]
    if wrong := violations(history, doubt=doubt):
        return history, wrong
    try:
        if quiet:
            await asyncio.to_thread(_wait_quiet, suite)
    except (CannotStart, NotReady, httpx.HTTPError) as error:
        return history, [f"not quiet: {error!r}"]
    history = replace(await found(suite, log), carried=await carried(suite.bootstrap))
    return history, violations(history, doubt=doubt)


def _wait_quiet(suite: Suite) -> None:
    for service in SERVICES:
        suite.children[service].wait_ready(ready(suite, service))
    suite.wait_quiet()


async def carried(bootstrap: str) -> dict[str, list[Said]]:
    """Everything in the services' topics, per partition in order."""
    events: dict[str, list[Said]] = {service: [] for service in SERVICES}
    consumer = AIOKafkaConsumer(
        *SERVICES, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )  # no group: all partitions
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(p) < end for p, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                events[place.topic] += [_said(record.value.decode()) for record in records]
    finally:
        await asyncio.wait_for(consumer.stop(), 10)
    return events


def _network(suite: Suite) -> str:
    """What the phone network counts: it may be the one who owes us something."""
    return httpx.get(f"{suite.urls['gateway']}/counts", timeout=5).text


def _said(envelope: str) -> Said:
    read = json.loads(envelope)
    return Said(read["id"], read["subject"], read["type"], read["sequence"])


def _handsets(ledger: Path) -> list[str]:
    sent = map(json.loads, ledger.read_text().splitlines())
    return [message["to"] for message in sent if message["kind"] == "sms"]
