"""Transformers and feeders, over HTTP."""

from typing import Annotated

import fastapi
from fastapi import APIRouter, Query

from services.workorders.api.shown import READERS
from services.workorders.domain.device import BadDeviceFile
from services.workorders.store import devices
from services.workorders.use_cases.devices import import_devices
from shared.auth import Called, may
from shared.http import Shown, Stamped, Transaction
from shared.page import Limit, Page

router = APIRouter(prefix="/v1", tags=["devices"])

Code = Annotated[str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_./-]+$")]
_EXAMPLE = "transformer,feeder,region,customers\nT-0001,F-01,320505,9\n"
Csv = Annotated[bytes, fastapi.Body(media_type="text/csv", examples=[_EXAMPLE])]


class DeviceOut(Shown):
    """feeder: null when it is not known what the transformer hangs on."""

    transformer: str
    feeder: str | None
    region: str
    customers: int


class ImportedOut(Shown):
    """Devices that were new, that changed, that were as we knew them."""

    new: int
    changed: int
    same: int


@router.post("/devices/import", dependencies=[may("ops")])
async def import_csv(tx: Transaction, stamp: Stamped, caller: Called, file: Csv) -> ImportedOut:
    """A CSV file with the columns transformer, feeder, region, customers: all of it, or nothing.

    What is known is changed to what the file says; what the file leaves out stays.
    """
    try:
        text = file.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file[: error.start].count(b"\n") + 1
        raise BadDeviceFile(f"line {line}: not UTF-8", line=line) from None
    return ImportedOut.model_validate(await import_devices(tx, stamp, text, caller.region))


@router.get("/devices", dependencies=[may(*READERS)])
async def page(
    tx: Transaction,
    caller: Called,
    feeder: Code = None,
    cursor: Code = None,
    limit: Limit = 50,
) -> Page[DeviceOut]:
    """Transformers of the caller's region, by code."""
    found = await devices.page(tx, caller.region, feeder=feeder, after=cursor, limit=limit + 1)
    following = found[limit - 1].transformer if len(found) > limit else None
    return Page(items=[DeviceOut.model_validate(one) for one in found[:limit]], next=following)
