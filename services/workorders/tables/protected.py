"""Protected customers: which accounts, since when, until when, by whose word."""

import sqlalchemy as sa

from services.workorders.tables.metadata import metadata
from shared.tables import instant

protected_customers = sa.Table(
    "protected_customers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account_no", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    instant("valid_from"),
    instant("valid_to", nullable=True),
    sa.Column("note", sa.Text, nullable=False),
    instant("created_at"),
    sa.Column("version", sa.Integer, nullable=False),
    instant("acts_at", nullable=True),  # when it next starts or ends
    sa.Index("ix_protected_customers_account_no", "account_no"),
    sa.Index("ix_protected_customers_created_at", "created_at", "id"),
    sa.Index(
        "ix_protected_customers_region_created_at",
        "region",
        "created_at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index(
        "ix_protected_customers_acts_at", "acts_at", postgresql_where=sa.text("acts_at IS NOT NULL")
    ),
)
