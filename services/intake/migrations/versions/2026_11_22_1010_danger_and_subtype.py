"""What a case is about more closely, and whether somebody is in danger."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "intake_0003", "intake_0002"


def upgrade() -> None:
    op.add_column("cases", sa.Column("subtype", sa.Text))
    op.add_column(
        "cases", sa.Column("danger", sa.Boolean, nullable=False, server_default=sa.false())
    )
