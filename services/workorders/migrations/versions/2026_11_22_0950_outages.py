"""Outages, promises and compensation."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "workorders_0007", "workorders_0006"

_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _network()


def _network() -> None:
    op.create_table(
        "devices",
        sa.Column("transformer", sa.Text, primary_key=True),
        sa.Column("feeder", sa.Text),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("loaded_at", _instant, nullable=False),
        sa.CheckConstraint("customers >= 0", name="customers"),
    )
    hangs = sa.text("feeder IS NOT NULL")
    op.create_index("ix_devices_feeder", "devices", ["feeder"], postgresql_where=hangs)
