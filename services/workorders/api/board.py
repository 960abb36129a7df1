"""The board: what is to be done, the most urgent first."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.workorders.api.shown import READERS
from services.workorders.api.wanted import AskedFor, Looking
from services.workorders.domain.board import ON_BOARD, NotOnTheBoard, Urgency, minutes_left
from services.workorders.domain.moves import Status
from services.workorders.store import board, tallies
from services.workorders.store.board import Asked, Line
from shared.auth import may
from shared.http import Shown, Transaction
from shared.page import Cursor, Limit, Page

router = APIRouter(prefix="/v1/board", tags=["board"])


class LineOut(Shown):
    """`clock`: the running one that is due first. `minutes_left`: whole ones; negative: too late.

    `state`: `at_risk` is due soon by the house's rule; `paused`: its clocks rest.
    """

    id: UUID
    case_number: str
    case_type: str
    region: str
    team: str | None
    team_name: str | None
    handler: str | None
    status: Status
    priority: int
    supervised: bool
    opened_at: datetime
    version: int
    clock: str | None
    promised: bool | None
    due_at: datetime | None
    minutes_left: int | None
    state: Urgency


class BoardOut(Page[LineOut]):
    """`stream_from`: what happens after this was read is what the stream tells from there on."""

    at: datetime
    stream_from: str


class TallyOut(Shown):
    """So many lines of this value, and of them by state."""

    value: str
    name: str | None = None
    total: int
    breached: int = 0
    at_risk: int = 0
    in_time: int = 0
    paused: int = 0
    no_clock: int = 0


class CountsOut(Shown):
    """`region`: by the next level of the code below the one that is looked at."""

    at: datetime
    all: TallyOut
    team: list[TallyOut]
    case_type: list[TallyOut]
    status: list[TallyOut]
    supervised: list[TallyOut]
    region: list[TallyOut]


async def _asked(wanted: AskedFor, paused: bool | None = None) -> Asked:
    """Of the urgencies those that are asked for, all if none is; without those refused."""
    if wanted.status is not None and wanted.status not in ON_BOARD:
        raise NotOnTheBoard(states=sorted(ON_BOARD))
    flags = (
        (Urgency.BREACHED, wanted.breached),
        (Urgency.AT_RISK, wanted.at_risk),
        (Urgency.PAUSED, paused),
    )
    named = {urgency for urgency, flag in flags if flag} or set(Urgency)
    return Asked(wanted, frozenset(named - {urgency for urgency, flag in flags if flag is False}))


AskedOf = Annotated[Asked, Depends(_asked)]


@router.get("", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    request: Request,
    sight: Looking,
    asked: AskedOf,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BoardOut:
    """Orders of the caller's region that are not at their end, the most urgent first.

    First what is overdue, the longest first; then by what is left; of equals by priority. At the
    end what has no clock running. A page begins behind the last line of the one before, wherever
    that stands by now: what did not move is neither missed nor seen twice.
    """
    stream_from = await request.app.state.feed.now()
    found = await board.page(tx, asked, sight, cursor=cursor, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return BoardOut(
        items=[_shown(line, sight.at) for line in found[:limit]],
        next=board.cursor_after(last) if last else None,
        at=sight.at,
        stream_from=str(stream_from),
    )


@router.get("/counts", dependencies=[may(*READERS)])
async def counts(tx: Transaction, sight: Looking, asked: AskedOf) -> CountsOut:
    """How much there is on the board for such a filter, by team, type, status and region."""
    found = await tallies.tallies(tx, asked, sight)

    def of(kind: _Kind) -> list[TallyOut]:
        return [
            TallyOut(
                value=tally.value,
                name=tally.name,
                total=sum(tally.urgencies.values()),
                **{urgency.value: many for urgency, many in tally.urgencies.items()},
            )
            for tally in found
            if tally.kind == kind
        ]

    every = of("all") or [TallyOut(value="", total=0)]
    return CountsOut(
        at=sight.at,
        all=every[0],
        team=of("team"),
        case_type=of("case_type"),
        status=of("status"),
        supervised=of("supervised"),
        region=of("region"),
    )


_Kind = Literal["all", "team", "case_type", "status", "supervised", "region"]


def _shown(line: Line, at: datetime) -> LineOut:
    return LineOut(
        **{name: getattr(line, name) for name in LineOut.model_fields if hasattr(line, name)},
        minutes_left=minutes_left(line.due_at, at),
        state=line.urgency,
    )
