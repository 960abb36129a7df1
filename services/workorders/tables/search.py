"""What orders are found by: written once, with the order."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from services.workorders.tables.metadata import metadata
from shared.tables import instant

# phone: a keyed index; the number itself is nowhere in this database.
order_search = sa.Table(
    "order_search",
    metadata,
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
    instant("opened_at"),
    sa.Column("lexemes", TSVECTOR, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("phone", sa.LargeBinary),
    sa.Index("ix_order_search_lexemes", "lexemes", postgresql_using="gin"),
    sa.Index("ix_order_search_opened_at", "opened_at", "order_id"),
    sa.Index(
        "ix_order_search_phone",
        "phone",
        "opened_at",
        postgresql_where=sa.text("phone IS NOT NULL"),
    ),
)
