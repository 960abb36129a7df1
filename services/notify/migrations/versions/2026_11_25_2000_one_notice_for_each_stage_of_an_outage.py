"""Customers hear of each stage of an outage once; no message is sent after its time."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "notify_0004", "notify_0003"

_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("messages", sa.Column("not_after", _instant))
    passing = sa.text("status = 'queued' AND not_after IS NOT NULL")
    op.create_index("ix_messages_passing", "messages", ["not_after"], postgresql_where=passing)
    op.add_column("recipients", sa.Column("transformer", sa.Text))
    op.add_column("recipients", sa.Column("outage_id", sa.Uuid))
    for column in ("transformer", "outage_id"):
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_recipients_{column}", "recipients", [column], postgresql_where=known)
    op.create_table(
        "etrs_told",
        sa.Column("outage_id", sa.Uuid, primary_key=True),
        sa.Column("customer", sa.Text, primary_key=True),
        sa.Column("etr_at", _instant, nullable=False),
        sa.Column("as_of", _instant, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
    )
