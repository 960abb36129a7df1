"""Packs beside each other: one version a day, one clock of a kind, no name that nobody knows."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise

from services.workorders.domain.limit import ALWAYS
from services.workorders.domain.policy import Pack, check_pairs, in_force
from services.workorders.domain.written import BadPolicy, place


def check_from(packs: Sequence[Pack], on: date, calendars: Collection[str]) -> None:
    """`check_dates`, and `check_together` for that day and each later one that changes something.

    Raises BadPolicy.
    """
    check_dates(packs)
    changes = {day for pack in packs for day in (pack.valid_from, pack.valid_to)}
    for changed in sorted({on} | {one for one in changes if one is not None and one > on}):
        now = in_force(packs, changed)
        _check_complete(packs, now, changed)
        check_together(now, calendars)


def check_dates(packs: Sequence[Pack]) -> None:
    """Raises BadPolicy when two versions of one pack claim the same day.

    One that is open at its end is closed by the next.
    """
    ordered = sorted(packs, key=lambda pack: (pack.id, pack.valid_from))
    for one, following in pairwise(ordered):
        if one.id != following.id or one.version == following.version:
            continue
        if one.overlay_of != following.overlay_of:
            raise BadPolicy(f"{following.name}: overlay_of is not that of {one.version}")
        if one.valid_from == following.valid_from:
            raise BadPolicy(f"{following.name}: begins on the same day as {one.version}")
        if one.valid_to is not None and one.valid_to > following.valid_from:
            raise BadPolicy(
                f"{one.name}: valid_to {one.valid_to} overlaps {following.version},"
                f" which begins on {following.valid_from}"
            )


def check_together(packs: Sequence[Pack], calendars: Collection[str]) -> None:
    """Raises BadPolicy unless packs in use on one day agree, and every name in them is known."""
    _check_once((f"section {name}", p) for p in packs for name in p.sections if name != "ladders")
    known = _check_once((name, pack) for pack in packs for name in pack.ladders or ())
    for pack in packs:
        for number, limit in enumerate(pack.limits, start=1):
            with place(f"{pack.name}: limit {number} ({limit.clock})"):
                if limit.target.calendar not in {ALWAYS, *calendars}:
                    raise BadPolicy(f"unknown calendar {limit.target.calendar!r}")
                if limit.ladder is not None and limit.ladder not in known:
                    raise BadPolicy(f"unknown ladder {limit.ladder!r}")
    check_pairs(packs)


def _check_once(found: Iterable[tuple[str, Pack]]) -> set[str]:
    """Raises BadPolicy when two packs have the same."""
    known: dict[str, Pack] = {}
    for name, pack in found:
        if name in known:
            raise BadPolicy(f"{pack.name}: {name} is in {known[name].name} too")
        known[name] = pack
    return set(known)


def _check_complete(packs: Sequence[Pack], now: Sequence[Pack], on: date) -> None:
    """Raises BadPolicy when what is ruled on other days is ruled by nobody on this one."""
    for pack in packs:
        for name in pack.sections:
            if not any(name in one.sections for one in now):
                raise BadPolicy(f"no pack in force on {on} has a section {name} as {pack.name} has")
