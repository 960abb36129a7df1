"""What a list, the board, a job or an export is asked for."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.workorders.domain.moves import Status
from services.workorders.domain.policy import board_rules
from services.workorders.store import references
from services.workorders.store.lists import Sight, Wanted
from shared.auth import Called, Caller
from shared.contracts.intake import CaseType
from shared.db import Tx
from shared.http import Instant, Stamped, Transaction

Team = Annotated[str | None, Query(max_length=40)]
Region = Annotated[str | None, Query(pattern=r"^[0-9]{1,6}$")]
Type = Annotated[CaseType | None, Query(alias="type")]
Priority = Annotated[int | None, Query(ge=0, le=1_000_000)]
From = Annotated[Instant | None, Query()]


async def _wanted(
    case_id: UUID | None = None,
    status: Status | None = None,
    team: Team = None,
    region: Region = None,
    case_type: Type = None,
    priority_min: Priority = None,
    supervised: bool | None = None,
    breached: bool | None = None,
    at_risk: bool | None = None,
    opened_from: From = None,
    opened_to: From = None,
) -> Wanted:
    return Wanted(
        case_id,
        status,
        team,
        region,
        case_type,
        priority_min,
        supervised,
        breached,
        at_risk,
        opened_from,
        opened_to,
    )


async def sight_of(tx: Tx, caller: Caller, at: datetime) -> Sight:
    rules = board_rules(await references.packs_in_force(tx, at))
    return Sight(caller.region, at, rules.at_risk_within)


async def _sight(tx: Transaction, caller: Called, stamp: Stamped) -> Sight:
    return await sight_of(tx, caller, stamp.at)


AskedFor = Annotated[Wanted, Depends(_wanted)]
Looking = Annotated[Sight, Depends(_sight)]
