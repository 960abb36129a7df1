"""Policy packs over HTTP: what is in force and by whose word, and new versions."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from services.workorders.api.packs import PACK_BODY
from services.workorders.api.policies_shown import PolicyLine, PolicyOut, line, whole
from services.workorders.api.shown import READERS
from services.workorders.domain.written import BadPolicy
from services.workorders.policies import read_yaml
from services.workorders.store import policies
from services.workorders.use_cases.policies import store_version
from shared.auth import may
from shared.http import Stamped, Transaction
from shared.page import Cursor, Limit, Page

router = APIRouter(prefix="/v1", tags=["policies"])

PackId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,59}$", examples=["sgcc-2022"])]
Version = Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,30}$", examples=["2022.3"])]


async def _sent(request: Request) -> dict[str, Any]:
    """The pack in the body, as JSON or as YAML."""
    raw = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return read_yaml(raw)
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise BadPolicy("not JSON") from error
    if not isinstance(data, dict):
        raise BadPolicy("not a policy pack")
    return data


@router.get("/policies", dependencies=[may(*READERS)])
async def page(
    tx: Transaction, stamp: Stamped, cursor: Cursor = None, limit: Limit = 50
) -> Page[PolicyLine]:
    """The packs by id, each with its versions, their dates, and which of them is in force."""
    found = await policies.page(tx, cursor or "", limit + 1)
    today = tx.day_of(stamp.at)
    more = found[limit - 1][0].pack.id if len(found) > limit else None
    return Page(items=[line(versions, today) for versions in found[:limit]], next=more)


@router.get("/policies/{id}/{version}", dependencies=[may(*READERS)])
async def read(tx: Transaction, stamp: Stamped, id: PackId, version: Version) -> PolicyOut:
    """One version: each limit with its source and certainty; what is unverified says so."""
    return await whole(tx, await policies.get(tx, id, version), stamp.at)


@router.post(
    "/policies",
    status_code=201,
    dependencies=[may("ops", "supervisor")],
    openapi_extra={"requestBody": PACK_BODY},
    responses={200: {"model": PolicyOut, "description": "It was stored already, word for word."}},
)
async def store(
    tx: Transaction, stamp: Stamped, response: Response, data: Annotated[Any, Depends(_sent)]
) -> PolicyOut:
    """Store a new version, as JSON or YAML: in force from its first day, if its pack is in use.

    A version never changes: the same again is answered with 200, something else under its name is
    refused. A mistake is refused with its place, and nothing is stored. Orders that are open keep
    the version they began with until `POST /v1/policy-edits`.
    """
    stored, new = await store_version(tx, stamp, data)
    if not new:
        response.status_code = 200
    return await whole(tx, stored, stamp.at)
