"""Each outbox row knows its transaction."""

from alembic import op

from shared.migrate import outbox_xid_2026_11

revision, down_revision = "notify_0002", "notify_0001"


def upgrade() -> None:
    outbox_xid_2026_11(op)
