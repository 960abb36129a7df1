"""Calendars: every version that was ever published, and which endings were told."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.workorders.tables.metadata import metadata
from shared.tables import instant

calendars = sa.Table(
    "calendars",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("packaged", sa.Boolean, nullable=False),  # it came with the program
    sa.Column("missing_year", sa.Integer, nullable=False),  # the first that is not published
    instant("ends_at"),  # the first instant that is not covered
    instant("warn_at"),
    instant("published_at"),
    sa.Column("published_by", sa.Text, nullable=False),
)

calendar_alarms = sa.Table(
    "calendar_alarms",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("missing_year", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    instant("raised_at"),
)
