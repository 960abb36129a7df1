"""Open accounts; issue bills in tier lines; take payments."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import mechanism_2026_11

revision, down_revision = "billing_0001", None


def upgrade() -> None:
    mechanism_2026_11(op)
    _accounts()
    _bills()
    _payments()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_no", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("transformer", sa.Text),
        sa.Column("feeder", sa.Text),
        sa.Column("customer_class", sa.Text, nullable=False),
        sa.Column("life_support", sa.Boolean, nullable=False),
        sa.Column("tariff", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("area IN ('urban', 'rural', 'remote')", name="area"),
    )
    op.create_index("ix_accounts_phone", "accounts", ["phone", "opened_on"])


def _bills() -> None:
    op.create_table(
        "bills",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("kwh", sa.Numeric, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("tariff", sa.Text, nullable=False),
        sa.Column("tariff_version", sa.Text, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.CheckConstraint("status IN ('issued', 'paid')", name="status"),
        sa.UniqueConstraint("account_id", "first_on"),
    )
    op.create_index("ix_bills_account_id", "bills", ["account_id", "issued_on", "id"])
    op.create_table(
        "bill_lines",
        sa.Column("bill_id", sa.Uuid, sa.ForeignKey("bills.id"), primary_key=True),
        sa.Column("tier", sa.Integer, primary_key=True),
        sa.Column("kwh", sa.Numeric, nullable=False),
        sa.Column("yuan_per_kwh", sa.Numeric, nullable=False),
        sa.Column("yuan", sa.Numeric, nullable=False),
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.UniqueConstraint("method", "reference"),
    )
    op.create_index("ix_payments_account_id", "payments", ["account_id"])
