"""What customers are owed for broken promises."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "billing_0003", "billing_0002"


def upgrade() -> None:
    op.create_table(
        "compensations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id")),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("work_order_id", sa.Uuid, nullable=False),
        sa.Column("case_number", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("pack_version", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waived_at", sa.DateTime(timezone=True)),
        sa.Column("waived_because", sa.Text),
    )
    op.create_index(
        "ix_compensations_account_id", "compensations", ["account_id", "booked_at", "id"]
    )
    op.create_index(
        "ix_compensations_unassigned",
        "compensations",
        ["booked_at", "id"],
        postgresql_where=sa.text("account_id IS NULL"),
    )
