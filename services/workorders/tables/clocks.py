"""Clocks on orders."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.clock import State
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("promised", sa.Boolean, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("limit_seconds", sa.BigInteger, nullable=False),
    sa.Column("stops", JSONB, nullable=False),
    instant("started_at"),
    instant("due_at"),
    sa.Column("state", sa.Text, nullable=False),
    instant("stopped_at", nullable=True),
    instant("fired_at", nullable=True),
    one_of(list(State), "state"),
    sa.UniqueConstraint("order_id", "kind", "generation"),
    sa.Index("ix_clocks_due", "due_at", postgresql_where=sa.text("state = 'armed'")),
)
