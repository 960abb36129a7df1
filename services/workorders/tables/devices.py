"""The network as far as grouping needs it: which transformer hangs on which feeder."""

import sqlalchemy as sa

from services.workorders.tables.metadata import metadata
from shared.tables import instant

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("transformer", sa.Text, primary_key=True),
    sa.Column("feeder", sa.Text),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("customers", sa.Integer, nullable=False),
    instant("loaded_at"),
    sa.CheckConstraint("customers >= 0", name="customers"),
    sa.Index(
        "ix_devices_region_transformer",
        "region",
        "transformer",
        postgresql_ops={"region": "text_pattern_ops"},
    ),
    sa.Index("ix_devices_feeder", "feeder", postgresql_where=sa.text("feeder IS NOT NULL")),
)
