"""What orders refer to: who could take them, and the policy versions in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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

# Who could take the order, the policy versions in use, whether the case has an order already, what
# protects the customer, when matters of theirs of this kind were closed, and what is known around
# the transformer: one round trip.
_FOR_OPENING = f"""
SELECT EXISTS (SELECT 1 FROM work_orders WHERE case_id = $1) AS known,
  (SELECT coalesce(json_agg(json_build_array(id, version)), '[]') FROM policies WHERE in_use)
    AS packs,
  {situation.query_of("$2::text[]", "$3::timestamptz", "$4::date", "$5::text")} AS situation,
  (SELECT coalesce(json_agg(json_build_array(p.code, p.valid_to) ORDER BY p.code), '[]')
   FROM protected_customers p WHERE p.account_no = $5 AND p.valid_from <= $3
     AND (p.valid_to IS NULL OR p.valid_to > $3)) AS protected,
  ARRAY(SELECT w.archived_at FROM work_orders w WHERE w.account_no = $5 AND w.case_type = $6
     AND w.subtype IS NOT DISTINCT FROM $7 AND w.archived_at <= $3 AND w.case_id <> $1
   ORDER BY w.archived_at DESC LIMIT 20) AS closed,
  {groups.around_query("$8::text")} AS around
"""


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
    asked = (situation.prefixes(order.site.region), at, tx.day_of(at), order.asked.account_no)
    kind, transformer = (order.case_type, order.asked.subtype), order.site.transformer
    [row] = await tx.read(_FOR_OPENING, order.case_id, *asked, *kind, transformer)
    used = await packs(tx, [(id, version) for id, version in row["packs"]])
    who = await situation.told(tx, row["situation"], at)
    protected = tuple(
        Protection(code, datetime.fromisoformat(until) if until else None)
        for code, until in row["protected"]
    )
    return Opening(
        known=row["known"],
        packs=in_force(used, tx.day_of(at)),
        situation=who,
        protected=protected,
        closed=tuple(row["closed"]),
        around=groups.around_of(row["around"], tx.left(work_orders), transformer),
    )


async def packs_in_force(tx: Tx, at: datetime) -> list[Pack]:
    """Of the packs in use, the versions valid on that day of the utility's own calendar."""
    rows = await tx.execute(sa.select(policies.c.id, policies.c.version).where(policies.c.in_use))
    used = await packs(tx, [(row.id, row.version) for row in rows])
    return in_force(used, tx.day_of(at))


async def packs(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[Pack]:
    """These versions, read once in a process: they never change."""
    known: dict[tuple[str, str], Pack] = tx.memory.setdefault("packs", {})
    for id, version in keys:
        if (id, version) not in known:
            its = (policies.c.id == id, policies.c.version == version)
            data = (await tx.execute(sa.select(policies.c.data).where(*its))).scalar_one()
            known[id, version] = read_pack(data)
    return [known[key] for key in keys]
