"""Transformers and feeders in and out of PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.workorders.domain.device import Device
from services.workorders.tables import devices
from shared.db import Tx
from shared.http import region_scope
from shared.stamp import Stamp

_STEP = 1000  # rows a statement


async def put(tx: Tx, stamp: Stamp, found: Sequence[Device]) -> tuple[int, int]:
    """New devices, and known ones as they are now. Returns how many of each; equal ones neither."""
    new = changed = 0
    for start in range(0, len(found), _STEP):
        rows = [_row(one, stamp) for one in found[start : start + _STEP]]
        statement = insert(devices).values(rows)
        upsert: sa.Executable = statement.on_conflict_do_update(
            index_elements=[devices.c.transformer],
            set_={name: statement.excluded[name] for name in rows[0] if name != "transformer"},
            where=_of(devices.c).is_distinct_from(_of(statement.excluded)),
        ).returning(sa.literal_column("xmax = 0").label("new"))
        for row in await tx.execute(upsert):
            new, changed = (new + 1, changed) if row.new else (new, changed + 1)
    return new, changed


def _of(columns: Any) -> sa.Tuple:
    return sa.tuple_(columns.feeder, columns.region, columns.customers)


def _row(device: Device, stamp: Stamp) -> dict[str, Any]:
    return {
        "transformer": device.transformer,
        "feeder": device.feeder,
        "region": device.region,
        "customers": device.customers,
        "loaded_at": stamp.at,
    }


async def add(tx: Tx, stamp: Stamp, found: Sequence[Device]) -> int:
    """Devices not yet known. Returns how many were new."""
    rows = [_row(one, stamp) for one in found]
    new = insert(devices).values(rows).on_conflict_do_nothing().returning(devices.c.transformer)
    return len((await tx.execute(new)).all())


async def known(tx: Tx, transformers: Collection[str], region: str = "") -> list[Device]:
    """Those of these transformers that we know, in the caller's region."""
    query = sa.select(devices).where(
        devices.c.transformer.in_(transformers), region_scope(devices.c.region, region)
    )
    return [_device(row) for row in await tx.execute(query.order_by(devices.c.transformer))]


async def on_feeder(tx: Tx, feeder: str) -> list[Device]:
    query = sa.select(devices).where(devices.c.feeder == feeder)
    return [_device(row) for row in await tx.execute(query.order_by(devices.c.transformer))]


async def page(
    tx: Tx, region: str, *, feeder: str | None, after: str | None, limit: int
) -> list[Device]:
    """By code, of the caller's region."""
    where = [region_scope(devices.c.region, region)]
    if feeder is not None:
        where.append(devices.c.feeder == feeder)
    if after is not None:
        where.append(devices.c.transformer > after)
    query = sa.select(devices).where(*where).order_by(devices.c.transformer).limit(limit)
    return [_device(row) for row in await tx.execute(query)]


def _device(row: Any) -> Device:
    return Device(row.transformer, row.feeder, row.region, row.customers)
