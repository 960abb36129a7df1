"""An order says when its reporter is confidential; who that is, is not known here."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "workorders_0012", "workorders_0011"


def upgrade() -> None:
    op.add_column(
        "work_orders",
        sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false()),
    )
