"""The billing database at a glance. Alembic reads this file."""

import sqlalchemy as sa

from services.billing.domain.ledger import BillStatus
from shared.tables import instant, one_of, service_metadata

metadata = service_metadata()

accounts = sa.Table(
    "accounts",
    metadata,
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
    one_of(["urban", "rural", "remote"], "area"),
    sa.Index("ix_accounts_phone", "phone", "opened_on"),
)

bills = sa.Table(
    "bills",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey(accounts.c.id), nullable=False),
    sa.Column("first_on", sa.Date, nullable=False),
    sa.Column("last_on", sa.Date, nullable=False),
    sa.Column("kwh", sa.Numeric, nullable=False),
    sa.Column("total_fen", sa.BigInteger, nullable=False),
    sa.Column("tariff", sa.Text, nullable=False),
    sa.Column("tariff_version", sa.Text, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    one_of(list(BillStatus), "status"),
    sa.UniqueConstraint("account_id", "first_on"),
    sa.Index("ix_bills_account_id", "account_id", "issued_on", "id"),
)

bill_lines = sa.Table(
    "bill_lines",
    metadata,
    sa.Column("bill_id", sa.Uuid, sa.ForeignKey(bills.c.id), primary_key=True),
    sa.Column("tier", sa.Integer, primary_key=True),
    sa.Column("kwh", sa.Numeric, nullable=False),
    sa.Column("yuan_per_kwh", sa.Numeric, nullable=False),
    sa.Column("yuan", sa.Numeric, nullable=False),  # unrounded
)

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey(accounts.c.id), nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    instant("paid_at"),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.UniqueConstraint("method", "reference"),
    sa.Index("ix_payments_account_id", "account_id"),
)

compensations = sa.Table(
    "compensations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey(accounts.c.id)),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("work_order_id", sa.Uuid, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("pack_version", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    instant("promised_at"),
    instant("booked_at"),
    instant("waived_at", nullable=True),
    sa.Column("waived_because", sa.Text),
    sa.Index("ix_compensations_account_id", "account_id", "booked_at", "id"),
    sa.Index(
        "ix_compensations_unassigned",
        "booked_at",
        "id",
        postgresql_where=sa.text("account_id IS NULL"),
    ),
)
