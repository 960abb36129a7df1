"""No screen shows the phone of a confidential reporter, not even masked."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "notify_0005", "notify_0004"


def upgrade() -> None:
    for table in ("messages", "recipients"):
        flag = sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column(table, flag)
