"""What customers were promised, and what they are owed when it was not kept."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.domain.promise import State
from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

# Each time that power was expected back, as each customer was told it. What our limits promise is
# in `clocks`.
promises = sa.Table(
    "promises",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("outage_id", sa.Uuid),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    instant("promised_at"),
    instant("due_at"),
    sa.Column("state", sa.Text, nullable=False),
    instant("settled_at", nullable=True),
    one_of(list(State), "state"),
    sa.Index("ix_promises_promised_at", "promised_at", "id"),
    sa.Index(
        "uq_promises_open",
        "order_id",
        "kind",
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("ix_promises_due", "due_at", postgresql_where=sa.text("state = 'open'")),
    sa.Index("ix_promises_outage_id", "outage_id"),
    sa.Index("ix_promises_order_id", "order_id"),
    sa.Index(
        "ix_promises_region_promised_at",
        "region",
        "promised_at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
)

# A promise with money behind it, as long as it runs: when the next step is owed.
guarantees = sa.Table(
    "guarantees",
    metadata,
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    instant("began_at"),
    sa.Column("step", sa.Integer, nullable=False),
    instant("due_at"),
    instant("ended_at", nullable=True),
    sa.Index("ix_guarantees_due", "due_at", postgresql_where=sa.text("ended_at IS NULL")),
)

# What is owed: once for each order, rule and step.
compensations = sa.Table(
    "compensations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("order_id", sa.Uuid, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("outage_id", sa.Uuid),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("account_no", sa.Text),
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("pack_version", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    instant("began_at"),
    instant("promised_at"),
    instant("due_at"),
    instant("actual_at", nullable=True),
    sa.Column("working", JSONB, nullable=False),
    sa.Column("exemption", JSONB(none_as_null=True)),
    sa.Column("version", sa.Integer, nullable=False),
    one_of(["owed", "exempt"], "state"),
    sa.UniqueConstraint("order_id", "rule", "step"),
    sa.Index("ix_compensations_due_at", "due_at", "id"),
    sa.Index(
        "ix_compensations_region_due_at",
        "region",
        "due_at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index(
        "ix_compensations_outage_id", "outage_id", postgresql_where=sa.text("outage_id IS NOT NULL")
    ),
)
