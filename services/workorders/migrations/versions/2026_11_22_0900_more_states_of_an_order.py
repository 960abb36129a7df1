"""More states, steps and reasons of an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0002", "workorders_0001"

_instant = sa.DateTime(timezone=True)
_open = (
    "'accepted', 'claimed', 'dispatched', 'in_progress', 'pending_dispatch', 'reassigned',"
    " 'reopened', 'returned', 'suspended'"
)
_all = (
    "'accepted', 'resolved_on_contact', 'pending_dispatch', 'dispatched', 'returned',"
    " 'reassigned', 'claimed', 'in_progress', 'suspended', 'merged', 'replied', 'review',"
    " 'callback_due', 'callback_failed', 'reopened', 'archived', 'cancelled'"
)


def upgrade() -> None:
    empty, none = sa.text("'[]'::jsonb"), sa.text("0")
    op.add_column(
        "work_orders", sa.Column("description", sa.Text, nullable=False, server_default="")
    )
    for name in ("danger", "unreached", "supervised"):
        op.add_column(
            "work_orders", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        )
    for name in ("hops", "callback_attempts", "urges", "priority"):
        op.add_column(
            "work_orders", sa.Column(name, sa.Integer, nullable=False, server_default=none)
        )
    for name in ("account_no", "article", "ended_because"):
        op.add_column("work_orders", sa.Column(name, sa.Text))
    for name in ("contacted_at", "diagnosed_at", "repaired_at", "suspended_until"):
        op.add_column("work_orders", sa.Column(name, _instant))
    for name in ("handback", "suspension"):
        op.add_column("work_orders", sa.Column(name, JSONB))
    op.add_column(
        "work_orders", sa.Column("priority_because", JSONB, nullable=False, server_default=empty)
    )
    op.add_column("work_orders", sa.Column("master_id", sa.Uuid, sa.ForeignKey("work_orders.id")))
    op.add_column("work_orders", sa.Column("outage_id", sa.Uuid))
    op.drop_constraint("status", "work_orders", type_="check")
    op.execute("UPDATE work_orders SET status = 'callback_due' WHERE status = 'replied'")
    op.create_check_constraint("status", "work_orders", f"status IN ({_all})")
    op.drop_index("ix_work_orders_open_by_team", "work_orders")
    op.create_index(
        "ix_work_orders_open_by_team",
        "work_orders",
        ["team"],
        postgresql_where=sa.text(f"status IN ({_open})"),
    )
    op.create_index(
        "ix_work_orders_suspended_until",
        "work_orders",
        ["suspended_until"],
        postgresql_where=sa.text("suspended_until IS NOT NULL"),
    )
    op.create_index(
        "ix_work_orders_master_id",
        "work_orders",
        ["master_id"],
        postgresql_where=sa.text("master_id IS NOT NULL"),
    )
