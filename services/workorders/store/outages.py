"""Outages in and out of PostgreSQL, with their devices."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.outage import (
    Device,
    Exemption,
    Kind,
    Outage,
    OutageId,
    Scope,
    Status,
    Weather,
)
from services.workorders.domain.window import Window
from services.workorders.store.rows import reply_of
from services.workorders.tables import devices, outage_devices, outages
from shared.db import Tx
from shared.errors import NotFound
from shared.http import check_expected, region_scope
from shared.page import after

_PROVINCE = 2  # digits of its code


class NoSuchOutage(NotFound):
    """There is no such outage, or you may not see it."""


@dataclass(frozen=True, slots=True)
class OutageAim:
    """Which outage is meant, by a caller of which region, acting upon which version (if said)."""

    id: OutageId
    region: str
    expected: int | None = None


async def get(tx: Tx, aim: OutageAim) -> Outage:
    """Raises NoSuchOutage. Whoever has customers in it may look, not only who leads it."""
    mine = sa.select(outages).where(outages.c.id == aim.id, _concerns(aim.region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchOutage(outage_id=str(aim.id))
    return (await _with_devices(tx, [row]))[0]


async def lock(tx: Tx, aim: OutageAim) -> Outage:
    """`get`, for update. Raises PreconditionFailed when the caller acts upon another version."""
    outage = await _one(tx, aim, sa.select(outages).with_for_update())
    check_expected(aim.expected, outage.version)
    return outage


async def lock_all(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Outage]:
    """Those of these that exist, locked in the order of their ids."""
    query = sa.select(outages).where(outages.c.id.in_(ids)).order_by(outages.c.id)
    rows = (await tx.execute(query.with_for_update())).all()
    return {one.id: one for one in await _with_devices(tx, rows)}


async def parts_of(tx: Tx, id: UUID) -> list[Outage]:
    """The outage itself and all that was merged into it, one way or another; locked."""
    below = sa.select(outages.c.id).where(outages.c.id == id).cte("below", recursive=True)
    below = below.union_all(sa.select(outages.c.id).where(outages.c.merged_into == below.c.id))
    found = (await tx.execute(sa.select(below.c.id))).scalars().all()
    return list((await lock_all(tx, found)).values())


async def add(tx: Tx, outage: Outage) -> None:
    await tx.execute(outages.insert().values(_row(outage)))
    await _add_devices(tx, outage)


async def save(tx: Tx, outage: Outage) -> None:
    """Write back a locked outage. What it has taken out is live as long as power is off; with it
    go its parts.
    """
    await tx.execute(outages.update().where(outages.c.id == outage.id).values(_row(outage)))
    live = _is_live(outage)
    its = outage_devices.c
    with_parts = sa.select(outages.c.id).where(outages.c.root_id == outage.id)
    whose = its.outage_id == outage.id
    if not live:
        whose = sa.or_(whose, its.outage_id.in_(with_parts))
    await tx.execute(outage_devices.update().where(whose, its.live != live).values(live=live))


async def put_devices(tx: Tx, outage: Outage) -> None:
    """It reaches further, or less far, than before."""
    await tx.execute(outage_devices.delete().where(outage_devices.c.outage_id == outage.id))
    await _add_devices(tx, outage)


async def _add_devices(tx: Tx, outage: Outage) -> None:
    if rows := _device_rows(outage):
        await tx.execute(outage_devices.insert(), rows)


async def lock_waking(tx: Tx, at: datetime, limit: int) -> list[Outage]:
    """At most `limit` outages with something due by itself; those that others hold are left."""
    query = (
        sa.select(outages)
        .where(outages.c.wake_at <= at)
        .order_by(outages.c.wake_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return await _with_devices(tx, (await tx.execute(query)).all())


async def next_wake(tx: Tx) -> datetime | None:
    query = sa.select(sa.func.min(outages.c.wake_at)).where(outages.c.wake_at.is_not(None))
    wake_at: datetime | None = (await tx.execute(query)).scalar_one()
    return wake_at


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. device: a transformer or a feeder. live: power is off now."""

    kind: Kind | None = None
    status: Status | None = None
    region: str | None = None
    device: str | None = None
    master_id: UUID | None = None


async def page(
    tx: Tx, region: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> list[Outage]:
    """Newest first, of the caller's region or with customers there."""
    table = outages.c
    where = [_concerns(region), after(table.opened_at, table.id, cursor)]
    asked: tuple[tuple[sa.Column[Any], object], ...] = (
        (table.kind, wanted.kind),
        (table.status, wanted.status),
        (table.master_id, wanted.master_id),
    )
    where += [column == value for column, value in asked if value is not None]
    if wanted.region is not None:
        where.append(_concerns(wanted.region))
    if wanted.device is not None:
        of_device = sa.select(outage_devices.c.outage_id)
        where.append(table.id.in_(of_device.where(outage_devices.c.code == wanted.device)))
    query = sa.select(outages).where(*where).order_by(table.opened_at.desc(), table.id.desc())
    return await _with_devices(tx, (await tx.execute(query.limit(limit))).all())


async def live_on_feeder(tx: Tx, feeder: str) -> list[Outage]:
    """Fault outages on it that power is off because of, and that are no part of another."""
    query = sa.select(outages).where(
        outages.c.feeder == feeder,
        outages.c.kind == Kind.FAULT,
        outages.c.status.in_([Status.PREDICTED, Status.CONFIRMED]),
    )
    return await _with_devices(tx, (await tx.execute(query.order_by(outages.c.id))).all())


async def fault_on_any(tx: Tx, reach: Sequence[Device]) -> UUID | None:
    """A fault outage that has taken out one of these devices, by its own name."""
    its = outage_devices.c
    pairs = [(one.scope, one.code) for one in reach]
    query = sa.select(its.outage_id).where(
        its.live, its.fault, sa.tuple_(its.scope, its.code).in_(pairs)
    )
    found: UUID | None = (await tx.execute(query.limit(1))).scalar_one_or_none()
    return found


async def was_none(tx: Tx, master_id: UUID) -> bool:
    """Somebody decided that what this order led was no outage."""
    its = outages.c.master_id == master_id, outages.c.kind == Kind.FAULT
    found = sa.exists().where(*its, outages.c.status == Status.CANCELLED)
    return bool((await tx.execute(sa.select(found))).scalar_one())


async def announced_on_any(tx: Tx, outage: Outage, window: Window) -> UUID | None:
    """Another outage that was announced for one of its devices, and is to be off in `window`."""
    pairs = [(one.scope, one.code) for one in outage.devices]
    query = sa.select(outages.c.id).join(outage_devices, outage_devices.c.outage_id == outages.c.id)
    overlapping = query.where(
        outages.c.id != outage.id,
        outages.c.status.in_([Status.ANNOUNCED, Status.ACTIVE]),
        outages.c.begins_at < window.ends_at,
        outages.c.ends_at > window.begins_at,
        sa.tuple_(outage_devices.c.scope, outage_devices.c.code).in_(pairs),
    )
    found: UUID | None = (await tx.execute(overlapping.limit(1))).scalar_one_or_none()
    return found


async def fault_on(tx: Tx, transformer: str) -> UUID | None:
    return await fault_on_any(tx, [Device(Scope.TRANSFORMER, transformer)])


def _concerns(region: str) -> sa.ColumnElement[bool]:
    """It is of this region, or has taken out (or will) something that lies there."""
    if not region:
        return sa.true()
    its, lies = outage_devices.c, devices.c
    led, there = region_scope(outages.c.region, region), region_scope(lies.region, region)
    reached = [
        sa.select(its.outage_id).where(its.scope == scope, its.code == device, there)
        for scope, device in ((Scope.TRANSFORMER, lies.transformer), (Scope.FEEDER, lies.feeder))
    ]
    if len(region) <= _PROVINCE:
        # Most are of it: looked at one by one, newest first, and the others' devices only.
        own = (one.where(its.outage_id == outages.c.id).limit(1) for one in reached)
        return sa.or_(led, *(one.scalar_subquery().is_not(None) for one in own))
    # Few are: found one way after the other. For an OR, all devices of all outages are looked up.
    return outages.c.id.in_(sa.union_all(sa.select(outages.c.id).where(led), *reached))


async def _one(tx: Tx, aim: OutageAim, query: sa.Select[Any]) -> Outage:
    mine = query.where(outages.c.id == aim.id, region_scope(outages.c.region, aim.region))
    row = (await tx.execute(mine)).one_or_none()
    if row is None:
        raise NoSuchOutage(outage_id=str(aim.id))
    return (await _with_devices(tx, [row]))[0]


async def _with_devices(tx: Tx, rows: Sequence[Any]) -> list[Outage]:
    if not rows:
        return []
    query = sa.select(outage_devices).where(outage_devices.c.outage_id.in_([r.id for r in rows]))
    found: dict[UUID, list[Device]] = {row.id: [] for row in rows}
    ordered = query.order_by(outage_devices.c.scope, outage_devices.c.code)
    for device in await tx.execute(ordered):
        found[device.outage_id].append(Device(Scope(device.scope), device.code))
    return [_outage(row, tuple(found[row.id])) for row in rows]


def _is_live(outage: Outage) -> bool:
    return outage.is_out or outage.status is Status.MERGED


def _device_rows(outage: Outage) -> list[dict[str, Any]]:
    same = {"outage_id": outage.id, "fault": outage.kind is Kind.FAULT, "live": _is_live(outage)}
    return [same | {"scope": one.scope, "code": one.code} for one in outage.devices]


async def next_fact(tx: Tx, id: OutageId) -> int:
    """The number of the next fact about this outage: 1, 2, 3."""
    statement = outages.update().where(outages.c.id == id).values(said=outages.c.said + 1)
    number: int = (await tx.execute(statement.returning(outages.c.said))).scalar_one()
    return number


# Columns that hold a field of the outage as it is.
_PLAIN = (
    "id", "region", "feeder", "area", "customers", "opened_at", "began_at", "reason", "etr_at",
    "etrs", "master_id", "root_id", "merged_into", "nested_in", "cause", "restored_at",
    "closed_at", "ended_because", "wake_at", "version",
)  # fmt: skip
_WORDS = ("kind", "status", "scope", "weather", "before")


def _row(outage: Outage) -> dict[str, Any]:
    window = outage.window
    return {
        **{name: getattr(outage, name) for name in (*_PLAIN, *_WORDS)},
        "begins_at": window.begins_at if window else None,
        "ends_at": window.ends_at if window else None,
        "exemption": asdict(outage.exemption) if outage.exemption else None,
        "reply": asdict(outage.reply) if outage.reply else None,
    }


def _outage(row: Any, devices: tuple[Device, ...]) -> Outage:
    exemption = None
    if row.exemption is not None:
        exemption = Exemption(**{**row.exemption, "evidence": tuple(row.exemption["evidence"])})
    return Outage(
        **{name: getattr(row, name) for name in _PLAIN},
        kind=Kind(row.kind),
        status=Status(row.status),
        scope=Scope(row.scope),
        weather=Weather(row.weather),
        before=Status(row.before) if row.before else None,
        devices=devices,
        window=Window(row.begins_at, row.ends_at) if row.begins_at else None,
        exemption=exemption,
        reply=reply_of(row.reply),
    )
