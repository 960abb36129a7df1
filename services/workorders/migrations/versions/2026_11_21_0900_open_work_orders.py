"""Open work orders, with clocks, teams and policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrate import mechanism_2026_11

revision, down_revision = "workorders_0001", None

_instant = sa.DateTime(timezone=True)
_open = "'pending_dispatch', 'dispatched', 'claimed', 'in_progress'"


def upgrade() -> None:
    mechanism_2026_11(op)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("case_type", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("transformer", sa.Text),
        sa.Column("received_at", _instant, nullable=False),
        sa.Column("opened_at", _instant, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("team", sa.Text),
        sa.Column("team_name", sa.Text),
        sa.Column("routed_because", JSONB, nullable=False),
        sa.Column("handler", sa.Text),
        sa.Column("claimed_at", _instant),
        sa.Column("departed_at", _instant),
        sa.Column("arrived_at", _instant),
        sa.Column("etr_at", _instant),
        sa.Column("reply", JSONB),
        sa.Column("replied_at", _instant),
        sa.Column("archived_at", _instant),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint(f"status IN ({_open}, 'replied', 'archived')", name="status"),
    )
    op.create_index("ix_work_orders_opened_at", "work_orders", ["opened_at", "id"])
    still_open = sa.text(f"status IN ({_open})")
    op.create_index(
        "ix_work_orders_open_by_team", "work_orders", ["team"], postgresql_where=still_open
    )
    op.create_table(
        "clocks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("promised", sa.Boolean, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("limit_seconds", sa.BigInteger, nullable=False),
        sa.Column("stops", JSONB, nullable=False),
        sa.Column("started_at", _instant, nullable=False),
        sa.Column("due_at", _instant, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stopped_at", _instant),
        sa.Column("fired_at", _instant),
        sa.CheckConstraint("state IN ('armed', 'met', 'breached')", name="state"),
        sa.UniqueConstraint("order_id", "kind", "generation"),
    )
    armed = sa.text("state = 'armed'")
    op.create_index("ix_clocks_due", "clocks", ["due_at"], postgresql_where=armed)
    op.create_table(
        "teams",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("loaded_at", _instant, nullable=False),
        sa.Column("in_use", sa.Boolean, nullable=False),
        sa.Column("promised", sa.Boolean, nullable=False),
    )
