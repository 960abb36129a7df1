"""Who does the work."""

import sqlalchemy as sa

from services.workorders.tables.metadata import metadata

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
)
