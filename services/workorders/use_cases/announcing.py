"""An outage is opened: announced beforehand, or reported by somebody who found a fault."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.workorders.domain import sections
from services.workorders.domain.decision import Kind as Decided
from services.workorders.domain.device import Device as Known
from services.workorders.domain.outage import (
    Device,
    Exemption,
    Kind,
    NotYetSo,
    Outage,
    OutageId,
    Scope,
    Stage,
    Status,
)
from services.workorders.domain.policy import Pack
from services.workorders.domain.window import Window, check_window
from services.workorders.events import outages as events
from services.workorders.store import devices, groups, leaders, outages, references
from services.workorders.use_cases import keeping, members
from services.workorders.use_cases.keeping import OUTAGE_BELL
from services.workorders.use_cases.spreading import Absorbing
from shared.db import Tx
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.ids import new_id
from shared.stamp import Stamp


class NoSuchRegion(NotFound):
    """There is no such region, or it is not yours."""


class UnknownFeeder(Invalid):
    """No transformer that we know hangs on this feeder."""


class UnknownTransformer(Invalid):
    """We know no such transformers in your region: who hangs on them could not be told."""


class AnnouncedAlready(Conflict):
    """Another outage is announced for one of these devices at that time."""


class KnownAlready(Conflict):
    """A fault outage is known there already."""


class SupervisorDecides(Forbidden):
    """Only a supervisor can leave a rule aside or declare severe weather."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An outage as somebody reports or announces it."""

    kind: Kind
    region: str
    transformers: tuple[str, ...]
    feeders: tuple[str, ...]
    area: str = ""
    window: Window | None = None
    reason: str = ""
    began_at: datetime | None = None
    cause: str | None = None
    exemption: str | None = None
    evidence: tuple[str, ...] = ()


async def open_outage(tx: Tx, stamp: Stamp, draft: Draft, region: str) -> Outage:
    """Planned and temporary ones are announced; a fault is reported, and leads what is open there.

    Raises NoSuchRegion, UnknownFeeder, KnownAlready, NoticeTooShort and what a window refuses.
    """
    if not draft.region.startswith(region):
        raise NoSuchRegion(region=draft.region)
    await groups.alone(tx)
    packs = await references.packs_in_force(tx, stamp.at)
    network = await _network(tx, draft, region)
    outage = _drafted(stamp, draft, network)
    if draft.kind is Kind.FAULT:
        return await _reported(tx, stamp, outage, network)
    return await _announced(tx, stamp, outage, draft, packs)


async def _network(tx: Tx, draft: Draft, region: str) -> list[Known]:
    """What hangs on these devices. A fault may be reported of a transformer that nobody knows yet;
    one that is known to be somebody else's may not be named.
    """
    found = {one.transformer: one for one in await devices.known(tx, draft.transformers)}
    wrong = {code for code, one in found.items() if not one.region.startswith(region)}
    if draft.kind is not Kind.FAULT:
        wrong |= set(draft.transformers) - found.keys()
    if wrong:
        raise UnknownTransformer(transformers=sorted(wrong))
    for feeder in draft.feeders:
        hanging = await devices.on_feeder(tx, feeder)
        if not any(one.region.startswith(region) for one in hanging):
            raise UnknownFeeder(feeder=feeder)
        found |= {one.transformer: one for one in hanging}
    return list(found.values())


def _drafted(stamp: Stamp, draft: Draft, network: Sequence[Known]) -> Outage:
    id = OutageId(new_id(stamp.at))
    on = {one.feeder for one in network}
    reach = [Device(Scope.TRANSFORMER, code) for code in draft.transformers]
    reach += [Device(Scope.FEEDER, code) for code in draft.feeders]
    is_fault = draft.kind is Kind.FAULT
    return Outage(
        id=id,
        kind=draft.kind,
        status=Status.CONFIRMED if is_fault else Status.ANNOUNCED,
        scope=Scope.FEEDER if draft.feeders else Scope.TRANSFORMER,
        region=draft.region,
        area=draft.area,
        devices=tuple(reach),
        feeder=next(iter(on)) if len(on) == 1 else None,
        customers=sum(one.customers for one in network),
        opened_at=stamp.at,
        began_at=(draft.began_at or stamp.at) if is_fault else None,
        root_id=id,
        window=draft.window,
        reason=draft.reason,
        cause=draft.cause,
    )


async def _announced(
    tx: Tx, stamp: Stamp, outage: Outage, draft: Draft, packs: Sequence[Pack]
) -> Outage:
    assert draft.window is not None
    check_window(draft.window, stamp.at)
    rules = sections.notices(packs)
    rules.check(outage.kind, draft.window, stamp.at, draft.exemption)
    if draft.exemption is not None:
        if stamp.role != "supervisor":
            raise SupervisorDecides
        outage = replace(outage, exemption=Exemption(draft.exemption, draft.evidence, stamp.by))
    await nothing_else_announced(tx, outage, draft.window)
    outage = outage.remind_later(rules.next_wake(draft.window, stamp.at))
    await outages.add(tx, outage)
    tx.ring(OUTAGE_BELL)
    _decided(tx, stamp, outage)
    event = events.opened(outage, Stage.ANNOUNCED)
    await keeping.say(tx, stamp, outage, "announced", event, exemption=draft.exemption)
    return outage


async def _reported(tx: Tx, stamp: Stamp, outage: Outage, network: Sequence[Known]) -> Outage:
    """Open orders from there belong to it; the first at work, else the oldest, leads it."""
    if outage.began_at is not None and outage.began_at > stamp.at:
        raise NotYetSo(field="began_at", now=stamp.at.isoformat())
    if known := await outages.fault_on_any(tx, outage.devices):
        raise KnownAlready(outage_id=str(known))
    await outages.add(tx, outage)
    _decided(tx, stamp, outage)
    await keeping.say(tx, stamp, outage, "opened", events.opened(outage))
    codes = {one.transformer for one in network}
    codes |= {one.code for one in outage.devices if one.scope is Scope.TRANSFORMER}
    absorbing = Absorbing(tx, stamp, Decided.SPREAD, "an open fault in a reported outage")
    for order in await leaders.leading_on(tx, codes):
        outage = await absorbing.order(outage, order.id, outage)
    return outage


async def nothing_else_announced(tx: Tx, outage: Outage, window: Window) -> None:
    """Raises AnnouncedAlready: customers would be told two things about one evening."""
    if other := await outages.announced_on_any(tx, outage, window):
        raise AnnouncedAlready(outage_id=str(other))


def _decided(tx: Tx, stamp: Stamp, outage: Outage) -> None:
    because = outage.reason or outage.cause or f"a {outage.kind} outage"
    members.decide(tx, stamp, Decided.REPORTED, because, outage.region, outage_id=outage.id)
