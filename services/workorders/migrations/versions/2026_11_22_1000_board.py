"""Search, jobs and the board."""

from alembic import op

from shared.migrate import outbox_xid_2026_11

revision, down_revision = "workorders_0008", "workorders_0007"


def upgrade() -> None:
    outbox_xid_2026_11(op)
    op.create_index("ix_outbox_xid_seq", "outbox", ["xid", "seq"])
