"""A receipt says which try it is about, and waits when it comes before its message."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "notify_0003", "notify_0002"

_columns = ("message_id", "number", "code", "reply_hash")


def upgrade() -> None:
    op.add_column("messages", sa.Column("let_go", sa.Integer, nullable=False, server_default="0"))
    op.add_column("receipts", sa.Column("number", sa.Integer, nullable=False, server_default="0"))
    op.add_column("receipts", sa.Column("retry_at", sa.DateTime(timezone=True)))
    op.drop_constraint("uq_receipts_message_id_code_reply_hash", "receipts")
    op.create_unique_constraint(None, "receipts", _columns)
    early = sa.text("retry_at IS NOT NULL")
    op.create_index("ix_receipts_early", "receipts", ["retry_at"], postgresql_where=early)
