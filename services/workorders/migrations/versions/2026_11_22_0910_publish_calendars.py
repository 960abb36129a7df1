"""Calendars, as immutable versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision, down_revision = "workorders_0003", "workorders_0002"

_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("definition", JSONB, nullable=False),
        sa.Column("packaged", sa.Boolean, nullable=False),
        sa.Column("missing_year", sa.Integer, nullable=False),
        sa.Column("ends_at", _instant, nullable=False),
        sa.Column("warn_at", _instant, nullable=False),
        sa.Column("published_at", _instant, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
    )
    op.create_table(
        "calendar_alarms",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("missing_year", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("raised_at", _instant, nullable=False),
    )
