"""How fast delivery receipts are stored and folded, answered after the commit."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import uvloop

from services.notify.domain.message import MessageId
from services.notify.domain.seal import Seal
from services.notify.main import NotifySettings
from shared.ids import new_id
from tests.load.figures import Figure, median_of
from tests.load.http_client import Seen, flood, steady
from tests.load.stage import CORES, Stage, a_port, stage

_CONNECTIONS, _SECONDS, _ROUNDS = 64, 3.0, 3
_ASKED_PER_S, _STEADY_SECONDS = 2_000.0, 8.0
_MESSAGES = 40_000  # three receipts each: more than a run can use
_REPLY = (
    "id:{id} sub:001 dlvrd:001 submit date:2611221200 done date:2611221201 stat:{stat} err:000"
    " text:"
)
# In the order in which Kannel sends them.
_STEPS = ((8, "ACK/"), (4, _REPLY.replace("{stat}", "ENROUTE")), (1, _REPLY))

_FILL = """
    INSERT INTO messages (id, dedupe_key, case_id, region, audience, template, category, ambiguity,
      lane, request_id, addressee, channel, text, status, tries, resends, created_at, due_at,
      handed_at, said)
    SELECT id, id::text, id, '320505', 'customer', 'case-accepted.v1', 'transactional',
      'at_most_once', 2, id, id, 'sms', '停电', 'accepted', 1, 0, $2,
      $2::timestamptz + interval '72 hours', $2, 1
    FROM unnest($1::uuid[]) AS id
    """


async def _messages(url: str) -> list[UUID]:
    """Messages that the gateway has taken and that wait for their receipts."""
    at = datetime.now(UTC)
    ids = [new_id(at) for _ in range(_MESSAGES)]
    connection = await asyncpg.connect(url)
    await connection.execute(_FILL, ids, at)
    await connection.execute("ANALYZE messages")
    await connection.close()
    return ids


def _requests(ids: list[UUID]) -> Iterator[bytes]:
    """Receipts as Kannel sends them: a thousand messages at a time, step by step."""
    seal = Seal(NotifySettings().callback_secret.get_secret_value())
    for first in range(0, len(ids), 1_000):
        for (code, reply), id in itertools.product(_STEPS, ids[first : first + 1_000]):
            said = reply.replace("{id}", str(id.int % 10**12)).replace("{stat}", "DELIVRD")
            about = {"m": id, "t": seal.of(MessageId(id)), "n": 1, "code": code, "reply": said}
            target = f"/v1/receipts/kannel?{urlencode(about)}"
            yield f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def measure() -> list[Figure]:
    """As many as go in, in rounds; then the asked rate, for the latency."""
    with stage() as set_up:
        set_up.migrate("notify")
        requests = _requests(asyncio.run(_messages(set_up.url("notify"))))
        port = a_port()
        for _ in range(CORES):
            set_up.start("notify", "api", port, WATTLINE_REUSE_PORT="true")
        uvloop.run(flood(port, requests, _CONNECTIONS, 1))
        floods = []
        for _ in range(_ROUNDS):
            floods.append(_all_taken(uvloop.run(flood(port, requests, _CONNECTIONS, _SECONDS))))
        calm = _all_taken(uvloop.run(steady(port, requests, _ASKED_PER_S, _STEADY_SECONDS)))
        _kept(set_up, *floods, calm)
    return [
        median_of("receipts_per_s", [seen.per_second for seen in floods], "/s"),
        Figure("receipts_p50_ms", round(calm.percentile(0.5) * 1000, 1), "ms"),
        Figure("receipts_p99_ms", round(calm.percentile(0.99) * 1000, 1), "ms"),
    ]


def _all_taken(seen: Seen) -> Seen:
    if set(seen.statuses) != {200}:
        raise RuntimeError(f"not every receipt was taken: {seen.statuses}")
    return seen


def _kept(set_up: Stage, *runs: Seen) -> None:
    """What was answered is there."""

    async def ask() -> int:
        connection = await asyncpg.connect(set_up.url("notify"))
        kept: int = await connection.fetchval("SELECT count(*) FROM receipts")
        await connection.close()
        return kept

    if asyncio.run(ask()) < sum(len(seen.seconds) for seen in runs):
        raise RuntimeError("receipts were answered and are not stored")
