"""The intake database at a glance. Alembic reads this file."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.domain import Status
from shared.tables import instant, one_of, service_metadata

metadata = service_metadata()

case_serials = sa.Sequence("case_serials", metadata=metadata)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subtype", sa.Text),
    sa.Column("danger", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
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
    instant("accepted_at"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("order_version", sa.Integer, nullable=False),
    sa.Column("team", sa.Text),
    instant("etr_at", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    one_of(list(Status), "status"),
    sa.Index("ix_cases_accepted_at", "accepted_at", "id"),
    sa.Index("ix_cases_caller_phone", "caller_phone", "accepted_at"),
)

# Who reported what is confidential, and nowhere else: read only by a reveal.

vault = sa.Table(
    "vault",
    metadata,
    sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("caller_name", sa.Text),
    sa.Column("caller_phone", sa.Text),
    sa.Column("account_no", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("transformer", sa.Text),
    sa.Column("description", sa.Text, nullable=False),
)

# What intake keeps of other services' facts.

accounts = sa.Table(
    "accounts",
    metadata,
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
    sa.Index("ix_accounts_phone", "phone"),
)

commitments = sa.Table(
    "commitments",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("case_type", sa.Text, primary_key=True),
    sa.Column("area", sa.Text, primary_key=True),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
)
