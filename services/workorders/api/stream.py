"""What happens to orders, as it happens: server-sent events that lose nothing on the way."""

import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from services.workorders.api.shown import READERS
from shared.auth import Called, Keyring, may, token_of
from shared.errors import Unauthenticated
from shared.feed import Fact, Feed, Place
from shared.privacy import masked
from shared.streaming import Streamed, begun

router = APIRouter(prefix="/v1/board", tags=["board"])

_RETRY, _HEARTBEAT_SECONDS, _LOOK_UP_SECONDS = b"retry: 2000\n\n", 10.0, 1.0
_ENVELOPE = ("specversion", "id", "source", "type", "subject", "time", "sequence", "actor")
_PLACE = r"^[0-9]{1,18}-[0-9]{1,18}$"
_EXAMPLE = """retry: 2000

id: 81205-4711
event: workorders.order-claimed.v1
data: {"type": "workorders.order-claimed.v1", "data": {"region": "320505", "version": 4}}

"""

LastId = Annotated[str | None, Query(pattern=_PLACE)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", pattern=_PLACE)]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as listeners get it. `teams`: who has it now, and who had it before."""

    region: str
    teams: tuple[str | None, ...]
    frame: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which facts a listener gets: within all of these regions, of one team if it asks so."""

    regions: tuple[str, ...]
    team: str | None

    def has(self, told: Told) -> bool:
        here = bool(told.region) and all(map(told.region.startswith, self.regions))
        return here and (self.team is None or self.team in told.teams)


@router.get(
    "/stream",
    dependencies=[may(*READERS)],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "`text/event-stream` without end.",
            "content": {"text/event-stream": {"example": _EXAMPLE}},
        }
    },
)
async def stream(
    request: Request,
    caller: Called,
    region: Annotated[str | None, Query(pattern=r"^[0-9]{1,6}$")] = None,
    team: Annotated[str | None, Query(max_length=40)] = None,
    last_id: LastId = None,
    last_event_id: LastEventId = None,
) -> Streamed:
    """What is said about orders of the caller's region, masked, as it is committed.

    Each event is the CloudEvent that the other services get; its `id` says where to go on:
    `Last-Event-ID` (or `?last_id=`) gives all that came after it, none twice. Without it, the
    stream begins now, with a `ready`. When what came after it is no longer kept (7 days), a `reset`
    says so: load the board anew. Ends with `end` when the token does.
    """
    told = last_event_id or last_id
    place = Place.parse(told) if told else None
    wanted = Wanted((caller.region, region or ""), team)
    events = _events(request, request.app.state.feed, place, wanted)
    return Streamed(request, await begun(events), "text/event-stream")


async def _events(
    request: Request, feed: Feed, place: Place | None, wanted: Wanted
) -> AsyncGenerator[bytes, None]:
    token, app = token_of(request), request.app.state
    async with feed.listening():
        if place is None:
            place = await feed.now()
            yield _RETRY + _frame(place, "ready", {})
        elif await feed.lost(place, app.clock()):
            place = await feed.now()
            yield _RETRY + _frame(place, "reset", {})
        else:
            yield _RETRY
        said_at = time.monotonic()
        while app.ready:
            if not _still_good(app.keyring, token):
                yield _frame(place, "end", {"because": "token-expired"})
                return
            facts, place = await feed.after(place)
            if news := b"".join(t.frame for t in map(_told, facts) if wanted.has(t)):
                yield news
                said_at = time.monotonic()
            elif time.monotonic() - said_at > _HEARTBEAT_SECONDS:
                yield f":\nid: {place}\n\n".encode()  # also moves on who hears nothing for long
                said_at = time.monotonic()
            if not facts:
                await feed.wait(place, _LOOK_UP_SECONDS)


@lru_cache(maxsize=4000)
def _told(fact: Fact) -> Told:
    """Made once for all listeners. What says no region is nobody's here."""
    about = fact.envelope["data"]
    shown = {name: fact.envelope[name] for name in _ENVELOPE} | {"data": masked(about)}
    return Told(
        region=about.get("region") or "",
        teams=(about.get("team"), about.get("before")),
        frame=_frame(fact.place, fact.envelope["type"], shown),
    )


def _frame(place: Place, event: str, data: dict[str, Any]) -> bytes:
    said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {place}\nevent: {event}\ndata: {said}\n\n".encode()


def _still_good(keyring: Keyring, token: str) -> bool:
    try:
        keyring.caller(token)
    except Unauthenticated:
        return False
    return True
