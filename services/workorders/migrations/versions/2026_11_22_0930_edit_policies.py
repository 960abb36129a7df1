"""Policy edits, ladders and acknowledgements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0005", "workorders_0004"

_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("clock_id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("repetition", sa.Integer, nullable=False),
        sa.Column("tell", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("team", sa.Text),
        sa.Column("raised_at", _instant, nullable=False),
        sa.Column("due_at", _instant, nullable=False),
        sa.Column("ready_at", _instant, nullable=False),
        sa.Column("digest_id", sa.Uuid),
        sa.Column("acknowledged_at", _instant),
        sa.Column("acknowledged_by", sa.Text),
        sa.CheckConstraint("because IN ('warned', 'breached')", name="because"),
    )
    op.create_index("ix_escalations_raised_at", "escalations", ["raised_at", "id"])
    op.create_index("ix_escalations_order_id", "escalations", ["order_id"])
    op.create_index("ix_escalations_clock_id", "escalations", ["clock_id"])
    op.create_index(
        "ix_escalations_waiting",
        "escalations",
        ["tell", "by", "region", "ready_at"],
        postgresql_where=sa.text("digest_id IS NULL AND acknowledged_at IS NULL AND by <> 'board'"),
    )
    op.create_table(
        "digest_windows",
        sa.Column("tell", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("ends_at", _instant, nullable=False),
    )
    op.create_table(
        "policy_edits",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cursor", sa.Uuid),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("finished_at", _instant),
        sa.CheckConstraint("mode IN ('pin', 'retarget')", name="mode"),
        sa.CheckConstraint("base IN ('creation', 'change')", name="base"),
        sa.CheckConstraint("state IN ('running', 'done')", name="state"),
    )
    op.create_index("ix_policy_edits_created_at", "policy_edits", ["created_at", "id"])
    op.create_index(
        "ix_policy_edits_running",
        "policy_edits",
        ["created_at"],
        postgresql_where=sa.text("state = 'running'"),
    )
