"""Who could take an order at this moment: one query, or a part of one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.workorders.domain.order import WorkOrder
from services.workorders.domain.routing import Candidate, Representative, longest_licences
from services.workorders.store import rules
from services.workorders.store.rules import Ruling
from services.workorders.tables import routing_decisions, work_orders
from shared.db import Tx

_COUNTED = 25  # open orders are counted that far, or to a team's capacity: beyond, more is the same


@dataclass(frozen=True, slots=True)
class Situation:
    """The rules in force, and the teams that serve a place or are named, as they are now."""

    ruling: Ruling | None
    teams: tuple[Candidate, ...]
    representative: Representative | None


def query_of(prefixes: str, at: str, on: str, account: str) -> str:
    """A value to select beside others, so that who asks for more in the same breath pays no round
    trip for it; the words name its parameters: text[], moment, day, account number or null.
    """
    return f"""
(SELECT json_build_object(
  'rules', rules.id,
  'representative', CASE WHEN rep.person IS NOT NULL
    THEN json_build_array(rep.person, rep.team, rep.on_duty) END,
  'teams', (
    SELECT coalesce(json_agg(json_build_array(t.code, t.name, t.serves, t.level, t.role, t.areas,
      t.skills, coalesce(now.capacity, t.capacity), t.weight, t.standing, now.running > 0,
      (SELECT count(*) FROM (SELECT 1 FROM work_orders w WHERE w.team = t.code AND w.status IN
        ('dispatched', 'reassigned', 'claimed', 'in_progress')
        LIMIT greatest({_COUNTED}, coalesce(now.capacity, t.capacity))) AS counted),
      (SELECT max(d.at) FROM routing_decisions d WHERE d.team = t.code),
      (SELECT coalesce(json_agg(m.skills), '[]') FROM members m
        WHERE m.team = t.code AND m.active AND m.skills <> '{{}}' AND (now.running = 0 OR EXISTS (
          SELECT 1 FROM shifts s WHERE s.team = t.code AND s.ends_at > {at}
          AND s.starts_at <= {at} AND s.closed_at IS NULL AND m.person = ANY (s.members))))
    )), '[]')
    FROM teams t CROSS JOIN LATERAL (
      SELECT count(*) AS running, sum(s.capacity)::int AS capacity FROM shifts s
      WHERE s.team = t.code AND s.ends_at > {at} AND s.starts_at <= {at}
      AND s.closed_at IS NULL) AS now
    WHERE t.active
      AND (t.serves && {prefixes} OR t.code = ANY (rules.teams) OR t.code = rep.team)))
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
  SELECT r.id, r.teams FROM routing_rules r
  WHERE r.valid_from <= {on} AND (r.valid_to IS NULL OR r.valid_to > {on})
  ORDER BY r.valid_from DESC LIMIT 1) AS rules ON true
LEFT JOIN LATERAL (
  SELECT p.person, m.team, (
    SELECT count(*) = 0 OR bool_or(m.person = ANY (s.members)) FROM shifts s
    WHERE s.team = m.team AND s.ends_at > {at} AND s.starts_at <= {at}
    AND s.closed_at IS NULL) AS on_duty
  FROM representatives p JOIN members m ON m.person = p.person
  WHERE p.account_no = {account} AND (p.until IS NULL OR p.until >= {on}) AND m.active
) AS rep ON true)
"""


_ALONE = f"SELECT {query_of('$1::text[]', '$2::timestamptz', '$3::date', '$4::text')} AS situation"


def prefixes(region: str) -> list[str]:
    """Every region that holds this one, itself and everywhere among them."""
    return [region[:length] for length in range(len(region) + 1)]


async def now(tx: Tx, order: WorkOrder, at: datetime) -> Situation:
    """Who could take this order."""
    asked = (prefixes(order.site.region), at, tx.day_of(at), order.asked.account_no)
    [row] = await tx.read(_ALONE, *asked)
    return since(tx, await told(tx, row["situation"]), at)


async def told(tx: Tx, data: Mapping[str, Any]) -> Situation:
    """From what the query says."""
    ruling = await rules.of_id(tx, UUID(data["rules"])) if data["rules"] else None
    rep = Representative(*data["representative"]) if data["representative"] else None
    return Situation(ruling, tuple(_candidate(*team) for team in data["teams"]), rep)


def since(tx: Tx, who: Situation, at: datetime) -> Situation:
    """With what this transaction itself has done, and no query can see yet."""
    own: _Own = tx.ahead.setdefault(_Own, _Own())
    own.follow(tx)
    if not own.lately:
        return who
    teams = tuple(
        replace(team, load=team.load + own.added[team.code], idle_since=at)
        if team.code in own.lately
        else team
        for team in who.teams
    )
    return replace(who, teams=teams)


@dataclass(slots=True)
class _Own:
    """Orders that wait to be written, by team; teams that they went to. So far looked at."""

    added: Counter[str | None] = field(default_factory=Counter)
    lately: set[str | None] = field(default_factory=set)
    orders: int = 0
    decisions: int = 0

    def follow(self, tx: Tx) -> None:
        orders, decided = tx.left(work_orders), tx.left(routing_decisions)
        self.added.update(row["team"] for row in orders[self.orders :])
        self.lately.update(row["team"] for row in decided[self.decisions :])
        self.orders, self.decisions = len(orders), len(decided)


def _candidate(
    code: str, name: str, serves: list[str], level: int, role: str, areas: list[str],
    skills: dict[str, str | None], capacity: int | None, weight: int, standing: bool,
    rostered: bool, load: int, idle_since: str | None, on_duty: list[dict[str, str | None]],
) -> Candidate:  # fmt: skip
    return Candidate(
        code=code,
        name=name,
        serves=tuple(serves),
        level=level,
        role=role,
        areas=frozenset(areas),
        skills=longest_licences([_dated(held) for held in (skills, *on_duty)]),
        capacity=capacity,
        weight=weight,
        standing=standing,
        rostered=rostered,
        load=load,
        counted_to=max(_COUNTED, capacity or 0),
        idle_since=datetime.fromisoformat(idle_since) if idle_since else None,
    )


def _dated(skills: dict[str, str | None]) -> dict[str, date | None]:
    return {skill: date.fromisoformat(text) if text else None for skill, text in skills.items()}
