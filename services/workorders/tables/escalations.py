"""Who was told of which clock, and in which message.

No foreign keys: a thousand rows are raised in one statement while others hold their orders.
"""

import sqlalchemy as sa

from services.workorders.tables.metadata import metadata
from shared.tables import instant, one_of

escalations = sa.Table(
    "escalations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("clock_id", sa.Uuid, nullable=False),
    sa.Column("order_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("repetition", sa.Integer, nullable=False),
    sa.Column("tell", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("team", sa.Text),
    instant("raised_at"),
    instant("due_at"),
    instant("ready_at"),  # when it may leave: raised, or the end of quiet hours
    sa.Column("digest_id", sa.Uuid),
    instant("acknowledged_at", nullable=True),
    sa.Column("acknowledged_by", sa.Text),
    one_of(["warned", "breached"], "because"),
    sa.Index("ix_escalations_raised_at", "raised_at", "id"),
    sa.Index(
        "ix_escalations_region_raised_at",
        "region",
        "raised_at",
        "id",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index("ix_escalations_order_id", "order_id"),
    sa.Index("ix_escalations_clock_id", "clock_id"),
    sa.Index(
        "ix_escalations_waiting",
        "tell",
        "by",
        "region",
        "ready_at",
        postgresql_where=sa.text("digest_id IS NULL AND acknowledged_at IS NULL AND by <> 'board'"),
    ),
)

# Until when what is raised for a recipient is gathered into one message.
digest_windows = sa.Table(
    "digest_windows",
    metadata,
    sa.Column("tell", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, primary_key=True),
    instant("ends_at"),
)
