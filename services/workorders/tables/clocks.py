"""Clocks on orders, and their ledgers."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.clock import State, What
from services.workorders.domain.correcting import Standing
from services.workorders.domain.counted import Wrong
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

# A projection of the ledger: what can be found, and when it does something by itself.
clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("team", sa.Text),
    sa.Column("promised", sa.Boolean, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("limit_no", sa.Integer),
    sa.Column("ladder_policy", sa.Text),
    sa.Column("ladder_version", sa.Text),
    sa.Column("calendar", sa.Text, nullable=False),
    sa.Column("calendar_version", sa.Integer, nullable=False),
    sa.Column("stops", JSONB, nullable=False),
    sa.Column("budget", sa.Interval, nullable=False),
    instant("started_at"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("consumed", sa.Interval, nullable=False),
    instant("running_since", nullable=True),
    instant("due_at", nullable=True),
    sa.Column("paused_because", sa.Text),
    sa.Column("mirrors", sa.Uuid),
    sa.Column("warned", sa.Integer, nullable=False),
    instant("warned_at", nullable=True),
    instant("fired_at", nullable=True),
    instant("escalated_to", nullable=True),
    instant("acknowledged_at", nullable=True),
    instant("stopped_at", nullable=True),
    instant("wake_at", nullable=True),
    sa.Column("wake", sa.Text),
    sa.Column("entries", sa.Integer, nullable=False),
    instant("changed_at"),
    one_of(list(State), "state"),
    sa.UniqueConstraint("order_id", "kind", "generation"),
    sa.Index("ix_clocks_wake_at", "wake_at", postgresql_where=sa.text("wake_at IS NOT NULL")),
    sa.Index("ix_clocks_mirrors", "mirrors", postgresql_where=sa.text("mirrors IS NOT NULL")),
)

# Append-only: the only truth about a clock.
clock_entries = sa.Table(
    "clock_entries",
    metadata,
    sa.Column("clock_id", sa.Uuid, sa.ForeignKey("clocks.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("once", sa.Text),  # what may happen only once in a generation
    sa.Column("generation", sa.Integer, nullable=False),
    instant("at"),
    instant("recorded_at"),
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
    sa.Column("stops", JSONB(none_as_null=True)),
    sa.Column("budget", sa.Interval),
    sa.Column("team", sa.Text),
    instant("due_at", nullable=True),
    sa.Column("late_ms", sa.BigInteger),
    sa.Column("step", sa.Integer),
    sa.Column("repetition", sa.Integer),
    sa.Column("master_id", sa.Uuid),
    sa.Column("detail", JSONB, nullable=False),
    one_of(list(What), "what"),
    sa.UniqueConstraint("clock_id", "once", "generation"),
)

# What somebody says is wrong with a clock; it counts when a second person has confirmed it.
clock_corrections = sa.Table(
    "clock_corrections",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("clock_id", sa.Uuid, sa.ForeignKey("clocks.id"), nullable=False),
    sa.Column("wrong", sa.Text, nullable=False),
    instant("since"),
    instant("until", nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    instant("proposed_at"),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text),
    instant("decided_at", nullable=True),
    sa.Column("decided_because", sa.Text),
    one_of(list(Standing), "standing"),
    one_of(list(Wrong), "wrong"),
    sa.Index("ix_clock_corrections_clock_id", "clock_id"),
    sa.Index(
        "uq_clock_corrections_open",
        "clock_id",
        unique=True,
        postgresql_where=sa.text("standing = 'proposed'"),
    ),
)
