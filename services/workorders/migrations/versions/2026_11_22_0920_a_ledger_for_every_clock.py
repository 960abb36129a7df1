"""A ledger for every clock, and what a clock is as a projection of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0004", "workorders_0003"

_instant = sa.DateTime(timezone=True)
_states = "'armed', 'paused', 'met', 'breached', 'cancelled'"
_whats = (
    "'started', 'paused', 'resumed', 'retargeted', 'warned', 'breached', 'escalated',"
    " 'acknowledged', 'met', 'stopped', 'cancelled', 'merged', 'unmerged', 'corrected'"
)

# The limit that a clock runs by: the first of its pack that is of its kind and fits its order.
_WHICH_LIMIT = """
    UPDATE clocks SET limit_no = (
      SELECT l.n FROM policies p, work_orders o,
        jsonb_array_elements(p.data->'limits') WITH ORDINALITY AS l(data, n)
      WHERE p.id = clocks.policy AND p.version = clocks.policy_version AND o.id = clocks.order_id
        AND l.data->>'clock' = clocks.kind
        AND (l.data->'when'->'type' IS NULL OR l.data->'when'->'type' @> to_jsonb(o.case_type))
        AND (l.data->'when'->'area' IS NULL OR l.data->'when'->'area' @> to_jsonb(o.area))
      ORDER BY l.n LIMIT 1)
    """

# What has been until now, written down: started, perhaps breached, perhaps stopped.
_LEDGER = """
    INSERT INTO clock_entries (clock_id, n, what, once, generation, at, recorded_at, by, promised,
      policy, policy_version, limit_no, calendar, calendar_version, stops, budget, due_at, late_ms,
      detail)
    SELECT id, 1, 'started', NULL, generation, started_at, started_at, 'migration', promised,
      policy, policy_version, limit_no, calendar, calendar_version, stops, budget, due_at, NULL,
      '{}'::jsonb FROM clocks
    UNION ALL
    SELECT id, 2, 'breached', 'breached', generation, fired_at, fired_at, 'migration', NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, due_at,
      round(extract(epoch FROM fired_at - due_at) * 1000), '{}'::jsonb
    FROM clocks WHERE fired_at IS NOT NULL
    UNION ALL
    SELECT id, CASE WHEN fired_at IS NULL THEN 2 ELSE 3 END,
      CASE WHEN fired_at IS NULL THEN 'met' ELSE 'stopped' END,
      CASE WHEN fired_at IS NULL THEN 'met' END, generation, greatest(fired_at, stopped_at),
      stopped_at, 'migration',
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}'::jsonb
    FROM clocks WHERE stopped_at IS NOT NULL
    """
_PROJECTION = """
    UPDATE clocks SET
      consumed = CASE WHEN stopped_at IS NULL THEN interval '0'
        ELSE greatest(fired_at, stopped_at) - started_at END,
      stopped_at = CASE WHEN stopped_at IS NOT NULL THEN greatest(fired_at, stopped_at) END,
      running_since = CASE WHEN stopped_at IS NULL THEN started_at END,
      wake_at = CASE WHEN state = 'armed' THEN due_at END,
      wake = CASE WHEN state = 'armed' THEN 'breached' END,
      entries = 1 + (fired_at IS NOT NULL)::int + (stopped_at IS NOT NULL)::int,
      changed_at = greatest(started_at, fired_at, stopped_at)
    """


def upgrade() -> None:
    _entries()
    _corrections()
    _columns()
    for statement in (_WHICH_LIMIT, _LEDGER, _PROJECTION):
        op.execute(statement)
    for name in ("calendar", "calendar_version", "budget", "consumed", "warned", "entries"):
        op.alter_column("clocks", name, nullable=False, server_default=None)
    op.alter_column("clocks", "changed_at", nullable=False)
    op.drop_column("clocks", "limit_seconds")
    op.alter_column("clocks", "due_at", nullable=True)
    op.drop_constraint("state", "clocks", type_="check")
    op.create_check_constraint("state", "clocks", f"state IN ({_states})")
    op.drop_index("ix_clocks_due", "clocks")
    for name in ("wake_at", "mirrors"):
        some = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_clocks_{name}", "clocks", [name], postgresql_where=some)


def _columns() -> None:
    nothing = sa.text("0")
    for name in ("team", "ladder_policy", "ladder_version", "paused_because", "wake"):
        op.add_column("clocks", sa.Column(name, sa.Text))
    op.add_column("clocks", sa.Column("limit_no", sa.Integer))
    op.add_column("clocks", sa.Column("calendar", sa.Text, server_default="always"))
    op.add_column("clocks", sa.Column("calendar_version", sa.Integer, server_default="1"))
    for name in ("budget", "consumed"):
        op.add_column("clocks", sa.Column(name, sa.Interval))
    op.execute("UPDATE clocks SET budget = due_at - started_at")
    op.add_column("clocks", sa.Column("mirrors", sa.Uuid))
    for name in ("warned", "entries"):
        op.add_column("clocks", sa.Column(name, sa.Integer, server_default=nothing))
    instants = ("running_since", "warned_at", "escalated_to", "acknowledged_at", "wake_at")
    for name in (*instants, "changed_at"):
        op.add_column("clocks", sa.Column(name, _instant))


def _entries() -> None:
    op.create_table(
        "clock_entries",
        sa.Column("clock_id", sa.Uuid, sa.ForeignKey("clocks.id"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("once", sa.Text),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("at", _instant, nullable=False),
        sa.Column("recorded_at", _instant, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("promised", sa.Boolean),
        sa.Column("policy", sa.Text),
        sa.Column("policy_version", sa.Text),
        sa.Column("limit_no", sa.Integer),
        sa.Column("ladder_policy", sa.Text),
        sa.Column("ladder_version", sa.Text),
        sa.Column("calendar", sa.Text),
        sa.Column("calendar_version", sa.Integer),
        sa.Column("stops", JSONB),
        sa.Column("budget", sa.Interval),
        sa.Column("team", sa.Text),
        sa.Column("due_at", _instant),
        sa.Column("late_ms", sa.BigInteger),
        sa.Column("step", sa.Integer),
        sa.Column("repetition", sa.Integer),
        sa.Column("master_id", sa.Uuid),
        sa.Column("detail", JSONB, nullable=False),
        sa.CheckConstraint(f"what IN ({_whats})", name="what"),
        sa.UniqueConstraint("clock_id", "once", "generation"),
    )


def _corrections() -> None:
    op.create_table(
        "clock_corrections",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("clock_id", sa.Uuid, sa.ForeignKey("clocks.id"), nullable=False),
        sa.Column("wrong", sa.Text, nullable=False),
        sa.Column("since", _instant, nullable=False),
        sa.Column("until", _instant),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", _instant, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", _instant),
        sa.Column("decided_because", sa.Text),
        sa.CheckConstraint("standing IN ('proposed', 'confirmed', 'rejected')", name="standing"),
        sa.CheckConstraint(
            "wrong IN ('started_at', 'stopped_at', 'counted', 'not_counted')", name="wrong"
        ),
    )
    op.create_index("ix_clock_corrections_clock_id", "clock_corrections", ["clock_id"])
    op.create_index(
        "uq_clock_corrections_open",
        "clock_corrections",
        ["clock_id"],
        unique=True,
        postgresql_where=sa.text("standing = 'proposed'"),
    )
