"""Take cases in; know accounts and what may be promised."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrate import mechanism_2026_11

revision, down_revision = "intake_0001", None

_instant = sa.DateTime(timezone=True)
_statuses = "'accepted', 'dispatched', 'in_progress', 'resolved', 'reopened', 'closed'"


def upgrade() -> None:
    mechanism_2026_11(op)
    op.execute(sa.schema.CreateSequence(sa.Sequence("case_serials")))
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("caller_name", sa.Text),
        sa.Column("caller_phone", sa.Text),
        sa.Column("account_no", sa.Text),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("transformer", sa.Text),
        sa.Column("promises", JSONB, nullable=False),
        sa.Column("accepted_at", _instant, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("order_version", sa.Integer, nullable=False),
        sa.Column("team", sa.Text),
        sa.Column("etr_at", _instant),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint(f"status IN ({_statuses})", name="status"),
    )
    op.create_index("ix_cases_accepted_at", "cases", ["accepted_at", "id"])
    op.create_index("ix_cases_caller_phone", "cases", ["caller_phone", "accepted_at"])
    op.create_table(
        "accounts",
        sa.Column("account_no", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("transformer", sa.Text),
        sa.Column("customer_class", sa.Text, nullable=False),
        sa.Column("life_support", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_accounts_phone", "accounts", ["phone"])
    op.create_table(
        "commitments",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("case_type", sa.Text, primary_key=True),
        sa.Column("area", sa.Text, primary_key=True),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
    )
