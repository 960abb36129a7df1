"""Policy packs as they are shown: each number with its source and certainty."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from services.workorders.domain.ladder import Ladder
from services.workorders.domain.limit import Limit, Target, Warning
from services.workorders.domain.policy import Pack, ends_on, in_force
from services.workorders.domain.standard import Standard
from services.workorders.store import policies
from services.workorders.store.policies import Stored
from shared.db import Tx
from shared.http import Shown


class VersionLine(Shown):
    """`ends_on`: the first day on which it is not in force any more, as far as it is known."""

    version: str
    valid_from: date
    ends_on: date | None
    in_force: bool
    limits: int
    standards: int
    loaded_at: datetime


class PolicyLine(Shown):
    """A pack with all its versions. `in_use`: orders run by it, each by the version of its day."""

    id: str
    overlay_of: str | None
    unverified: bool
    in_use: bool
    versions: list[VersionLine]


class TargetOut(Shown):
    """So many seconds of the calendar, or so many working days of it."""

    seconds: int | None
    working_days: int | None
    calendar: str


class WarningOut(Shown):
    """When so much of the target is used up, or so long before it is."""

    share: Decimal | None
    before_seconds: int | None


class LimitOut(Shown):
    """One clock. Empty types, areas or classes: every one. `unverified`: verify it locally."""

    number: int
    clock: str
    types: list[str]
    areas: list[str]
    classes: list[str]
    target: TargetOut
    starts: str
    stops: list[str]
    promised: bool
    average: bool
    pauses: list[str]
    merged: str
    reopening: str
    warnings: list[WarningOut]
    ladder: str | None
    source: str
    certainty: str
    unverified: bool


class StandardOut(Shown):
    """A commitment about a share or a mean, over a period; no clock runs by it."""

    name: str
    what: str
    within_seconds: int | None
    at_least: Decimal | None
    at_most: Decimal | None
    mean_seconds: int | None
    over: str
    source: str
    certainty: str
    unverified: bool


class StepOut(Shown):
    """`quiet`: hours of the utility's own clock in which it is held back."""

    when: Literal["warned", "breached"]
    after_seconds: int
    tell: str
    by: str
    every_seconds: int | None
    times: int
    quiet: list[str] | None


class LadderOut(Shown):
    name: str
    steps: list[StepOut]


class PolicyOut(Shown):
    """A version of a pack, with the source and certainty of every number."""

    id: str
    version: str
    overlay_of: str | None
    unverified: bool
    valid_from: date
    ends_on: date | None
    in_use: bool
    in_force: bool
    loaded_at: datetime
    limits: list[LimitOut]
    standards: list[StandardOut]
    ladders: list[LadderOut]


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(length.total_seconds())


def _target(target: Target) -> TargetOut:
    return TargetOut(
        seconds=_seconds(target.time), working_days=target.days, calendar=target.calendar
    )


def _warning(warning: Warning) -> WarningOut:
    return WarningOut(share=warning.share, before_seconds=_seconds(warning.before))


def _limit(number: int, limit: Limit) -> LimitOut:
    return LimitOut(
        number=number,
        clock=limit.clock,
        types=sorted(limit.types),
        areas=sorted(limit.areas),
        classes=sorted(limit.classes),
        target=_target(limit.target),
        starts=limit.starts,
        stops=sorted(limit.stops),
        promised=limit.promised,
        average=limit.average,
        pauses=sorted(limit.pauses),
        merged=limit.merged,
        reopening=limit.reopening,
        warnings=[_warning(one) for one in limit.warnings],
        ladder=limit.ladder,
        source=limit.source,
        certainty=limit.certainty,
        unverified=limit.unverified,
    )


def _standard(standard: Standard) -> StandardOut:
    return StandardOut(
        name=standard.name,
        what=standard.what,
        within_seconds=_seconds(standard.within),
        at_least=standard.at_least,
        at_most=standard.at_most,
        mean_seconds=_seconds(standard.mean),
        over=standard.over,
        source=standard.source,
        certainty=standard.certainty,
        unverified=standard.unverified,
    )


def _ladder(ladder: Ladder) -> LadderOut:
    steps = [
        StepOut(
            when=step.on,
            after_seconds=round(step.after.total_seconds()),
            tell=step.tell,
            by=step.by,
            every_seconds=_seconds(step.every),
            times=step.times,
            quiet=[f"{hour:%H:%M}" for hour in step.quiet] if step.quiet else None,
        )
        for step in ladder.steps
    ]
    return LadderOut(name=ladder.name, steps=steps)


def line(versions: Sequence[Stored], today: date) -> PolicyLine:
    packs = [one.pack for one in versions]
    now = in_force([one.pack for one in versions if one.in_use], today)
    return PolicyLine(
        id=packs[0].id,
        overlay_of=packs[0].overlay_of,
        unverified=packs[0].unverified,
        in_use=any(one.in_use for one in versions),
        versions=[
            VersionLine(
                version=one.pack.version,
                valid_from=one.pack.valid_from,
                ends_on=ends_on(one.pack, packs),
                in_force=one.pack in now,
                limits=len(one.pack.limits),
                standards=len(one.pack.standards),
                loaded_at=one.loaded_at,
            )
            for one in versions
        ],
    )


async def whole(tx: Tx, stored: Stored, at: datetime) -> PolicyOut:
    pack = stored.pack
    versions: list[Pack] = await policies.with_id(tx, pack.id)
    return PolicyOut(
        id=pack.id,
        version=pack.version,
        overlay_of=pack.overlay_of,
        unverified=pack.unverified,
        valid_from=pack.valid_from,
        ends_on=ends_on(pack, versions),
        in_use=stored.in_use,
        in_force=stored.in_use and pack in in_force(versions, tx.day_of(at)),
        loaded_at=stored.loaded_at,
        limits=[_limit(number, one) for number, one in enumerate(pack.limits, start=1)],
        standards=[_standard(one) for one in pack.standards],
        ladders=[_ladder(one) for one in (pack.ladders or {}).values()],
    )
