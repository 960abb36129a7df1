"""Who reported what is confidential lies in a vault of its own."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "intake_0004", "intake_0003"


def upgrade() -> None:
    op.add_column(
        "cases", sa.Column("confidential", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "vault",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("caller_name", sa.Text),
        sa.Column("caller_phone", sa.Text),
        sa.Column("account_no", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("transformer", sa.Text),
        sa.Column("description", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_vault_case_id"),
    )
