"""Protected customers, priority, and what more is known of an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0009", "workorders_0008"

_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("subtype", "customer_class"):
        op.add_column("work_orders", sa.Column(name, sa.Text))
    for name in ("tags", "protected", "handlers", "rested"):
        op.add_column("work_orders", sa.Column(name, JSONB, nullable=False, server_default="[]"))
    for name in (
        "suspension_request", "called_back", "relabelling", "exemption", "supervision",
    ):  # fmt: skip
        op.add_column("work_orders", sa.Column(name, JSONB))
    for name in ("urges_answered", "repeats"):
        op.add_column(
            "work_orders", sa.Column(name, sa.Integer, nullable=False, server_default="0")
        )
    op.add_column("work_orders", sa.Column("rank_at", _instant))
    op.execute("UPDATE work_orders SET rank_at = received_at, urges_answered = urges")
    op.execute(
        "UPDATE work_orders SET handlers = jsonb_build_array(handler) WHERE handler IS NOT NULL"
    )
    op.execute(
        "UPDATE work_orders SET supervision = jsonb_build_object('level', 1, 'owner', 'supervisor',"
        " 'because', 'supervisor', 'by', 'supervisor', 'since', now()) WHERE supervised"
    )
    op.create_index(
        "ix_work_orders_account_no",
        "work_orders",
        ["account_no", "case_type"],
        postgresql_where=sa.text("account_no IS NOT NULL"),
    )
    op.create_table(
        "protected_customers",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_no", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("valid_from", _instant, nullable=False),
        sa.Column("valid_to", _instant),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("acts_at", _instant),
        sa.PrimaryKeyConstraint("id", name="pk_protected_customers"),
    )
    op.create_table(
        "watch_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("raised_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watch_requests"),
    )
    op.create_index("ix_watch_requests_raised_at", "watch_requests", ["raised_at"])
    op.create_index("ix_protected_customers_account_no", "protected_customers", ["account_no"])
    op.create_index(
        "ix_protected_customers_created_at", "protected_customers", ["created_at", "id"]
    )
    op.create_index(
        "ix_protected_customers_acts_at",
        "protected_customers",
        ["acts_at"],
        postgresql_where=sa.text("acts_at IS NOT NULL"),
    )
