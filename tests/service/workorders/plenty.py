"""A year of work, straight into the tables: 100,000 orders, a fifth of them on the board.

Skewed as in life, for a plan that is good only on average to be seen: most regions have plenty, one
county a handful, a few weeks are most of what is open, one word stands in nearly every order.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

ORDERS, TEAMS, OUTAGES = 100_000, 1000, 20_000
BIG = {
    "clocks", "compensations", "escalations", "order_search", "outage_decisions", "promises",
    "routing_decisions", "work_orders",
}  # fmt: skip
MANY = BIG | {
    "devices", "guarantees", "outage_devices", "outage_etrs", "outages", "protected_customers",
}  # fmt: skip
RARE_COUNTY, RARE_TEAM, RARE_TYPE = "320599", "T-0007", "praise"
_NINE = "timestamptz '2026-11-20 09:00Z'"
_PACK = "'sgcc-2022', '2022.3'"

_ON_BOARD = (
    "ARRAY['dispatched','claimed','in_progress','pending_dispatch','accepted','suspended',"
    "'reassigned','returned','reopened','replied','review','callback_due','callback_failed']"
)
_TYPES = (
    "ARRAY['fault_report','fault_report','fault_report','complaint','consultation',"
    "'service_request']"
)


def id_of(letter: str, number: str) -> str:
    """SQL for an id that rises with its number, as real ones rise with time."""
    return f"('019a9f3a-5c00-7{letter}00-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _region(team: str) -> str:
    """Teams 0 to 599 are of 13 cities of one province, the others of seven more."""
    return (
        f"(CASE WHEN {team} = 7 THEN '{RARE_COUNTY}' WHEN {team} < 600 THEN '32' ELSE"
        f" (31 + 2 * ({team} % 7))::text END || CASE WHEN {team} = 7 THEN '' ELSE"
        f" lpad((1 + {team} % 13)::text, 2, '0') || lpad((5 + {team} / 13 % 9)::text, 2, '0') END)"
    )


# Of order n, from the oldest to the newest: its team, whether it is on the board, when it came.
_GIVEN = f"""CREATE UNLOGGED TABLE given AS
  SELECT n, open, mixed, team, {_region("team")} AS region,
    CASE WHEN open THEN ({_ON_BOARD})[1 + mixed % 13]
      ELSE (ARRAY['archived','archived','archived','cancelled'])[1 + n % 4] END AS status,
    CASE WHEN mixed = 500 THEN '{RARE_TYPE}' ELSE ({_TYPES})[1 + mixed % 6] END AS type,
    {_NINE} - ({ORDERS} - n) * interval '5 min' AS at
  FROM (
    SELECT n, n > 0.85 * {ORDERS} OR n % 17 = 0 AS open, n * 7919 % 1009 AS mixed,
      CASE WHEN n * 7919 % 1000 = 7 AND n / 1000 % 10 <> 3 THEN 8 ELSE n * 7919 % 1000 END AS team
    FROM generate_series(1, {ORDERS}) AS n) AS o"""
_OPEN = "('dispatched','claimed','in_progress','pending_dispatch','reassigned','reopened')"

_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""

# The longest first: two connections share the work.
FILL = (
    f"""INSERT INTO clocks (id, order_id, kind, generation, promised, policy, policy_version,
      limit_no, calendar, calendar_version, stops, budget, started_at, state, consumed, due_at,
      paused_because, stopped_at, wake_at, wake, warned, entries, changed_at)
    SELECT {id_of("3", "4 * n + k")}, {id_of("0", "n")},
      (ARRAY['claim','contact','arrival','reply'])[k + 1], 1, k = 2, {_PACK}, 1, 'always', 1,
      '["arrived"]', '1 h', at,
      CASE WHEN NOT runs THEN CASE WHEN runs_or_rests THEN 'paused' ELSE 'met' END
        WHEN due_at < {_NINE} THEN 'breached' ELSE 'armed' END, '0',
      CASE WHEN runs OR NOT runs_or_rests THEN due_at END,
      CASE WHEN runs_or_rests AND NOT runs THEN 'weather' END,
      CASE WHEN NOT runs_or_rests THEN at + interval '1 h' END,
      CASE WHEN runs AND (due_at > {_NINE} OR n % 20 = 0) THEN due_at END,
      CASE WHEN runs AND (due_at > {_NINE} OR n % 20 = 0) THEN 'breached' END, 0, 1, at
    FROM (SELECT n, k, at, open AND k >= 2 AS runs_or_rests,
        open AND k >= 2 AND status <> 'suspended' AS runs,
        CASE WHEN open THEN {_NINE} + (mixed * 97 + k * 211) % 5000 * interval '1 min'
          - interval '1 day' ELSE at + interval '1 h' END AS due_at
      FROM given CROSS JOIN LATERAL generate_series(0, 3) AS k) AS c""",
    f"""INSERT INTO work_orders (id, case_id, case_number, case_type, region, area, address,
      description, transformer, account_no, received_at, opened_at, status, level, team, team_name,
      routed_because, route_at, suspended_until, leads_until, outage_id, master_id, priority,
      supervised, version)
    SELECT {id_of("0", "n")}, {id_of("0", "n")}, '2611-' || n, type, region, 'urban', 'address',
      'description', CASE WHEN type = 'fault_report' THEN 'TR-' || n % {OUTAGES} END,
      lpad((5050000000 + n % 60000)::text, 10, '0'), at, at, status, 1,
      CASE WHEN status NOT IN ('accepted', 'pending_dispatch') THEN
        'T-' || lpad(team::text, 4, '0') END, 'team', '[]',
      CASE WHEN open THEN {_NINE} + (n % 5000 - 50) * interval '1 min' END,
      CASE WHEN status = 'suspended' THEN {_NINE} + (n % 5000 - 50) * interval '1 min' END,
      CASE WHEN n > {ORDERS} - 2000 AND type = 'fault_report' AND status IN {_OPEN} THEN
        {_NINE} + (n % 2000 - 50) * interval '1 min' END,
      CASE WHEN n % 5 = 1 THEN {id_of("2", "n / 5 + 1")} END,
      NULL, mixed % 4, n % 50 = 0, 1
    FROM given""",
    f"""INSERT INTO order_search (order_id, opened_at, lexemes, folded, phone)
    SELECT {id_of("0", "n")}, at, ('停电 2611' || n || CASE WHEN n % 10 = 0 THEN ' 学府' ELSE '' END
      || CASE WHEN n % 1000 = 0 THEN ' 临湖' ELSE '' END || ' @' || left(region, 1) || ' @'
      || left(region, 2) || ' @' || left(region, 3) || ' @' || left(region, 4) || ' @'
      || left(region, 5) || ' @' || region)::tsvector,
      '停电 2611' || n || ' 学府 临湖', decode(md5((n % 30000)::text), 'hex')
    FROM given""",
    f"""INSERT INTO teams (code, name, region, serves, level)
    SELECT 'T-' || lpad(t::text, 4, '0'), 'team', {_region("t")}, ARRAY[{_region("t")}], 3
    FROM generate_series(0, {TEAMS - 1}) AS t""",
    f"""INSERT INTO members (person, team, skills, languages, active, version)
    SELECT 'crew-' || n, 'T-' || lpad((n % {TEAMS})::text, 4, '0'), '{{"hv": null}}', '{{}}',
      true, 1
    FROM generate_series(1, {5 * TEAMS}) AS n""",
    """INSERT INTO representatives (account_no, person)
    SELECT lpad((5050000000 + n)::text, 10, '0'), 'crew-' || 1 + n % 5000
    FROM generate_series(1, 5000) AS n""",
    f"""INSERT INTO shifts (id, team, starts_at, ends_at, lead, members, closed_at, version)
    SELECT {id_of("1", "n")}, 'T-' || lpad((n % {TEAMS})::text, 4, '0'), at, at + interval '8 h',
      'crew-' || n % {TEAMS}, ARRAY['crew-' || n % {TEAMS}],
      CASE WHEN at < {_NINE} - interval '1 day' THEN at + interval '8 h' END, 1
    FROM generate_series(1, {20 * TEAMS}) AS n,
      LATERAL (SELECT {_NINE} + (n / {TEAMS} - 17) * interval '8 h' - interval '1 h' AS at) AS a""",
    f"""INSERT INTO devices (transformer, feeder, region, customers, loaded_at)
    SELECT 'TR-' || n, 'F-' || n / 25, {_region(f"n % {TEAMS}")}, 50, {_NINE}
    FROM generate_series(1, {OUTAGES}) AS n""",
    f"""INSERT INTO outages (id, kind, status, scope, region, feeder, area, customers, opened_at,
      began_at, reason, etr_at, etrs, root_id, weather, restored_at, closed_at, wake_at, version)
    SELECT {id_of("2", "n")}, 'fault',
      CASE WHEN live THEN 'confirmed' ELSE 'closed' END, 'transformer', {_region(f"n % {TEAMS}")},
      'F-' || n / 25, 'urban', 50, at, at, '', at + interval '2 h', 2, {id_of("2", "n")}, 'normal',
      CASE WHEN NOT live THEN at + interval '3 h' END,
      CASE WHEN NOT live THEN at + interval '4 h' END,
      CASE WHEN live THEN {_NINE} + (n % 300 - 20) * interval '1 min' END, 1
    FROM generate_series(1, {OUTAGES}) AS n, LATERAL (SELECT n > {OUTAGES} - 300 AS live,
      {_NINE} - ({OUTAGES} - n) * interval '25 min' AS at) AS a""",
    f"""INSERT INTO outage_devices (outage_id, scope, code, fault, live)
    SELECT {id_of("2", "n")}, 'transformer', 'TR-' || n, true, n > {OUTAGES} - 300
    FROM generate_series(1, {OUTAGES}) AS n""",
    f"""INSERT INTO outage_etrs (outage_id, number, etr_at, set_at, by, because)
    SELECT {id_of("2", "n")}, k, {_NINE}, {_NINE}, 'crew-1', ''
    FROM generate_series(1, {OUTAGES}) AS n, generate_series(1, 2) AS k""",
    f"""INSERT INTO outage_decisions (id, at, by, kind, region, outage_id, order_id, because, data)
    SELECT {id_of("4", "n")}, at, 'engine', CASE WHEN n % 20 = 0 THEN 'split' ELSE 'followed' END,
      region, {id_of("2", "n / 5 + 1")}, {id_of("0", "n")}, '', '{{}}'
    FROM given WHERE n % 2 = 0""",
    f"""INSERT INTO escalations (id, clock_id, order_id, kind, because, step, repetition, tell, by,
      region, team, raised_at, due_at, ready_at, digest_id, acknowledged_at)
    SELECT {id_of("5", "n")}, {id_of("3", "4 * n + 2")}, {id_of("0", "n")}, 'arrival', 'breached',
      1, 1, CASE WHEN n % 10 = 3 THEN 'supervisor' ELSE 'dispatcher' END, 'sms', region, 'T-1', at,
      at, at, CASE WHEN n < 0.99 * {ORDERS} THEN {id_of("6", "n / 10")} END,
      CASE WHEN n < 0.98 * {ORDERS} THEN at END
    FROM given""",
    f"""INSERT INTO promises (id, order_id, outage_id, region, kind, promised_at, due_at, state,
      settled_at)
    SELECT {id_of("7", "n")}, {id_of("0", "n")}, {id_of("2", "n / 5 + 1")}, region, 'etr', at,
      CASE WHEN open THEN {_NINE} + (n % 3000 - 100) * interval '1 min' ELSE at END,
      CASE WHEN open THEN 'open' WHEN n % 20 = 1 THEN 'broken' ELSE 'kept' END,
      CASE WHEN NOT open THEN at END
    FROM given""",
    f"""INSERT INTO guarantees (order_id, rule, pack, version, began_at, step, due_at, ended_at)
    SELECT {id_of("0", "n")}, 'restoration', {_PACK}, at, 1,
      {_NINE} + (n % 3000 - 100) * interval '1 min', CASE WHEN NOT open THEN at END
    FROM given WHERE type = 'fault_report'""",
    f"""INSERT INTO compensations (id, order_id, rule, step, case_id, case_number, outage_id,
      region, account_no, pack, pack_version, amount_minor, currency, state, began_at, promised_at,
      due_at, working, version)
    SELECT {id_of("8", "n")}, {id_of("0", "n")}, 'restoration', 1, {id_of("0", "n")}, '2611-' || n,
      {id_of("2", "n / 5 + 1")}, region, NULL, {_PACK}, 3000, 'GBP',
      CASE WHEN n % 20 = 0 THEN 'exempt' ELSE 'owed' END, at, at, at, '[]', 1
    FROM given""",
    f"""INSERT INTO routing_decisions (id, order_id, at, version, level, cause, by, team, relaxed,
      because, candidates)
    SELECT {id_of("9", "n")}, {id_of("0", "n")}, at, 1, 1, 'opened', 'engine',
      'T-' || lpad(team::text, 4, '0'), '[]', '[]', '[]'
    FROM given""",
    f"""INSERT INTO protected_customers (id, account_no, region, code, source, valid_from, note,
      created_at, version, acts_at)
    SELECT {id_of("a", "n")}, lpad((5050000000 + n)::text, 10, '0'), {_region(f"n % {TEAMS}")},
      'life_support', 'x', {_NINE}, '', {_NINE} - n * interval '1 min', 1,
      CASE WHEN n % 100 = 0 THEN {_NINE} + (n - 200) * interval '1 min' END
    FROM generate_series(1, 20000) AS n""",
    f"""INSERT INTO policy_edits (id, policy, version, mode, base, reason, region, by, role,
      created_at, state, counts)
    SELECT {id_of("b", "n")}, {_PACK}, 'pin', 'change', '', '', 'ops-1', 'ops', {_NINE},
      'done', '{{}}'
    FROM generate_series(1, 100) AS n""",
)


async def fill(url: str) -> None:
    """The database at `url`, which is nobody else's and holds nothing yet."""
    async with _connected(url) as one, _connected(url) as other:
        both = (one, other)
        indexes = await one.fetch(_INDEXES)
        for index in indexes:  # made at the end: faster than to keep up 60 of them row by row
            await one.execute(f"DROP INDEX {index['name']}")
        await one.execute(_GIVEN)
        await _each(both, FILL)
        await _each(both, [index["made"] for index in indexes])
        tables = await one.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpages > 0"
            " AND relnamespace = 'public'::regnamespace ORDER BY relpages DESC"
        )
        await _each(both, [f"VACUUM ANALYZE {table['relname']}" for table in tables])


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, command_timeout=60)
    try:
        # The rows fit each other; to look up each that another one names costs more than all else.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("SET maintenance_work_mem = '256MB'")
        yield connection
    finally:
        await connection.close()


async def _each(connections: Sequence[asyncpg.Connection], statements: Sequence[str]) -> None:
    waiting = list(statements)[::-1]

    async def work(connection: asyncpg.Connection) -> None:
        while waiting:
            await connection.execute(waiting.pop())

    await asyncio.gather(*map(work, connections))
