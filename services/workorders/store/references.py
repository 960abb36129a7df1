"""What orders refer to: who could take them, and the policy versions in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.workorders.domain.grouping import Around
from services.workorders.domain.order import WorkOrder
from services.workorders.domain.pack_file import read_pack
from services.workorders.domain.parts import Protection
from services.workorders.domain.policy import Pack, in_force
from services.workorders.store import groups, situation
from services.workorders.store.situation import Situation
from services.workorders.tables import policies, work_orders
from shared.db import Tx

_PACKS = """
  (SELECT coalesce(json_agg(json_build_array(id, version)), '[]') FROM policies WHERE in_use)
    AS packs"""


def _about(case: str, at: str, account: str, kind: str, subtype: str, transformer: str) -> str:
    """Columns, in the words for an order's values: has the case an order already, what protects the
    customer, when matters of theirs of this kind were closed, what is known around the transformer.
    """
    return f"""
  EXISTS (SELECT 1 FROM work_orders WHERE case_id = {case}) AS known,
  (SELECT coalesce(json_agg(json_build_array(p.code, p.valid_to) ORDER BY p.code), '[]')
   FROM protected_customers p WHERE p.account_no = {account} AND p.valid_from <= {at}
     AND (p.valid_to IS NULL OR p.valid_to > {at})) AS protected,
  ARRAY(SELECT w.archived_at FROM work_orders w WHERE w.account_no = {account}
     AND w.case_type = {kind} AND w.subtype IS NOT DISTINCT FROM {subtype}
     AND w.archived_at <= {at} AND w.case_id <> {case}
   ORDER BY w.archived_at DESC LIMIT 20) AS closed,
  {groups.around_query(transformer)} AS around"""


# One round trip for an order; two for many, among which places and policies repeat.
_FOR_OPENING = f"""
SELECT {_about("$1", "$3", "$5", "$6", "$7", "$8::text")}, {_PACKS},
  {situation.query_of("$2::text[]", "$3::timestamptz", "$4::date", "$5::text")} AS situation
"""
_FOR_OPENINGS = f"""
SELECT q.case_id,
  EXISTS (SELECT 1 FROM representatives r WHERE r.account_no = q.account) AS represented,
  {_about("q.case_id", "$6::timestamptz", "q.account", "q.kind", "q.subtype", "q.transformer")}
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
  AS q(case_id, account, kind, subtype, transformer)
"""
_SITUATIONS = f"""
SELECT q.region, q.account, {_PACKS},
  {situation.query_of("q.prefixes", "$3::timestamptz", "$4::date", "q.account")} AS situation
FROM (
  SELECT region, account, ARRAY(
    SELECT left(region, n) FROM generate_series(0, length(region)) AS n) AS prefixes
  FROM unnest($1::text[], $2::text[]) AS asked(region, account)) AS q
"""


class Sought(NamedTuple):
    """Of an order, what decides what is needed to open it."""

    case_id: UUID
    region: str
    account_no: str | None
    case_type: str
    subtype: str | None
    transformer: str | None


@dataclass(frozen=True, slots=True)
class Opening:
    """known: the case has an order already. packs: in force on that day.

    protected: what protects the customer. closed: when matters of the same customer and kind were
    closed, at most 20.
    """

    known: bool
    packs: list[Pack]
    situation: Situation
    protected: tuple[Protection, ...]
    closed: tuple[datetime, ...]
    around: Around


async def for_opening(tx: Tx, order: WorkOrder, at: datetime) -> Opening:
    """What is needed to open an order, or to reopen it."""
    if (asked := tx.ahead.pop((Opening, order.case_id), None)) is not None:
        row, used, who = asked
    else:
        kind, transformer = (order.case_type, order.asked.subtype), order.site.transformer
        day, account = tx.day_of(at), order.asked.account_no
        places = (situation.prefixes(order.site.region), at, day, account)
        [row] = await tx.read(_FOR_OPENING, order.case_id, *places, *kind, transformer)
        used = await _in_force(tx, row["packs"], at)
        who = await situation.told(tx, row["situation"])
    protected = tuple(
        Protection(code, datetime.fromisoformat(until) if until else None)
        for code, until in row["protected"]
    )
    return Opening(
        known=row["known"],
        packs=used,
        situation=situation.since(tx, who, at),
        protected=protected,
        closed=tuple(row["closed"]),
        around=groups.around_of(row["around"], tx.left(work_orders), order.site.transformer),
    )


async def ask_ahead(tx: Tx, sought: Sequence[Sought], at: datetime) -> None:
    """Let `for_opening` find what it needs for each of these."""
    ids, _, accounts, kinds, subtypes, transformers = map(list, zip(*sought, strict=True))
    rows = await tx.read(_FOR_OPENINGS, ids, accounts, kinds, subtypes, transformers, at)
    places = {
        one.case_id: (one.region, one.account_no if row["represented"] else None)
        for one, row in zip(sought, rows, strict=True)
    }
    regions, represented = map(list, zip(*set(places.values()), strict=True))
    found = {}
    for row in await tx.read(_SITUATIONS, regions, represented, at, tx.day_of(at)):
        used = await _in_force(tx, row["packs"], at)
        who = await situation.told(tx, row["situation"])
        found[row["region"], row["account"]] = (used, who)
    for row in rows:
        tx.ahead[Opening, row["case_id"]] = (row, *found[places[row["case_id"]]])


async def _in_force(tx: Tx, keys: Sequence[Sequence[str]], at: datetime) -> list[Pack]:
    used = await packs(tx, [(id, version) for id, version in keys])
    return in_force(used, tx.day_of(at))


async def packs_in_force(tx: Tx, at: datetime) -> list[Pack]:
    """Of the packs in use, the versions valid on that day of the utility's own calendar."""
    rows = await tx.execute(sa.select(policies.c.id, policies.c.version).where(policies.c.in_use))
    return await _in_force(tx, [(row.id, row.version) for row in rows], at)


async def packs(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Pack]:
    """These versions, read once in a process: they never change."""
    known: dict[tuple[str, str], Pack] = tx.memory.setdefault("packs", {})
    for id, version in keys:
        if (id, version) not in known:
            its = (policies.c.id == id, policies.c.version == version)
            data = (await tx.execute(sa.select(policies.c.data).where(*its))).scalar_one()
            known[id, version] = read_pack(data)
    return [known[key] for key in keys]
