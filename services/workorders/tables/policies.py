"""Policy packs, as immutable versions."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.tables.metadata import metadata
from shared.tables import instant

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("data", JSONB, nullable=False),
    instant("loaded_at"),
    sa.Column("in_use", sa.Boolean, nullable=False),
    sa.Column("promised", sa.Boolean, nullable=False),  # its promises are the published ones
)
